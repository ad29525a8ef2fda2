import { weighReleaseProof } from '@lamplighter/sdk/protocol';
import { sha256Of } from '@lamplighter/sdk/crypto';
import { decodeProofSet } from '@lamplighter/sdk/wire';
import {
  ReleaseProofs,
  type ReleaseProof,
} from '../../../../network/src/management/proofs/release-proofs.ts';
import type { ValidatorChain } from '../../../../network/src/management/proofs/validator-chain.ts';
import { ManagementError } from '../../../../network/src/management/management-error.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MSPS, PIN, ProvingCity } from './proving-city.ts';

const challengeOf = (index: number): Uint8Array => sha256Of(Uint8Array.of(index >> 8, index & 255));

class Desk {
  readonly city: ProvingCity;
  readonly clock = new FakeClock();
  readonly ending = new AbortController();
  readonly chain: ValidatorChain;
  readonly proofs: ReleaseProofs;

  private constructor(city: ProvingCity) {
    this.city = city;
    this.chain = city.chain();
    const { clock } = this;
    const parts = { source: city.peers, validators: this.chain, clock };
    this.proofs = new ReleaseProofs({ ...parts, signal: this.ending.signal });
  }

  static async open(): Promise<Desk> {
    const city = await ProvingCity.start();
    const desk = new Desk(city);
    await desk.chain.catchUp();
    return desk;
  }

  get calls(): number {
    return this.city.peers.asked.filter((asked) => asked === 'Firmware:ProveRelease').length;
  }

  /** Asks, and lets the time pass in which challenges are joined. */
  async prove(...challenges: readonly Uint8Array[]): Promise<readonly ReleaseProof[]> {
    const proofs = Promise.all(challenges.map((each) => this.proofs.prove('prime', each)));
    await this.clock.advance(50);
    return proofs;
  }
}

describe('release proofs', () => {
  it('prove what is approved, for each of a thousand challenges by one call', async () => {
    const desk = await Desk.open();
    const release = await desk.city.release(2);
    const challenges = Array.from({ length: 1000 }, (_, index) => challengeOf(index));
    const proofs = await desk.prove(...challenges);
    expect(desk.calls).toBe(1);
    const set = await desk.city.set(3);
    for (const index of [0, 1, 511, 998, 999]) {
      const question = { model: 'prime', challenge: challenges[index]! };
      const { statement, proofSet } = proofs[index]!;
      expect(weighReleaseProof(proofSet, question, PIN, set)).toMatchObject({
        kind: 'proven',
        statement: { manifest: release, gen: 1, seq: 2, epoch: 3 },
      });
      expect(statement.manifest).toBe(release);
      const other = { ...question, challenge: challengeOf(2000) };
      expect(() => weighReleaseProof(proofSet, other, PIN, set)).toThrow();
    }
  });

  it('say so when nothing is approved', async () => {
    const desk = await Desk.open();
    const [proof] = await desk.prove(challengeOf(1));
    expect(proof?.statement).toMatchObject({ manifest: '', gen: 0, seq: 0 });
  });

  it('hold no more answers than are needed, and none of a liar', async () => {
    const desk = await Desk.open();
    const [first] = await desk.prove(challengeOf(1));
    expect(decodeProofSet(first!.proofSet).responses).toHaveLength(2);
    desk.city.peers.lies.set(MSPS.northlight, (answer) => ({
      ...answer,
      response: answer.response.replace('"seq":0', '"seq":9'),
    }));
    const [second] = await desk.prove(challengeOf(2));
    const question = { model: 'prime', challenge: challengeOf(2) };
    expect(
      weighReleaseProof(second!.proofSet, question, PIN, await desk.city.set(3)),
    ).toMatchObject({ kind: 'proven', dropped: {}, statement: { seq: 0 } });
  });

  it('join what comes while the ledger is asked into the next call', async () => {
    const desk = await Desk.open();
    let asked: () => void = () => undefined;
    let answer: () => void = () => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    desk.city.peers.before = () => {
      asked();
      return new Promise((resolve) => (answer = resolve));
    };
    const first = desk.proofs.prove('prime', challengeOf(1));
    await desk.clock.advance(50);
    await isAsked;
    const later = [2, 3].map((index) => desk.proofs.prove('prime', challengeOf(index)));
    desk.city.peers.before = () => Promise.resolve();
    answer();
    await first;
    const proofs = await Promise.all(later);
    expect(desk.calls).toBe(2);
    expect(proofs.map(({ proofSet }) => decodeProofSet(proofSet).path.length)).toEqual([1, 1]);
  });

  it('follow a set that has moved meanwhile', async () => {
    const desk = await Desk.open();
    await desk.city.sell('5');
    const [proof] = await desk.prove(challengeOf(1));
    expect(proof?.statement).toMatchObject({ epoch: 4, validators: await desk.city.digest(4) });
    expect(desk.chain.newest?.set.epoch).toBe(4);
    expect(desk.calls).toBe(1);
  });

  it('fail where too few say the same, and work again afterwards', async () => {
    const desk = await Desk.open();
    desk.city.peers.lies.set(MSPS.northlight, () => null);
    desk.city.peers.lies.set(MSPS.helios, () => null);
    await expect(desk.prove(challengeOf(1))).rejects.toMatchObject({ code: 'PROOF_NOT_WON' });
    desk.city.peers.lies.clear();
    await expect(desk.prove(challengeOf(1))).resolves.toHaveLength(1);
  });

  it('fail with the ledger’s refusal', async () => {
    const desk = await Desk.open();
    const [outcome] = await Promise.all([
      Promise.allSettled([desk.proofs.prove('unknown', challengeOf(1))]),
      desk.clock.advance(50),
    ]);
    expect(outcome).toMatchObject([{ reason: { code: 'CONTRACT_FAILED' } }]);
  });

  it('are bounded', async () => {
    const desk = await Desk.open();
    const waiting = Array.from({ length: 16_384 }, () =>
      desk.proofs.prove('prime', challengeOf(1)),
    );
    await expect(desk.proofs.prove('prime', challengeOf(1))).rejects.toMatchObject({
      code: 'PROOFS_BUSY',
    });
    const settled = Promise.allSettled(waiting);
    desk.ending.abort(new ManagementError('CLOSED', 'the end'));
    const outcomes = await settled;
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(desk.clock.timers).toBe(0);
    expect(desk.calls).toBe(0);
  });

  it('join no more than fit into one call', async () => {
    const desk = await Desk.open();
    const challenges = Array.from({ length: 4_097 }, (_, index) => challengeOf(index));
    await desk.prove(...challenges);
    expect(desk.calls).toBe(2);
  });
});
