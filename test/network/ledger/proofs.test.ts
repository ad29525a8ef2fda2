/** Peers' signatures under answers, on the embedded network, weighed as a device weighs them (protocol §7.3). */
import { X509Certificate } from 'node:crypto';
import { followLink, weighReleaseProof } from '@lamplighter/sdk/protocol';
import { encodeProofSet, encodeValidatorLink, type ProofResponse } from '@lamplighter/sdk/wire';

import { Contracts, LedgerError, type ProofSource } from '../../../network/src/ledger/index.ts';
import { ChallengeTree } from '../../../network/src/management/proofs/challenge-tree.ts';
import { aManifest, aModel, aRelease, aVendor } from '../../chaincode/city.ts';
import { TestNetwork } from './test-network.ts';

jest.setTimeout(120_000);

const NAMES = ['northlight', 'helios', 'meridian'] as const;
const mspIdOf = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}MSP`;
const PIN = { channel: 'city', chaincode: 'lamplighter' };
const challenge = new Uint8Array(32).fill(0xc4);

interface Held {
  readonly bytes: Uint8Array;
  readonly epoch: number;
  readonly digest: string;
}

async function present(contracts: Contracts): Promise<Held> {
  const { epoch, digest } = await contracts.stake.validators();
  const { set } = await contracts.stake.validatorSet(epoch);
  return { bytes: new Uint8Array(Buffer.from(set, 'hex')), epoch, digest };
}

describe('proofs of a ledger', () => {
  let city: TestNetwork;
  const members = new Map<string, Contracts>();
  const as = (name: (typeof NAMES)[number]): Contracts => members.get(name)!;
  const source = (): ProofSource => as('meridian').ledger.proofs!;
  let release = '';

  beforeAll(async () => {
    city = await TestNetwork.start();
    for (const name of NAMES) {
      const ledger = await city.connect(mspIdOf(name), 'Admin', 'admin');
      members.set(name, new Contracts(ledger));
      const { raw } = new X509Certificate(city.network.peerCertificate(mspIdOf(name)));
      const peerCertificates = [raw.toString('hex')];
      await as(name).registerVendor(aVendor(name, { peerCertificates }));
    }
    await as('helios').registerModel(aModel('prime', 'helios'));
    const published = await as('helios').publishRelease(aRelease(aManifest('helios', 'prime')));
    release = Buffer.from(published.result).toString();
    await as('northlight').approveRelease(release);
  });
  afterAll(async () => {
    await city[Symbol.asyncDispose]();
  });

  const ask = (
    model: string,
    enough?: (responses: readonly ProofResponse[]) => boolean,
  ): Promise<readonly ProofResponse[]> => {
    const root = Buffer.from(new ChallengeTree([challenge]).root).toString('hex');
    const options = enough === undefined ? {} : { enough };
    return source().ask('Firmware:ProveRelease', [model, root], options);
  };

  it('prove a release to a device', async () => {
    expect(source()).toMatchObject(PIN);
    const responses = await ask('prime');
    expect(responses).toHaveLength(3);
    const { bytes, epoch, digest } = await present(as('helios'));
    const proofs = encodeProofSet({ path: [], responses });
    const verdict = weighReleaseProof(proofs, { model: 'prime', challenge }, PIN, bytes);
    expect(verdict).toMatchObject({
      kind: 'proven',
      statement: { gen: 1, seq: 2, manifest: release, epoch, validators: digest },
      dropped: {},
    });
    expect(proofs.length).toBeLessThan(12_000);
  });

  it('are looked at after each answer, and no more than enough are waited for', async () => {
    const counts: number[] = [];
    const responses = await ask('prime', (each) => counts.push(each.length) > 0 && each.length > 1);
    expect(responses.length).toBeGreaterThanOrEqual(2);
    expect(counts.at(-1)).toBeGreaterThanOrEqual(2);
    expect(counts[0]).toBeLessThan(2);
  });

  it('move a device from one validator set to the next', async () => {
    const older = await present(as('helios'));
    const offer = { id: 'o-1', shares: '5', buyer: '', price: '' };
    await as('northlight').stake.offerShares(offer);
    await as('meridian').stake.acceptOffer('o-1');
    const newer = await present(as('meridian'));
    expect(newer.epoch).toBe(older.epoch + 1);
    const args = [older.digest, newer.digest];
    const responses = await source().ask('Stake:ProveValidators', args);
    const link = encodeValidatorLink({ set: newer.bytes, responses });
    expect(followLink(link, PIN, older.bytes)).toEqual(newer.bytes);
  });

  it('fail with the contract’s code when every peer refuses', async () => {
    const refusal = ask('unknown');
    await expect(refusal).rejects.toThrow(LedgerError);
    await expect(refusal).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('end with the client', async () => {
    const ledger = await city.connect('HeliosMSP', 'other', 'client');
    await ledger.close();
    await expect(ledger.proofs!.ask('Stake:Validators', [])).rejects.toMatchObject({
      code: 'CLOSED',
    });
  });
});
