import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';

import { openEnvelope, vendorMacKey } from '@lamplighter/sdk/crypto';
import { decodeAssignment } from '@lamplighter/sdk/wire';

import { LedgerError } from '../../../network/src/ledger/index.ts';
import { VendorNode } from '../../../network/src/vendor/index.ts';
import { contractLedger } from '../contract-ledger.ts';
import { codeOf } from '../code-of.ts';
import { bytes, IMAGE, make, orderFor } from './orders.ts';
import { INTERVALS, VendorCity } from './vendor-city.ts';

describe('manufacture', () => {
  it('makes devices of both classes in one registration and one request for anchors', async () => {
    await using city = await VendorCity.start();
    const documents = await make(city, 'prime-1', 'mote-1', 'prime-2', 'mote-2');
    expect(documents.map(({ device }) => device)).toEqual([
      'prime-1',
      'mote-1',
      'prime-2',
      'mote-2',
    ]);
    const names = city.ledger.submitted;
    expect(names.filter((name) => name === 'DeviceRegistry:RegisterDevices')).toHaveLength(1);
    expect(names.filter((name) => name === 'DeviceRegistry:AssignDevice')).toHaveLength(4);
    expect(city.anchorRequests()).toBe(1);
    const record = await city.northlight.contracts.readDevice('mote-2');
    expect(record).toMatchObject({
      state: 'assigned',
      kind: 'lightweight',
      assignment: { manager: 'gateway-north', serial: 0, epoch: 1, managerProof: 2, suite: 0x0201 },
    });
  });

  it('gives an end node what it can verify with', async () => {
    await using city = await VendorCity.start();
    const [document] = await make(city, 'prime-1');
    const keys = [bytes(document!.vendorKey!)];
    const trust = { kind: 'signature' as const, threshold: 1, keys };
    const payload = openEnvelope('assignment', bytes(document!.assignment), trust);
    expect(decodeAssignment(payload)).toMatchObject({ idD: 'prime-1', class: 0, mauth: 1 });
    expect(document).toMatchObject({
      format: 'lamplighter.provisioning.v1',
      gateway: 'ws://127.0.0.1:9100/v1/device',
      kind: 'end',
      kv_n: 0,
      imageSize: IMAGE.length,
      slotBytes: 65_536,
      ...INTERVALS,
    });
    expect(document).not.toHaveProperty('vendorMacKey');
    expect(await readFile(document!.image)).toEqual(Buffer.from(IMAGE));
  });

  it('gives a lightweight node its vendor MAC key, and a MAC that holds under it', async () => {
    await using city = await VendorCity.start();
    const [document] = await make(city, 'mote-1');
    const kvm = bytes(document!.vendorMacKey!);
    expect(kvm).toEqual(vendorMacKey(bytes(document!.kv), 'mote-1'));
    const payload = openEnvelope('assignment', bytes(document!.assignment), { kind: 'mac', kvm });
    expect(decodeAssignment(payload)).toMatchObject({ idD: 'mote-1', class: 1, mauth: 2 });
    expect(document).not.toHaveProperty('vendorKey');
  });

  it('keeps secrets in a file that nobody else reads, and knows them after a start', async () => {
    await using city = await VendorCity.start();
    const [document] = await make(city, 'prime-1');
    const directory = path.join(city.directory, 'northlight');
    for (const file of ['device-secrets.json.sealed', 'release-key.sealed', 'operator-token']) {
      expect((await stat(path.join(directory, file))).mode & 0o777).toBe(0o600);
    }
    await city.northlight.close();
    const ledger = contractLedger(city.memory, city.people.northlight.administrator);
    await using again = await VendorNode.start({ id: 'northlight', directory, ledger });
    expect(again.devices).toBe(1);
    expect(again.signingKey).toBe(document!.vendorKey);
  });

  it('forgets devices that the ledger refused', async () => {
    await using city = await VendorCity.start();
    city.ledger.failures.push(new LedgerError('CALLER_NOT_ALLOWED', 'no'));
    expect(await codeOf(() => make(city, 'prime-1'))).toBe('CALLER_NOT_ALLOWED');
    expect(city.northlight.devices).toBe(0);
    expect(await make(city, 'prime-1')).toHaveLength(1);
  });

  it('tries again after a conflict, and not when the transaction may be ordered', async () => {
    await using city = await VendorCity.start();
    city.ledger.failures.push(new LedgerError('MVCC_READ_CONFLICT', 'twice'));
    expect(await make(city, 'prime-1')).toHaveLength(1);
    city.ledger.failures.push(new LedgerError('TIMEOUT', 'late', { maybeOrdered: true }));
    expect(await codeOf(() => make(city, 'prime-2'))).toBe('TIMEOUT');
    expect(city.northlight.devices).toBe(2);
  });

  it('refuses a device that was made before', async () => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    expect(await codeOf(() => make(city, 'prime-1'))).toBe('DEVICE_EXISTS');
  });

  it('refuses an image that does not fit the slot, or is not in the store', async () => {
    await using city = await VendorCity.start();
    const order = await orderFor(city.northlight, 'prime-1', 'prime');
    const { sha256, size } = await city.northlight.addImage(new Uint8Array(65_537));
    const large = { ...order, firmware: { ...order.firmware, sha256, size } };
    expect(await codeOf(() => city.northlight.manufacture([large]))).toBe('IMAGE_TOO_LARGE');
    const absent = { ...order, firmware: { ...order.firmware, sha256: '00'.repeat(32) } };
    expect(await codeOf(() => city.northlight.manufacture([absent]))).toBe('IMAGE_NOT_FOUND');
  });

  it("refuses another vendor's model", async () => {
    await using city = await VendorCity.start();
    const order = await orderFor(city.helios, 'prime-1', 'prime');
    expect(await codeOf(() => city.helios.manufacture([order]))).toBe('REQUEST_MALFORMED');
  });
});
