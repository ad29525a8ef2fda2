/** An end node and the ledger's proofs (docs/protocol.md §6.3, §6.5, §7.3): what it asks, believes, keeps and tells. */
import { MemoryKeyStore } from '@lamplighter/sdk';
import { BlobKind, encodeProofSet, encodeRoots } from '@lamplighter/sdk/wire';
import { ed25519PublicKey } from '@lamplighter/sdk/crypto';
import { TIME, TestLedger } from '../protocol/proof-fixture.ts';
import { VENDOR_SECRET, filled } from '../protocol/session-fixture.ts';
import { imageOf } from './device-fixture.ts';
import { ProvingFixture, signedRoots } from './proving-fixture.ts';

let fixture: ProvingFixture;

beforeEach(() => {
  fixture = new ProvingFixture();
});

afterEach(async () => {
  await fixture.close();
});

const doneCodes = (): number[] => fixture.manager.all('done').map(({ code }) => code);

describe('an end node with a ledger', () => {
  it('believes "current" with a proof for its fresh challenge', async () => {
    await fixture.start();
    await fixture.query();
    expect(fixture.told('noUpdate')).toEqual([{ why: 0 }]);
    expect(fixture.told('proven')).toEqual([{ epoch: 5, gen: 0, seq: 0, time: TIME }]);
    expect(doneCodes()).toEqual([0]);
    await fixture.query();
    expect(fixture.challenges).toHaveLength(2);
    expect(fixture.challenges[0]).not.toEqual(fixture.challenges[1]);
    expect(fixture.unproven).toEqual([]);
  });

  it('does so where its own release is the newest, or above it', async () => {
    for (const seq of [7, 6]) {
      fixture.ledger.approve(filled(1), { gen: 0, seq });
      if (fixture.device === null) await fixture.start();
      await fixture.query();
    }
    expect(fixture.told('noUpdate')).toHaveLength(2);
    expect(fixture.unproven).toEqual([]);
  });

  it('installs what it asked for and the ledger names', async () => {
    const release = fixture.release(imageOf(50_000, 9));
    fixture.approve(release);
    fixture.answer = (challenge) => fixture.offerOf(release, fixture.ledger.proof(challenge));
    await fixture.start();
    await fixture.query();
    await fixture.clock.advance(10);
    expect(fixture.told('updated')).toEqual([{ seq: 8, version: '1.0.8' }]);
    expect(doneCodes()).toEqual([0, 0, 0]);
  });

  it('asks for a proof when an offer comes by itself', async () => {
    const release = fixture.release(imageOf(50_000, 9));
    fixture.approve(release);
    fixture.answer = (challenge) => fixture.offerOf(release, fixture.ledger.proof(challenge));
    await fixture.start();
    await fixture.offer(release);
    await fixture.clock.advance(10);
    expect(fixture.manager.all('proof-want')).toHaveLength(1);
    expect(fixture.told('updated')).toEqual([{ seq: 8, version: '1.0.8' }]);
    expect(fixture.unproven).toEqual([]);
  });

  it('passes over an offer that crossed its query', async () => {
    const release = fixture.release(imageOf(50_000, 9));
    fixture.approve(release);
    await fixture.start();
    fixture.answer = () => null;
    await fixture.query();
    await fixture.offer(release);
    expect(fixture.manager.all('proof-want')).toEqual([]);
    const [challenge = filled(0)] = fixture.challenges;
    await fixture.manager.send(fixture.offerOf(release, fixture.ledger.proof(challenge)));
    await fixture.clock.advance(10);
    expect(fixture.told('updated')).toHaveLength(1);
  });

  it('counts what proves nothing, says so in its flags after three, and no more after a right proof', async () => {
    fixture.answer = () => fixture.none(null);
    await fixture.start();
    for (let round = 0; round < 3; round += 1) await fixture.query();
    expect(fixture.told('unproven')).toEqual(
      [1, 2, 3].map((inARow) => ({
        code: 'PROOF_MISSING',
        reason: 'an answer came without a proof',
        dropped: {},
        inARow,
      })),
    );
    expect(fixture.manager.all('error').map(({ re, code }) => [re, code])).toEqual([
      [17, 10],
      [17, 10],
      [17, 10],
    ]);
    await fixture.manager.drop(1001);
    await fixture.clock.advance(10);
    expect(fixture.manager.line.state?.flags).toBe(16);
    fixture.answer = (challenge) => fixture.none(fixture.ledger.proof(challenge));
    await fixture.query();
    await fixture.manager.drop(1001);
    await fixture.clock.advance(10);
    expect(fixture.manager.line.state?.flags).toBe(0);
    expect(fixture.told('noUpdate')).toEqual([{ why: 0 }]);
  });

  it('keeps the count, the set and the time over a restart', async () => {
    const keys = new MemoryKeyStore();
    fixture.answer = (challenge) => fixture.none(fixture.ledger.proof(challenge));
    await fixture.start({ keys });
    await fixture.query();
    fixture.answer = () => fixture.none(null, 3);
    for (let round = 0; round < 3; round += 1) await fixture.query();
    await fixture.close();
    expect((await keys.load())?.ledger).toEqual({
      validators: fixture.ledger.encodedSet,
      time: TIME,
      unproven: 3,
    });
    await fixture.start({ keys });
    expect((fixture.manager.line.state?.flags ?? 0) & 16).toBe(16);
  });

  it.each([
    ['2', 2],
    ['3', 3],
  ])('counts an answer %s, which needs no proof and proves nothing', async (_, why) => {
    fixture.answer = () => fixture.none(null, why);
    await fixture.start();
    await fixture.query();
    expect(fixture.told('noUpdate')).toEqual([{ why }]);
    expect(fixture.unproven).toEqual(['PROOF_MISSING']);
  });

  it('counts silence after 300 s', async () => {
    fixture.answer = () => null;
    await fixture.start();
    await fixture.query();
    await fixture.clock.advance(296);
    expect(fixture.unproven).toEqual([]);
    await fixture.clock.advance(5);
    expect(fixture.told('unproven')).toMatchObject([
      { code: 'PROOF_MISSING', reason: 'a challenge had no answer in time', inARow: 1 },
    ]);
    // What comes later is for a challenge that is spent.
    const [challenge = filled(0)] = fixture.challenges;
    await fixture.manager.send(fixture.none(fixture.ledger.proof(challenge)));
    await fixture.clock.advance(0);
    expect(fixture.told('proven')).toEqual([]);
  });

  it('drops a manager that begins a proof set and does not go on', async () => {
    fixture.answer = (challenge) => {
      const none = fixture.none(fixture.ledger.proof(challenge));
      fixture.manager.objects.clear();
      return none;
    };
    fixture.manager.tamper = (frame) => frame;
    await fixture.start();
    await fixture.query();
    await fixture.clock.advance(61);
    expect(fixture.manager.lines[0]?.closedByDevice).toEqual([4408]);
    expect(fixture.told('unproven')).toMatchObject([
      { reason: 'the session ended before the proof was there' },
    ]);
  });

  it('uses the ledger’s time as a lower bound of now where it has no clock', async () => {
    const release = fixture.release(imageOf(500, 9), { expiry: TIME - 1 });
    fixture.approve(release);
    fixture.answer = (challenge) => fixture.offerOf(release, fixture.ledger.proof(challenge));
    await fixture.start({ trustedTime: () => null });
    await fixture.query();
    expect(fixture.told('updateRefused')).toEqual([
      { code: 3, reason: `the release expired at ${String(TIME - 1)}, it is ${String(TIME)}` },
    ]);
    expect(fixture.unproven).toEqual([]);
  });

  it('fetches no proof set beyond 128 KiB', async () => {
    fixture.answer = () => {
      const none = fixture.none(new Uint8Array(131_073));
      return none;
    };
    await fixture.start();
    await fixture.query();
    expect(fixture.manager.all('want')).toEqual([]);
    expect(fixture.unproven).toEqual(['PROOF_MISSING']);
  });
});

describe('a transfer of an earlier session', () => {
  const image = imageOf(200_000, 9);

  /** Breaks a transfer off after some chunks. */
  async function begun(): Promise<void> {
    const release = fixture.release(image);
    fixture.approve(release);
    fixture.answer = (challenge) => fixture.offerOf(release, fixture.ledger.proof(challenge));
    let frames = 0;
    fixture.manager.tamper = (frame) => (frame.length > 16_000 && ++frames > 8 ? null : frame);
    await fixture.start();
    await fixture.query();
    fixture.manager.tamper = (frame) => frame;
    expect((await fixture.firmware.load()).transfer?.next).toBe(8);
  }

  it('goes on when the ledger still names its release', async () => {
    await begun();
    await fixture.manager.drop(1001);
    await fixture.clock.advance(20);
    expect(fixture.manager.all('proof-want')).toHaveLength(1);
    expect(fixture.told('updated')).toEqual([{ seq: 8, version: '1.0.8' }]);
    expect(fixture.told('updateOffered')).toHaveLength(1);
  });

  it('does not once the release is withdrawn', async () => {
    await begun();
    fixture.ledger.approve(null, { gen: 0, seq: 0 });
    fixture.answer = (challenge) => fixture.none(fixture.ledger.proof(challenge));
    await fixture.manager.drop(1001);
    await fixture.clock.advance(20);
    expect(fixture.told('updateRefused')).toMatchObject([{ code: 10 }]);
    expect((await fixture.firmware.load()).transfer).toBeNull();
    expect(fixture.told('restarting')).toEqual([]);
  });

  it('gives way to a newer release', async () => {
    await begun();
    const newer = fixture.release(imageOf(3000, 5), { seq: 9, version: '1.0.9' });
    fixture.approve(newer);
    fixture.answer = (challenge) => fixture.offerOf(newer, fixture.ledger.proof(challenge));
    await fixture.manager.drop(1001);
    await fixture.clock.advance(20);
    expect(fixture.told('updated')).toEqual([{ seq: 9, version: '1.0.9' }]);
  });

  it('waits while nobody proves anything', async () => {
    await begun();
    fixture.answer = () => fixture.none(null);
    await fixture.manager.drop(1001);
    await fixture.clock.advance(20);
    expect(fixture.unproven).toEqual(['PROOF_MISSING']);
    expect((await fixture.firmware.load()).transfer?.next).toBe(8);
    expect(fixture.told('restarting')).toEqual([]);
  });
});

describe('a set that has moved', () => {
  const second = new TestLedger({ Beta: 60, Gamma: 40 }, { epoch: 6 }, 1);
  const third = new TestLedger({ Gamma: 50, Delta: 51 }, { epoch: 7 }, 2);

  /** The old peers say that there is a new set; the proof itself is by the new ones. */
  function answerUnder(newest: TestLedger): void {
    fixture.answer = (challenge) => {
      const old = new TestLedger();
      old.said = { ...old.said, epoch: newest.set.epoch, validators: newest.digest };
      newest.said = { ...newest.said, epoch: newest.set.epoch };
      const both = [old, newest].flatMap((ledger) =>
        ledger.peers.map((peer) => ledger.answered(peer, challenge)),
      );
      return fixture.none(encodeProofSet({ path: [], responses: both }));
    };
  }

  it('is followed link by link, each stored, and the proof must win under the newest', async () => {
    fixture.linkTo(fixture.ledger, second);
    fixture.linkTo(second, third);
    answerUnder(third);
    await fixture.start();
    await fixture.query();
    expect(fixture.told('validators')).toEqual([{ epoch: 6 }, { epoch: 7 }]);
    expect(fixture.told('proven')).toMatchObject([{ epoch: 7 }]);
    expect((await fixture.keys.load())?.ledger?.validators).toEqual(third.encodedSet);
    expect(fixture.manager.all('push-ack').map(({ code }) => code)).toEqual([0, 0]);
  });

  it('is not believed without links', async () => {
    answerUnder(second);
    await fixture.start();
    await fixture.query();
    expect(fixture.unproven).toEqual(['PROOF_NOT_WON']);
    expect((await fixture.keys.load())?.ledger?.validators).toEqual(fixture.ledger.encodedSet);
  });

  it('is not followed by a link of the wrong set, of a minority, or of 401 epochs', async () => {
    answerUnder(second);
    await fixture.start();
    const far = new TestLedger({ Beta: 1 }, { epoch: 406 });
    const [alpha] = fixture.ledger.peers;
    const wrong: [Uint8Array, number][] = [
      [second.link(third), 2],
      [fixture.ledger.link(second, [alpha!]), 2],
      [fixture.ledger.link(far), 10],
    ];
    for (const [link, code] of wrong) {
      fixture.linkTo(fixture.ledger, second, link);
      await fixture.query();
      expect(fixture.manager.last('push-ack').code).toBe(code);
    }
    expect(fixture.unproven).toEqual(['PROOF_NOT_WON', 'PROOF_NOT_WON', 'PROOF_NOT_WON']);
    expect(fixture.told('pushRefused').map(({ code }) => code)).toEqual([2, 2, 10]);
    expect(fixture.told('validators')).toEqual([]);
  });

  it('is given up at once when M has no more, or a link is too large', async () => {
    answerUnder(second);
    await fixture.start();
    const large = new Uint8Array(131_073);
    fixture.linkTo(fixture.ledger, second, large);
    await fixture.query();
    expect(fixture.manager.last('push-ack').code).toBe(7);
    expect(fixture.unproven).toEqual(['PROOF_NOT_WON']);
    await fixture.query();
    expect(fixture.challenges).toHaveLength(2);
  });

  it('is taken from the vendor, however far it has moved', async () => {
    const far = new TestLedger({ Delta: 1 }, { epoch: 5000 }, 3);
    await fixture.start();
    expect(await fixture.push(BlobKind.validatorSet, far.signedSet(filled(0x66)))).toBe(2);
    expect(await fixture.push(BlobKind.validatorSet, far.signedSet())).toBe(0);
    expect(await fixture.push(BlobKind.validatorSet, far.signedSet())).toBe(1);
    fixture.answer = (challenge) => fixture.none(far.proof(challenge));
    await fixture.query();
    expect(fixture.told('proven')).toMatchObject([{ epoch: 5000 }]);
  });

  it('is not asked of a lightweight node', async () => {
    const { DeviceFixture } = await import('./device-fixture.ts');
    const light = new DeviceFixture('lightweight');
    await light.start();
    for (const kind of [BlobKind.roots, BlobKind.validatorLink, BlobKind.validatorSet]) {
      await light.manager.send({ type: 'push', ref: { kind, sha256: filled(1), size: 10 } });
      expect(light.manager.last('push-ack').code).toBe(9);
    }
    await light.close();
  });
});

describe('the vendor’s roots', () => {
  const secrets = [VENDOR_SECRET, filled(0x41), filled(0x42), filled(0x43)];
  const keyOf = (secret: Uint8Array) => ({ alg: 1 as const, key: ed25519PublicKey(secret) });
  const rootsOf = (gen: number, k: number, ...which: number[]): Uint8Array =>
    encodeRoots({ gen, k, keys: which.map((at) => keyOf(secrets[at]!)) });

  it('move to the next generation by k of the old and k of the new, and releases with them', async () => {
    await fixture.start();
    const next = rootsOf(1, 2, 1, 2, 3);
    expect(await fixture.push(BlobKind.roots, signedRoots(next, secrets[0]!))).toBe(2);
    expect(await fixture.push(BlobKind.roots, signedRoots(next, secrets[1]!, secrets[2]!))).toBe(2);
    expect(await fixture.push(BlobKind.roots, signedRoots(next, secrets[0]!, secrets[1]!))).toBe(2);
    const right = signedRoots(next, secrets[0]!, secrets[1]!, secrets[3]!);
    expect(await fixture.push(BlobKind.roots, right)).toBe(0);
    expect(await fixture.push(BlobKind.roots, right)).toBe(1);
    expect(fixture.told('roots')).toEqual([{ gen: 1 }]);
    expect((await fixture.keys.load())?.roots).toEqual(next);
  });

  it('are caught up in order over generations that were slept through', async () => {
    await fixture.start();
    const second = signedRoots(rootsOf(2, 1, 2), secrets[1]!, secrets[2]!);
    expect(await fixture.push(BlobKind.roots, second)).toBe(3);
    const first = signedRoots(rootsOf(1, 1, 1), secrets[0]!, secrets[1]!);
    expect(await fixture.push(BlobKind.roots, first)).toBe(0);
    expect(await fixture.push(BlobKind.roots, second)).toBe(0);
    expect(fixture.told('roots')).toEqual([{ gen: 1 }, { gen: 2 }]);
  });

  it('of a new generation undo the huge sequence number of a stolen key', async () => {
    const huge = fixture.release(imageOf(900, 2), { seq: Number.MAX_SAFE_INTEGER });
    let release = huge;
    fixture.answer = (challenge) => {
      fixture.approve(release);
      return fixture.offerOf(release, fixture.ledger.proof(challenge));
    };
    await fixture.start();
    await fixture.query();
    await fixture.clock.advance(10);
    expect((await fixture.firmware.load()).counter.seq).toBe(Number.MAX_SAFE_INTEGER);
    await fixture.manager.send({ type: 'result-ack', attempt: 1 });
    expect(
      await fixture.push(BlobKind.roots, signedRoots(rootsOf(1, 1, 1), secrets[0]!, secrets[1]!)),
    ).toBe(0);
    release = fixture.releaseBy(secrets[1]!, imageOf(700, 3), { gen: 1, seq: 1, version: '2.0.1' });
    fixture.current = { seq: huge.manifest.seq, hfw: huge.manifest.sha256 };
    await fixture.query();
    await fixture.clock.advance(10);
    expect(fixture.told('updated').map(({ version }) => version)).toEqual(['1.0.8', '2.0.1']);
    expect((await fixture.firmware.load()).counter).toEqual({ gen: 1, seq: 1 });
  });

  it('refuse what the old key signs after a rotation', async () => {
    await fixture.start();
    await fixture.push(BlobKind.roots, signedRoots(rootsOf(1, 1, 1), secrets[0]!, secrets[1]!));
    const release = fixture.release(imageOf(500, 4), { gen: 1, seq: 9 });
    fixture.approve(release);
    fixture.answer = (challenge) => fixture.offerOf(release, fixture.ledger.proof(challenge));
    await fixture.query();
    expect(fixture.told('updateRefused')).toMatchObject([{ code: 2 }]);
    expect(fixture.unproven).toEqual(['RELEASE_NOT_APPROVED']);
  });

  it('of k keys do not take the signatures of fewer', async () => {
    if (fixture.identity.kind !== 'end') throw new Error('expected an end node');
    const vendorRoots = { gen: 0, k: 2, keys: [0, 1, 2].map((at) => keyOf(secrets[at]!)) };
    // The assignment and the first set are signed by one key: not by these roots.
    fixture.identity = { ...fixture.identity, vendorRoots };
    await expect(fixture.start()).rejects.toMatchObject({ code: 'SET_NOT_SIGNED' });
  });
});
