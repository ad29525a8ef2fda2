import { newEd25519Signer } from '@lamplighter/sdk/crypto';
import { openSignedSet } from '@lamplighter/sdk/protocol';
import { Contracts } from '../../../network/src/ledger/index.ts';
import { provisionedLedger } from '../../../network/src/vendor/provisioned-ledger.ts';
import { contractLedger } from '../contract-ledger.ts';
import { PIN, ProvingCity } from '../management/proofs/proving-city.ts';

const signer = newEd25519Signer(new Uint8Array(32).fill(9));
const roots = { signers: [signer] };
const trust = { kind: 'signature', threshold: 1, keys: [signer.publicKey] } as const;

function provision(contracts: Contracts): {
  readonly warnings: readonly string[];
  readonly ledger: ReturnType<typeof provisionedLedger>;
} {
  const warnings: string[] = [];
  const logger = {
    info: () => undefined,
    warn: (_facts: object, text: string) => void warnings.push(text),
  };
  return { warnings, ledger: provisionedLedger({ contracts, roots, logger }) };
}

describe('the ledger of a provisioning document', () => {
  it('is named, with the present set under the vendor’s signature', async () => {
    const city = await ProvingCity.start();
    const { ledger, warnings } = provision(city.contracts);
    expect(await ledger).toMatchObject(PIN);
    const envelope = Buffer.from((await ledger)!.validators, 'hex');
    expect(openSignedSet(envelope, trust, null)).toEqual(await city.set(3));
    expect(warnings).toEqual([]);
  });

  it('is left out, with a warning, while too few peers are registered', async () => {
    const city = await ProvingCity.start();
    const { state } = city.stake.ledger;
    const { digest } = await city.contracts.stake.validatorSet(1);
    // Northlight alone.
    const head = { docType: 'validatorHead', schema: 1, epoch: 1, digest, time: '' };
    state.set('stake:validators', Buffer.from(JSON.stringify(head)));
    const few = provision(city.contracts);
    expect(await few.ledger).toBeNull();
    expect(few.warnings).toHaveLength(1);
    state.delete('stake:validators');
    const none = provision(city.contracts);
    expect(await none.ledger).toBeNull();
    expect(none.warnings).toHaveLength(1);
  });

  it('is left out where the ledger gives no signatures', async () => {
    const { stake } = await ProvingCity.start();
    const ledger = contractLedger(stake.ledger, stake.people.northlight.vendor);
    const plain = provision(new Contracts(ledger));
    expect(await plain.ledger).toBeNull();
    expect(plain.warnings).toEqual([]);
  });
});
