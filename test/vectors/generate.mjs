/**
 * Writes test/vectors/lamplighter-0x….json: the vectors of docs/protocol.md §9 for four suites, from injected randomness, so
 * that two runs give the same files. Run it by `npm run vectors`.
 */
import { writeFileSync } from 'node:fs';
import { cborSection } from './sections/cbor.mjs';
import { contextOf, enrolmentSection, inputs, suiteSection } from './sections/enrolment.mjs';
import { plain } from './sections/fixed.mjs';
import { handshakeSection, recordSection, refusalSection } from './sections/handshake.mjs';
import { messageSection } from './sections/messages.mjs';
import { proofSection } from './sections/proofs.mjs';
import { releaseSection, treeSection } from './sections/releases.mjs';
import { treeOf } from './sections/tree.mjs';
import { windowSection } from './sections/window.mjs';

/** Suites and the length of the chain in their vectors. */
const SUITES = [
  [0x0103, 4096],
  [0x0201, 4096],
  [0x0301, 4096],
  [0x0304, 64],
];

function vectorsOf(context) {
  return {
    format: 'lamplighter.vectors.v1',
    specification: 'docs/protocol.md, section 9',
    encoding: 'byte strings in lower-case hex; names of fields as in the specification',
    suite: context.suiteId,
    inputs: { ...plain(inputs), chainLength: context.chainLength },
    cbor: cborSection(),
    functions: suiteSection(context),
    enrolment: enrolmentSection(context),
    handshakes: handshakeSection(context),
    records: recordSection(context),
    refusals: refusalSection(context),
    ...messageSection(context),
    releases: releaseSection(),
    ...treeSection(context),
    window: windowSection(),
  };
}

const tree = await treeOf(inputs.treeSeed);
for (const [suiteId, chainLength] of SUITES) {
  const name = `lamplighter-0x${suiteId.toString(16).padStart(4, '0')}.json`;
  const vectors = vectorsOf(contextOf(suiteId, chainLength, tree));
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(vectors, null, 1)}\n`);
}

const proofs = { format: 'lamplighter.vectors.v1', ...proofSection() };
writeFileSync(
  new URL('lamplighter-proofs.json', import.meta.url),
  `${JSON.stringify(proofs, null, 1)}\n`,
);
