/**
 * Writes test/vectors/lamplighter-0x0103.json: the vectors of docs/protocol.md §9 for suite 0x0103, from injected
 * randomness, so that two runs give the same file. Run it by `npm run vectors`.
 */
import { writeFileSync } from 'node:fs';
import { cborSection } from './sections/cbor.mjs';
import { enrolmentSection, inputs, suiteSection, SUITE_ID } from './sections/enrolment.mjs';
import { plain } from './sections/fixed.mjs';
import { handshakeSection, recordSection, refusalSection } from './sections/handshake.mjs';
import { messageSection } from './sections/messages.mjs';
import { releaseSection, treeSection } from './sections/releases.mjs';
import { windowSection } from './sections/window.mjs';

const vectors = {
  format: 'lamplighter.vectors.v1',
  specification: 'docs/protocol.md, section 9',
  encoding: 'byte strings in lower-case hex; names of fields as in the specification',
  suite: SUITE_ID,
  inputs: plain(inputs),
  cbor: cborSection(),
  functions: suiteSection(),
  enrolment: enrolmentSection(),
  handshakes: handshakeSection(),
  records: recordSection(),
  refusals: refusalSection(),
  ...messageSection(),
  releases: releaseSection(),
  ...treeSection(),
  window: windowSection(),
};

const file = new URL('lamplighter-0x0103.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(vectors, null, 1)}\n`);
