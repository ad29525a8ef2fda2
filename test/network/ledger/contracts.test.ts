import { Contracts, type Ledger } from '../../../network/src/ledger/index.ts';
import { City, aRelease, aManifest, aVendor, hexOf } from '../../chaincode/city.ts';
import { certificateDigestOf } from '../../chaincode/peer-certificates.ts';
import { codeOf } from '../code-of.ts';
import { contractLedger } from '../contract-ledger.ts';

/** A ledger whose every query answers the same text. */
const answering = (text: string): Contracts => {
  const evaluate = (): Promise<Uint8Array> => Promise.resolve(Buffer.from(text));
  return new Contracts({ evaluate } as unknown as Ledger);
};

describe('typed contracts', () => {
  it('read back what they write', async () => {
    const city = await City.inhabited('lamp-1');
    const contracts = new Contracts(contractLedger(city.ledger, city.people.northlight.vendor));
    const vendor = aVendor('northlight');
    expect(await contracts.readVendor('northlight')).toMatchObject({
      ...vendor,
      // The ledger keeps their hashes.
      peerCertificates: vendor.peerCertificates.map(certificateDigestOf),
    });
    expect(await contracts.readModel('prime')).toMatchObject({ kind: 'end' });
    expect(await contracts.readManagementNode('gate-1')).toMatchObject({ id: 'gate-1' });
    expect(await contracts.readDevice('lamp-1')).toMatchObject({ state: 'assigned' });
    expect(await contracts.deviceHistory('lamp-1')).toHaveLength(2);
    const { items, bookmark } = await contracts.devicesOf('gate-1');
    expect(items.map(({ id }) => id)).toEqual(['lamp-1']);
    expect(bookmark).toBe('');
    expect((await contracts.hierarchy()).items).toContainEqual(
      expect.objectContaining({ vendor: 'northlight', count: 1 }),
    );
    expect((await contracts.weakestDevices({ pageSize: 5 })).items).toHaveLength(1);
    await contracts.suspendDevice('lamp-1', 'stolen');
    expect(await contracts.readDevice('lamp-1')).toMatchObject({
      state: 'suspended',
      reason: 'stolen',
    });
  });

  it('publish, approve and withdraw releases', async () => {
    const city = await City.founded();
    const own = new Contracts(contractLedger(city.ledger, city.people.northlight.vendor));
    const other = new Contracts(contractLedger(city.ledger, city.people.helios.vendor));
    expect(await own.latestRelease('prime')).toBeUndefined();
    const { result } = await own.publishRelease(aRelease(aManifest('northlight', 'prime')));
    const id = Buffer.from(result).toString();
    expect(await own.latestRelease('prime')).toBeUndefined();
    await other.approveRelease(id);
    expect(await own.latestRelease('prime')).toMatchObject({ id, state: 'approved' });
    await own.recordTransmissions([
      { id: 't1', release: id, manager: 'gate-1', bytes: 5, observed: '2026-11-22T00:00:00.000Z' },
    ]);
    expect((await own.transmissionHistory(id)).items).toHaveLength(1);
    await own.withdrawRelease(id, 'bad');
    expect((await own.releasesOf('prime')).items).toMatchObject([{ state: 'withdrawn' }]);
  });

  it('give a refusal its code', async () => {
    const city = await City.founded();
    const contracts = new Contracts(contractLedger(city.ledger, city.people.helios.vendor));
    expect(await codeOf(() => contracts.readDevice('nope'))).toBe('DEVICE_NOT_FOUND');
    expect(await codeOf(() => contracts.latestRelease('nope'))).toBe('MODEL_NOT_FOUND');
    expect(await codeOf(() => contracts.registerDevices([]))).toBe('ARGUMENT_INVALID');
    expect(await codeOf(() => contracts.assignDevice(new Uint8Array([1]), 60))).toBe(
      'ASSIGNMENT_INVALID',
    );
  });

  it.each(['', 'text', 'null', '{}', '{"docType":"model"}'])(
    'refuse the answer "%s"',
    async (text) => {
      expect(await codeOf(() => answering(text).readDevice('x'))).toBe('RECORD_MALFORMED');
    },
  );

  it('send bytes as lower-case hex', async () => {
    const seen: (readonly string[])[] = [];
    const submit = (_: string, args: readonly string[]): Promise<void> => {
      seen.push(args);
      return Promise.resolve();
    };
    const contracts = new Contracts({ submit } as unknown as Ledger);
    const envelope = new Uint8Array([0xab, 0xcd]);
    await contracts.assignDevice(envelope, 60);
    await contracts.retireDevice('lamp-1', envelope);
    expect(seen).toEqual([
      [hexOf(envelope), '60'],
      ['lamp-1', 'abcd'],
    ]);
  });
});
