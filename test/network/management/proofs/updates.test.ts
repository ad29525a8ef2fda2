/** Protocols 2 and 4 with the ledger's proofs, as a device on the line sees them. */
import { createHash } from 'node:crypto';
import { followLink, weighReleaseProof, type ReleaseVerdict } from '@lamplighter/sdk/protocol';
import { BlobKind, messageNumber, ResultCode } from '@lamplighter/sdk/wire';
import type { BlobRef, Message } from '@lamplighter/sdk/wire';
import type { ReleaseRecord } from '@lamplighter/chaincode';
import type { Clock } from '../../../../network/src/management/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakePeers } from '../support/fake-peers.ts';
import { TestCity } from '../support/test-city.ts';
import type { DeviceLine, TestDevice } from '../support/test-device.ts';
import { PIN } from './proving-city.ts';

const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());
const NEW_IMAGE = new Uint8Array(3_000).map((_byte, index) => index % 251);
const CHALLENGE = new Uint8Array(32).fill(0xc4);
const MODEL = 'end-model';

/** Challenges are joined as soon as nothing else is to be done, and all else takes its time. */
function joiningAtOnce(clock: FakeClock): Clock {
  return {
    monotonic: () => clock.monotonic(),
    date: () => clock.date(),
    after: (milliseconds, action) => {
      if (milliseconds !== 50) return clock.after(milliseconds, action);
      const handle = setImmediate(action);
      return {
        cancel: () => {
          clearImmediate(handle);
        },
      };
    },
  };
}

describe('updates with proofs', () => {
  let city: TestCity;
  let peers: FakePeers;
  let device: TestDevice;
  let line: DeviceLine;

  beforeEach(async () => {
    peers = await FakePeers.enrol();
    city = await TestCity.start({ clock: joiningAtOnce(new FakeClock()) }, (ledger) => {
      peers.serve(ledger, 10, 20);
    });
    device = await city.device();
    line = await device.open(city.url);
  });
  afterEach(async () => {
    await city.close();
  });

  function query(): void {
    line.send({
      type: 'upd-query',
      idD: device.id,
      seq: 1,
      ver: '1.0.1',
      size: device.image.length,
      hfw: device.state.sha256,
      challenge: CHALLENGE,
    });
  }

  /** Passes over a window that opens meanwhile. */
  async function expecting<T extends Message['type']>(
    type: T,
  ): Promise<Extract<Message, { type: T }>> {
    let incoming = await line.next();
    while (incoming.type === 'mon-req-e') incoming = await line.next();
    if (incoming.type !== type) throw new Error(`expected ${type}, got ${incoming.type}`);
    return incoming as Extract<Message, { type: T }>;
  }

  async function fetch({ sha256: name, size }: BlobRef): Promise<Uint8Array> {
    line.send({ type: 'want', sha256: name, from: 0, credit: 16, paths: false });
    const { data } = await expecting('blob');
    expect(data).toHaveLength(size);
    expect(sha256(data)).toEqual(name);
    return data;
  }

  async function verdictOf(ref: BlobRef | false, set = peers.set(2)): Promise<ReleaseVerdict> {
    if (ref === false) throw new Error('expected proofs');
    expect(ref.kind).toBe(BlobKind.proofSet);
    return weighReleaseProof(await fetch(ref), { model: MODEL, challenge: CHALLENGE }, PIN, set);
  }

  function released(propagate: boolean): ReleaseRecord {
    const release = city.vendor.release(NEW_IMAGE, { model: MODEL, seq: 2, propagate });
    city.approve(release);
    return release;
  }

  it('show that nothing is approved', async () => {
    query();
    const { why, proofs } = await expecting('upd-none');
    expect(why).toBe(1);
    expect(await verdictOf(proofs)).toMatchObject({
      kind: 'proven',
      statement: { manifest: '', epoch: 2 },
    });
  });

  it('show that the device’s own release is the latest', async () => {
    const release = city.vendor.release(device.image, { model: MODEL, seq: 1 });
    city.ledger.releases.set(release.id, release);
    query();
    const { why, proofs } = await expecting('upd-none');
    expect(why).toBe(0);
    expect(await verdictOf(proofs)).toMatchObject({ statement: { seq: 1, manifest: release.id } });
  });

  it('offer what the ledger names, though the vendor says "current"', async () => {
    const release = released(false);
    await city.event('release-accepted');
    query();
    const { manifest, proofs } = await expecting('upd-offer');
    expect(await verdictOf(proofs)).toMatchObject({ statement: { seq: 2, manifest: release.id } });
    expect(await fetch(manifest)).toEqual(new Uint8Array(Buffer.from(release.envelope, 'hex')));
    expect(await city.event('update-answered')).toMatchObject({ answer: 'offer' });
  });

  it('answer a proof-want with the same offer again', async () => {
    const release = released(true);
    const first = await expecting('upd-offer');
    expect(first.proofs).toBe(false);
    line.send({ type: 'proof-want', challenge: CHALLENGE });
    const { manifest, proofs } = await expecting('upd-offer');
    expect(manifest).toEqual(first.manifest);
    expect(await verdictOf(proofs)).toMatchObject({ statement: { manifest: release.id } });
    expect(city.events.filter(({ type }) => type === 'update-offered')).toHaveLength(1);
  });

  it('offer what the device refused before, as the proof names it, but never unasked', async () => {
    const release = released(true);
    const { manifest } = await expecting('upd-offer');
    line.send({ type: 'done', sha256: manifest.sha256, code: ResultCode.noRoom });
    await city.event('release-refused');
    query();
    const { manifest: again, proofs } = await expecting('upd-offer');
    expect(again).toEqual(manifest);
    expect(await verdictOf(proofs)).toMatchObject({ statement: { manifest: release.id } });
    expect(city.events.filter(({ type }) => type === 'update-offered')).toHaveLength(2);
  });

  it('take back by proof what was withdrawn after the offer', async () => {
    const release = released(true);
    await expecting('upd-offer');
    city.ledger.releases.set(release.id, { ...release, state: 'withdrawn' });
    line.send({ type: 'proof-want', challenge: CHALLENGE });
    const { why, proofs } = await expecting('upd-none');
    expect(why).toBe(1);
    expect(await verdictOf(proofs)).toMatchObject({ statement: { manifest: '' } });
  });

  it('end in "later", without proofs, while peers do not answer', async () => {
    peers.silent = true;
    query();
    expect(await expecting('upd-none')).toEqual({ type: 'upd-none', why: 3, proofs: false });
    expect(await city.event('alarm')).toMatchObject({ device: device.id, code: 'UNAVAILABLE' });
  });

  it('forget a proof set once the device has it', async () => {
    query();
    const { proofs } = await expecting('upd-none');
    await verdictOf(proofs);
    const { sha256: name } = proofs as BlobRef;
    line.send({ type: 'done', sha256: name, code: 0 });
    line.send({ type: 'want', sha256: name, from: 0, credit: 1, paths: false });
    expect(await expecting('error')).toMatchObject({ code: ResultCode.notSupported });
  });

  it('are nothing for a lightweight node', async () => {
    const mote = await city.device('lightweight');
    const other = await mote.open(city.url);
    other.send({ type: 'proof-want', challenge: CHALLENGE });
    const re = messageNumber['proof-want'];
    expect(await other.expect('error')).toEqual({ type: 'error', re, code: 9 });
    const want = { from: 0, credit: 1, paths: false };
    other.send({ type: 'want', sha256: sha256(peers.set(1)), ...want });
    expect(await other.expect('error')).toMatchObject({ re: messageNumber.want, code: 9 });
    expect(peers.calls).toBe(0);
  });

  describe('links', () => {
    function wantSet(set: Uint8Array): void {
      line.send({ type: 'want', sha256: sha256(set), from: 0, credit: 1, paths: false });
    }

    it('are pushed to a device that knows an older set', async () => {
      query();
      const { proofs } = await expecting('upd-none');
      expect(await verdictOf(proofs, peers.set(1))).toMatchObject({ kind: 'set-moved' });
      wantSet(peers.set(1));
      const { ref } = await expecting('push');
      expect(ref.kind).toBe(BlobKind.validatorLink);
      expect(followLink(await fetch(ref), PIN, peers.set(1))).toEqual(peers.set(2));
    });

    it('are made when the ledger tells of a change', async () => {
      peers.move(30);
      const { epoch, digest } = city.ledger.queries.get('Stake:Validators') as {
        epoch: number;
        digest: string;
      };
      city.ledger.emit('ValidatorsChanged', { epoch, digest });
      for (let code = 9; code === 9;) {
        wantSet(peers.set(2));
        const answer = await line.next();
        code = answer.type === 'error' ? answer.code : 0;
        await new Promise((resolve) => setImmediate(resolve));
      }
      query();
      const { proofs } = await expecting('upd-none');
      expect(await verdictOf(proofs, peers.set(3))).toMatchObject({ statement: { epoch: 3 } });
    });

    it.each([
      ['the newest set', () => peers.set(2)],
      ['a set that nobody knows', () => CHALLENGE],
    ])('are not there for %s', async (_, set) => {
      query();
      await expecting('upd-none');
      wantSet(set());
      expect(await expecting('error')).toEqual({
        type: 'error',
        re: messageNumber.want,
        code: ResultCode.notSupported,
      });
    });

    it('give way to the vendor’s signature where a proof does not win, once a session', async () => {
      const envelope = new Uint8Array(200).fill(5);
      city.vendor.files.set('/v1/validators', envelope);
      const refuse = async (): Promise<void> => {
        query();
        const { proofs } = await expecting('upd-none');
        const { sha256: name } = proofs as BlobRef;
        line.send({ type: 'done', sha256: name, code: ResultCode.proofsMissingOrStale });
      };
      await refuse();
      const { ref } = await expecting('push');
      expect(ref.kind).toBe(BlobKind.validatorSet);
      expect(await fetch(ref)).toEqual(envelope);
      await refuse();
      query();
      await expecting('upd-none');
    });

    it('are at most 64 a session', async () => {
      query();
      await expecting('upd-none');
      for (let count = 0; count < 64; count++) {
        wantSet(peers.set(1));
        await expecting('push');
      }
      wantSet(peers.set(1));
      expect(await expecting('error')).toMatchObject({ re: messageNumber.want });
    });
  });
});
