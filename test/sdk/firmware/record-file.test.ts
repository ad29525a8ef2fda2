/** A record in a file is the old one or the new one, at whatever operation the power goes. */
import { RecordFile } from '../../../sdk/src/firmware/record-file.ts';
import { bootRecordCodec } from '../../../sdk/src/firmware/boot-record-codec.ts';
import { filled } from '../protocol/session-fixture.ts';
import { POWER_CUT_MODES, SimulatedDisk } from './simulated-disk.ts';

function recordOf(disk: SimulatedDisk, kind = 'test'): RecordFile {
  return new RecordFile({ disk, directory: '/d', name: 'record', kind });
}

describe('a record file', () => {
  it('is null before the first record, then the last one saved', async () => {
    const disk = new SimulatedDisk();
    expect(await recordOf(disk).load()).toBeNull();
    await recordOf(disk).save(filled(1));
    const record = recordOf(disk);
    await Promise.all([record.save(filled(2, 5)), record.save(filled(3, 7))]);
    expect(await record.load()).toEqual(filled(3, 7));
    expect(await recordOf(disk).load()).toEqual(filled(3, 7));
  });

  it.each([
    ['a byte is changed', (bytes: Uint8Array) => bytes.with(25, (bytes[25] ?? 0) ^ 1)],
    ['it is cut short', (bytes: Uint8Array) => bytes.slice(0, -1)],
    ['it is longer', (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
    ['it is empty', () => new Uint8Array(0)],
  ])('says RECORD_DAMAGED when %s', async (_, change) => {
    const disk = new SimulatedDisk();
    await recordOf(disk).save(filled(1));
    await disk.write('/d/record', change((await disk.read('/d/record')) ?? filled(0)));
    await expect(recordOf(disk).load()).rejects.toMatchObject({
      code: 'RECORD_DAMAGED',
      message: expect.stringContaining('/d/record: expected a test record') as string,
    });
  });

  it('says RECORD_VERSION for a record of another kind or version', async () => {
    const disk = new SimulatedDisk();
    await recordOf(disk, 'other').save(filled(1));
    await expect(recordOf(disk).load()).rejects.toMatchObject({
      code: 'RECORD_VERSION',
      message: '/d/record: expected lamplighter.test.v1, got lamplighter.other.v1',
    });
  });

  it('says RECORD_DAMAGED for a record that no codec reads', async () => {
    const disk = new SimulatedDisk();
    const record = recordOf(disk);
    await record.save(filled(0));
    const bytes = (await record.load()) ?? filled(1);
    expect(() => record.decode(bootRecordCodec, bytes)).toThrow(
      expect.objectContaining({ code: 'RECORD_DAMAGED' }) as Error,
    );
  });

  it.each(POWER_CUT_MODES)('is one of two whole records after each cut (%s)', async (mode) => {
    for (let cut = 1; ; cut += 1) {
      const disk = new SimulatedDisk();
      await recordOf(disk).save(filled(1));
      disk.cutAt(cut, mode);
      const saved = await recordOf(disk)
        .save(filled(2), true)
        .then(
          () => true,
          () => false,
        );
      disk.restart();
      const found = await recordOf(disk).load();
      expect(saved ? [filled(2)] : [filled(1), filled(2)]).toContainEqual(found);
      // A second start finds the same, and nothing of the other record is left behind once the next is saved.
      expect(await recordOf(disk).load()).toEqual(found);
      await recordOf(disk).save(filled(3), true);
      expect(await recordOf(disk).load()).toEqual(filled(3));
      expect(disk.paths).toEqual(['/d/record']);
      if (saved) break;
    }
  });

  it('keeps what was saved when the power goes later, and a failed save fails its caller only', async () => {
    const disk = new SimulatedDisk();
    const record = recordOf(disk);
    await record.save(filled(1));
    disk.cutAt(1, 'lost');
    await expect(record.save(filled(2))).rejects.toThrow('the power was cut');
    disk.restart();
    await record.save(filled(4));
    expect(await record.load()).toEqual(filled(4));
  });

  it('is overwritten when it is erased, and when a wiping save replaces it', async () => {
    const disk = new SimulatedDisk();
    const record = recordOf(disk);
    await record.save(filled(1));
    const written = jest.spyOn(disk, 'writeAt');
    await record.save(filled(2), true);
    await record.erase();
    expect(written.mock.calls.map(([path, at, bytes]) => [path, at, new Set(bytes)])).toEqual([
      ['/d/record.old', 0, new Set([0])],
      ['/d/record', 0, new Set([0])],
    ]);
    expect([await record.load(), disk.paths]).toEqual([null, []]);
  });
});
