import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { newEd25519Signer, openEnvelope } from '@lamplighter/sdk/crypto';
import { decodeManifest } from '@lamplighter/sdk/wire';

import {
  fetchImage,
  requestDeviceEnvelope,
  requestImage,
} from '../../../network/src/exchange/index.ts';
import { signRelease } from '../../../network/src/vendor/index.ts';
import { codeOf } from '../code-of.ts';
import { GATEWAY, HELIOS } from '../exchange/parties.ts';
import { bytes, digest, make, NEXT, NEXT_IMAGE, refusal, releaseFor } from './orders.ts';
import { VendorCity } from './vendor-city.ts';

describe('releases', () => {
  it('are published, reviewed and approved, and their downloads recorded', async () => {
    await using city = await VendorCity.start();
    const id = await releaseFor(city, 'prime');
    const record = await city.northlight.contracts.readRelease(id);
    expect(record).toMatchObject({
      state: 'approved',
      approvals: ['HeliosMSP'],
      url: city.northlight.url,
    });
    await requestImage(city.party, { sha256: digest(NEXT_IMAGE), size: NEXT_IMAGE.length });
    await city.northlight.close();
    const { items } = await city.northlight.contracts.transmissionHistory(id);
    expect(items).toMatchObject([
      { release: id, manager: 'gateway-north', bytes: NEXT_IMAGE.length },
    ]);
  });

  it("a reviewer's download is no transmission", async () => {
    await using city = await VendorCity.start();
    const id = await releaseFor(city, 'prime');
    await city.northlight.close();
    expect((await city.northlight.contracts.transmissionHistory(id)).items).toEqual([]);
  });

  it.each([
    [
      'with one bit flipped',
      (image: Buffer) => Buffer.from(image.map((byte, at) => (at === 9 ? byte ^ 1 : byte))),
    ],
    ['cut short', (image: Buffer) => image.subarray(0, -1)],
    ['too long', (image: Buffer) => Buffer.concat([image, Buffer.alloc(1)])],
  ])('are not approved when their mirror serves the image %s', async (_, damage) => {
    await using city = await VendorCity.start();
    const mirror = createServer((__, response) => {
      response.end(damage(Buffer.from(NEXT_IMAGE)));
    });
    await new Promise<void>((resolve) => {
      mirror.listen(0, '127.0.0.1', resolve);
    });
    const url = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`;
    const { id } = await city.northlight.publish({ model: 'prime', ...NEXT, url });
    expect(await codeOf(() => city.helios.approve(id))).toBe('RELEASE_REFUSED');
    expect((await city.helios.contracts.readRelease(id)).state).toBe('published');
    mirror.closeAllConnections();
    await new Promise((resolve) => mirror.close(resolve));
  });

  it('are not approved while their image cannot be had', async () => {
    await using city = await VendorCity.start();
    const { id } = await city.northlight.publish({ model: 'prime', ...NEXT });
    await city.northlight.close();
    expect(await codeOf(() => city.helios.approve(id))).toBe('FETCH_UNAVAILABLE');
  });

  it('a vendor cannot approve its own', async () => {
    await using city = await VendorCity.start();
    const { id } = await city.northlight.publish({ model: 'prime', ...NEXT });
    expect(await codeOf(() => city.northlight.approve(id))).toBe('CALLER_NOT_ALLOWED');
  });

  it("a release under a key that is not the vendor's is refused by the ledger", async () => {
    await using city = await VendorCity.start();
    const text = {
      vendor: 'northlight',
      model: 'prime',
      gen: 1,
      seq: 9,
      version: '9',
      chunkLog2: 14,
      expiry: 4_000_000_000,
      component: ['firmware', 0] as const,
    };
    const forged = signRelease(text, NEXT_IMAGE, newEd25519Signer(HELIOS.secret));
    const envelope = Buffer.from(forged.envelope).toString('hex');
    const publication = { envelope, url: city.northlight.url, propagate: true };
    expect(await codeOf(() => city.northlight.contracts.publishRelease(publication))).toBe(
      'SIGNATURE_INVALID',
    );
  });

  it('carry the vendor MAC for one lightweight device', async () => {
    await using city = await VendorCity.start();
    const [document] = await make(city, 'mote-1');
    const id = await releaseFor(city, 'mote');
    const envelope = await requestDeviceEnvelope(city.party, id, 'mote-1');
    const trust = { kind: 'mac' as const, kvm: bytes(document!.vendorMacKey!) };
    const manifest = decodeManifest(openEnvelope('release', envelope, trust));
    expect(manifest).toMatchObject({
      model: 'mote',
      seq: 2,
      chunkLog2: 10,
      size: NEXT_IMAGE.length,
    });
  });

  it('get no MAC before they are approved, nor for devices they are not for', async () => {
    await using city = await VendorCity.start();
    await make(city, 'mote-1', 'prime-1');
    const { id } = await city.northlight.publish({ model: 'mote', ...NEXT });
    const ask = (release: string, device: string): Promise<unknown> =>
      requestDeviceEnvelope(city.party, release, device);
    expect(await refusal(ask(id, 'mote-1'))).toBe('409 RELEASE_NOT_APPROVED');
    expect(await refusal(ask(id, 'prime-1'))).toBe('404 RELEASE_MISMATCH');
    expect(await refusal(ask(id, 'mote-9'))).toBe('404 DEVICE_UNKNOWN');
    expect(await refusal(ask('00'.repeat(32), 'mote-1'))).toBe('404 RELEASE_NOT_FOUND');
  });

  it('are fetched by another vendor under its own key only', async () => {
    await using city = await VendorCity.start();
    await city.northlight.publish({ model: 'prime', ...NEXT });
    const source = {
      role: 'vendor' as const,
      party: 'helios',
      vendor: 'northlight',
      url: city.northlight.url,
    };
    const wanted = { sha256: digest(NEXT_IMAGE), size: NEXT_IMAGE.length };
    expect(await refusal(fetchImage(source, wanted, GATEWAY.secret))).toBe(
      '401 EXCHANGE_BAD_SIGNATURE',
    );
  });
});
