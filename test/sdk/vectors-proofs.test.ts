/** The ledger's proofs of the vectors against the implementation (docs/protocol.md §9, item 10). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { followLink, ProofError, weighReleaseProof } from '@lamplighter/sdk/protocol';
import { fromHex as bytes, toHex as hex } from '@lamplighter/sdk/wire';

interface Case {
  readonly name: string;
  readonly refusedWith: string | null;
}
interface ProofVectors {
  readonly pin: { readonly channel: string; readonly chaincode: string };
  readonly model: string;
  readonly challenge: string;
  readonly validators: string;
  readonly statement: Readonly<Record<string, unknown>>;
  readonly proofs: readonly (Case & { readonly proofSet: string; readonly dropped: object })[];
  readonly next: string;
  readonly links: readonly (Case & { readonly link: string })[];
}

const file = join(__dirname, '../vectors/lamplighter-proofs.json');
const vectors = JSON.parse(readFileSync(file, 'utf8')) as ProofVectors;
const { pin, model, statement } = vectors;
const set = bytes(vectors.validators);

/** What a step gave, or the code of its refusal and what was dropped. */
function outcomeOf(step: () => unknown): unknown {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return { code: error.code, dropped: error.dropped };
  }
}

describe('proofs by the ledger', () => {
  it.each(vectors.proofs)('$name', ({ proofSet, refusedWith: code, dropped }) => {
    const question = { model, challenge: bytes(vectors.challenge) };
    const { gen, seq, manifest, epoch, validators, time } = statement;
    const said = { gen, seq, manifest, epoch, validators, time };
    const outcome = outcomeOf(() => weighReleaseProof(bytes(proofSet), question, pin, set));
    expect(outcome).toMatchObject(code === null ? { kind: 'proven', statement: said } : { code });
    expect(outcome).toHaveProperty('dropped', dropped);
  });

  it.each(vectors.links)('link by $name', ({ link, refusedWith: code }) => {
    const outcome = outcomeOf(() => ({ next: hex(followLink(bytes(link), pin, set)) }));
    expect(outcome).toMatchObject(code === null ? { next: vectors.next } : { code });
  });
});
