import { createHash } from 'node:crypto';
import { ContentCipher, leafHash, suiteOf, verifyPath } from '@lamplighter/sdk/crypto';
import { decodeManifest, decodeSigned, type Manifest, type UpdQuery } from '@lamplighter/sdk/wire';
import { TestCity } from './support/test-city.ts';
import type { DeviceLine, TestDevice } from './support/test-device.ts';

const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());
const NEW_IMAGE = new Uint8Array(3_000).map((_byte, index) => index % 251);

describe('updates', () => {
  let city: TestCity;
  beforeEach(async () => {
    city = await TestCity.start();
  });
  afterEach(async () => {
    await city.close();
  });

  const modelOf = (device: TestDevice): string => city.ledger.devices.get(device.id)!.model;

  /** §6.6, items 1 and 2, from the offer to the last chunk. */
  async function fetchOffered(
    line: DeviceLine,
    device: TestDevice,
  ): Promise<{ manifest: Manifest; image: Uint8Array; alg: number }> {
    const offer = await line.expect('upd-offer');
    expect(offer.curSeq).toBe(device.state.seq);
    expect(offer.curHfw).toEqual(device.state.sha256);
    line.send({ type: 'want', sha256: offer.manifest.sha256, from: 0, credit: 16, paths: false });
    const blob = await line.expect('blob');
    expect(blob.data).toHaveLength(offer.manifest.size);
    expect(sha256(blob.data)).toEqual(offer.manifest.sha256);
    const signed = decodeSigned(blob.data);
    const manifest = decodeManifest(signed.payload);
    const image = await fetchImage(line, manifest);
    return { manifest, image, alg: signed.signatures[0]!.alg };
  }

  async function fetchImage(line: DeviceLine, manifest: Manifest, from = 0): Promise<Uint8Array> {
    line.send({ type: 'want', sha256: manifest.sha256, from, credit: 256, paths: true });
    const { cek } = await line.expect('head');
    const { sha256: digest, chunkLog2, root } = manifest;
    const cipher = new ContentCipher({ suite: suiteOf(0x0103), cek, sha256: digest, chunkLog2 });
    const count = Math.ceil(manifest.size / 2 ** chunkLog2);
    const chunks: Uint8Array[] = [];
    for (let index = from; index < count; index += 1) {
      const frame = await line.next();
      if (frame.type !== 'content') throw new Error(`expected content, got ${frame.type}`);
      expect(frame.index).toBe(index);
      const chunk = cipher.open(index, frame.sealed);
      expect(verifyPath({ index, count, leaf: leafHash(chunk), path: frame.path }, root)).toBe(
        true,
      );
      chunks.push(chunk);
    }
    return new Uint8Array(Buffer.concat(chunks));
  }

  async function recordedUpdates(count: number): Promise<void> {
    while (city.ledger.updates.length < count) {
      await city.clock.advance(200);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  describe.each([
    ['end', 1],
    ['lightweight', 3],
  ] as const)('propagated to class %s', (kind, algorithm) => {
    it('go from the ledger to a connected device, and its result to the ledger', async () => {
      const device = await city.device(kind);
      const line = await device.open(city.url);
      const release = city.vendor.release(NEW_IMAGE, { model: modelOf(device), seq: 2 });
      city.approve(release);
      const { manifest, image, alg } = await fetchOffered(line, device);
      expect(alg).toBe(algorithm);
      expect(image).toEqual(NEW_IMAGE);
      line.send({ type: 'done', sha256: manifest.sha256, code: 0 });
      expect(await city.event('update-delivered')).toMatchObject({ release: release.id });
      const result = { attempt: 1, seq: 2, sha256: manifest.sha256, code: 0 };
      line.send({ type: 'result', ...result });
      expect(await line.expect('result-ack')).toEqual({ type: 'result-ack', attempt: 1 });
      await recordedUpdates(1);
      expect(city.ledger.updates[0]).toMatchObject({
        device: device.id,
        attempt: 1,
        release: release.id,
        code: 0,
        cause: 'propagation',
        from: { sequence: 1 },
      });
      expect(await city.event('update-recorded')).toMatchObject({ protocol: 'propagation' });
      // Heard again: acknowledged, not recorded twice.
      line.send({ type: 'result', ...result });
      await line.expect('result-ack');
      expect(city.ledger.updates).toHaveLength(1);
    });

    it('are offered to a device that connects later', async () => {
      const device = await city.device(kind);
      city.approve(city.vendor.release(NEW_IMAGE, { model: modelOf(device), seq: 2 }));
      await city.event('release-accepted');
      const line = await device.open(city.url);
      expect((await fetchOffered(line, device)).image).toEqual(NEW_IMAGE);
    });

    it('go on where a lost session left them, without a new offer being needed', async () => {
      const device = await city.device(kind);
      city.approve(city.vendor.release(NEW_IMAGE, { model: modelOf(device), seq: 2 }));
      const { manifest } = await fetchOffered(await device.open(city.url), device);
      const line = await device.open(city.url);
      await line.expect('upd-offer');
      const rest = await fetchImage(line, manifest, 2);
      expect(rest).toEqual(NEW_IMAGE.subarray(2_048));
    });
  });

  it('seals a chunk once for all devices of a model', async () => {
    const devices = [await city.device(), await city.device()];
    const lines = await Promise.all(devices.map((device) => device.open(city.url)));
    city.approve(city.vendor.release(NEW_IMAGE, { model: modelOf(devices[0]!), seq: 2 }));
    const sealed = [];
    for (const line of lines) {
      await line.expect('upd-offer');
      const digest = sha256(NEW_IMAGE);
      line.send({ type: 'want', sha256: digest, from: 0, credit: 1, paths: false });
      await line.expect('head');
      sealed.push(await line.next());
    }
    expect(sealed[0]).toEqual(sealed[1]);
    expect(city.vendor.requests.filter((path) => path.includes('/firmware/'))).toHaveLength(1);
  });

  describe('a release that is refused', () => {
    const flipped = NEW_IMAGE.with(0, 255);

    async function refusal(change: (device: TestDevice) => Parameters<TestCity['approve']>[0]) {
      const device = await city.device();
      const line = await device.open(city.url);
      city.approve(change(device));
      const event = await city.event('release-refused');
      // Nothing was offered: the next release, which is right, is the first thing the device hears of.
      city.approve(city.vendor.release(NEW_IMAGE, { model: modelOf(device), seq: 9 }));
      const manifest = await fetchOffered(line, device);
      expect(manifest.manifest.seq).toBe(9);
      return event;
    }

    it('has a broken vendor signature', async () => {
      const event = await refusal((device) => {
        const release = city.vendor.release(NEW_IMAGE, { model: modelOf(device), seq: 2 });
        const envelope =
          release.envelope.slice(0, -2) + (release.envelope.endsWith('00') ? '01' : '00');
        return { ...release, envelope };
      });
      expect(event).toMatchObject({ code: 'RELEASE_SIGNATURE_INVALID', device: null });
    });

    it('is not approved', async () => {
      const event = await refusal((device) => ({
        ...city.vendor.release(NEW_IMAGE, { model: modelOf(device), seq: 2 }),
        state: 'published',
      }));
      expect(event).toMatchObject({ code: 'RELEASE_NOT_APPROVED' });
    });

    it('names another chunk tree than its image has', async () => {
      const event = await refusal((device) =>
        city.vendor.release(
          NEW_IMAGE,
          { model: modelOf(device), seq: 2 },
          { root: new Uint8Array(32) },
        ),
      );
      expect(event).toMatchObject({ code: 'RELEASE_ROOT_MISMATCH' });
    });

    it.each([
      ['one bit flipped', flipped, 'EXCHANGE_DIGEST_MISMATCH'],
      ['cut short', NEW_IMAGE.subarray(1), 'FETCH_TOO_SHORT'],
      ['too long', new Uint8Array([...NEW_IMAGE, 0]), 'FETCH_TOO_LONG'],
    ])('has an image %s', async (_name, served, code) => {
      const image = NEW_IMAGE.with(5, 77);
      const event = await refusal((device) => {
        const release = city.vendor.release(image, { model: modelOf(device), seq: 2 });
        city.vendor.files.set(`/v1/firmware/${release.firmware.sha256}`, served);
        return release;
      });
      expect(event).toMatchObject({ code });
    });

    it.each([
      ['another vendor', { vendor: 'helios' }],
      ['another model', { model: 'other-model' }],
      [
        'a delta',
        {
          format: 1,
          deltaSize: 1,
          deltaSha256: new Uint8Array(32),
          precursor: { seq: 1, sha256: new Uint8Array(32) },
        },
      ],
      ['an expiry in the past', { expiry: 1_000 }],
    ] as const)('is for %s', async (_name, change) => {
      const event = await refusal((device) =>
        city.vendor.release(NEW_IMAGE, { model: modelOf(device), seq: 2 }, change),
      );
      expect(event).toMatchObject({ code: 'RELEASE_MISMATCH' });
    });

    it('is withdrawn: offered to nobody any more', async () => {
      const device = await city.device();
      const release = city.vendor.release(NEW_IMAGE, { model: modelOf(device), seq: 2 });
      city.approve(release);
      await city.event('release-accepted');
      city.ledger.emit('ReleaseWithdrawn', { release: release.id, model: release.model });
      city.approve(city.vendor.release(flipped, { model: modelOf(device), seq: 1 }));
      await city.event('release-accepted', (event) => event.release !== release.id);
      const line = await device.open(city.url);
      line.send({ type: 'want', sha256: sha256(NEW_IMAGE), from: 0, credit: 1, paths: false });
      expect(await line.expect('error')).toEqual({ type: 'error', re: 20, code: 9 });
    });
  });

  it('are not offered again once the device has refused them', async () => {
    const device = await city.device();
    const line = await device.open(city.url);
    const release = city.vendor.release(NEW_IMAGE, { model: modelOf(device), seq: 2 });
    city.approve(release);
    const offer = await line.expect('upd-offer');
    line.send({ type: 'done', sha256: offer.manifest.sha256, code: 2 });
    expect(await city.event('release-refused')).toMatchObject({
      device: device.id,
      release: release.id,
      code: 'DEVICE_CODE_2',
    });
    const again = await device.open(city.url);
    again.send({ type: 'want', sha256: new Uint8Array(32), from: 0, credit: 1, paths: false });
    // The answer to the want comes first: no offer was made.
    await again.expect('error');
  });

  it('report a device abnormal that says its firmware is not what the offer says', async () => {
    const device = await city.device();
    const line = await device.open(city.url);
    city.approve(city.vendor.release(NEW_IMAGE, { model: modelOf(device), seq: 2 }));
    await line.expect('upd-offer');
    line.send({ type: 'error', re: 18, code: 4 });
    expect(await city.event('judged')).toMatchObject({
      status: 'abnormal',
      protocol: 'propagation',
    });
  });

  it('are handed out to devices of their model only', async () => {
    const [lamp, sensor] = [await city.device('end'), await city.device('lightweight')];
    city.approve(city.vendor.release(NEW_IMAGE, { model: modelOf(lamp), seq: 2 }));
    await city.event('release-accepted');
    const line = await sensor.open(city.url);
    line.send({ type: 'want', sha256: sha256(NEW_IMAGE), from: 0, credit: 1, paths: false });
    expect(await line.expect('error')).toMatchObject({ code: 9 });
  });

  describe('asked for', () => {
    const query = (device: TestDevice): UpdQuery => ({
      type: 'upd-query',
      idD: device.id,
      seq: 1,
      ver: '1.0.1',
      size: device.image.length,
      hfw: device.state.sha256,
      challenge: new Uint8Array(32),
    });

    it('end in "current" when the vendor says so', async () => {
      const device = await city.device();
      const line = await device.open(city.url);
      line.send(query(device));
      expect(await line.expect('upd-none')).toEqual({ type: 'upd-none', why: 0, proofs: false });
      expect(await city.event('update-answered')).toMatchObject({ answer: 'current' });
    });

    it('end in an offer that is not propagated, and a result by request', async () => {
      const device = await city.device();
      const line = await device.open(city.url);
      const release = city.vendor.release(NEW_IMAGE, {
        model: modelOf(device),
        seq: 2,
        propagate: false,
      });
      city.approve(release);
      await city.event('release-accepted');
      const envelope = new Uint8Array(Buffer.from(release.envelope, 'hex'));
      const id = new Uint8Array(Buffer.from(release.id, 'hex'));
      city.vendor.updateAnswer = { type: 'release', release: id, envelope };
      line.send(query(device));
      const { manifest } = await fetchOffered(line, device);
      line.send({ type: 'done', sha256: manifest.sha256, code: 0 });
      line.send({ type: 'result', attempt: 1, seq: 2, sha256: manifest.sha256, code: 0 });
      await line.expect('result-ack');
      await recordedUpdates(1);
      expect(city.ledger.updates[0]).toMatchObject({ cause: 'request' });
      expect(await city.event('update-recorded')).toMatchObject({ protocol: 'updateRequest' });
    });

    it('end in "no release approved" when the vendor names one that is not', async () => {
      const device = await city.device();
      const line = await device.open(city.url);
      const release = city.vendor.release(NEW_IMAGE, { model: modelOf(device), seq: 2 });
      city.ledger.releases.set(release.id, { ...release, state: 'published' });
      const id = new Uint8Array(Buffer.from(release.id, 'hex'));
      city.vendor.updateAnswer = { type: 'release', release: id, envelope: new Uint8Array(1) };
      line.send(query(device));
      expect(await line.expect('upd-none')).toMatchObject({ why: 1 });
      expect(await city.event('release-refused')).toMatchObject({ code: 'RELEASE_NOT_APPROVED' });
    });

    it('end in "later" when the vendor cannot be asked', async () => {
      const device = await city.device();
      const line = await device.open(city.url);
      await city.vendor.close();
      line.send(query(device));
      expect(await line.expect('upd-none')).toMatchObject({ why: 3 });
    });

    it('end in "abnormal", reported, when the device runs something else', async () => {
      const device = await city.device();
      const line = await device.open(city.url);
      line.send({ ...query(device), hfw: new Uint8Array(32) });
      expect(await line.expect('upd-none')).toMatchObject({ why: 2 });
      expect(await city.event('judged')).toMatchObject({
        protocol: 'updateRequest',
        status: 'abnormal',
        reasons: ['digest'],
      });
    });

    it('close with 4402 when the query names another device', async () => {
      const device = await city.device();
      const line = await device.open(city.url);
      line.send({ ...query(device), idD: 'lamp-9999' });
      expect(await line.line.closed).toBe(4402);
    });

    it('are refused to a lightweight device, which never asks', async () => {
      const device = await city.device('lightweight');
      const line = await device.open(city.url);
      line.send({ ...query(device), challenge: new Uint8Array(0) });
      expect(await line.expect('error')).toEqual({ type: 'error', re: 16, code: 9 });
    });
  });
});
