import fc from 'fast-check';

import {
  decodeRecordHeader,
  encodeRecord,
  isIntact,
  RECORD_HEADER_BYTES,
} from '../../../../network/src/embedded/ledger/block-record.ts';

describe('records of a block file', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.nat(), fc.uint8Array({ maxLength: 100 }), (number, block) => {
        const record = encodeRecord(number, block);
        const header = decodeRecordHeader(record.subarray(0, RECORD_HEADER_BYTES))!;
        expect(header).toMatchObject({ number, length: block.length });
        expect(isIntact(header, record.subarray(RECORD_HEADER_BYTES))).toBe(true);
      }),
    );
  });

  it('show any changed bit', () => {
    const record = encodeRecord(7, Buffer.from('a block'));
    for (let bit = 0; bit < record.length * 8; bit++) {
      const changed = Buffer.from(record);
      changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
      const header = decodeRecordHeader(changed.subarray(0, RECORD_HEADER_BYTES));
      expect(header && isIntact(header, changed.subarray(RECORD_HEADER_BYTES))).toBeFalsy();
    }
  });

  it('are bounded', () => {
    expect(() => encodeRecord(1, { length: 48 * 1024 * 1024 + 1 } as Uint8Array)).toThrow(
      RangeError,
    );
    expect(decodeRecordHeader(Buffer.alloc(RECORD_HEADER_BYTES - 1))).toBeUndefined();
  });
});
