import { ledger } from '@hyperledger/fabric-protos';
import fc from 'fast-check';

import {
  decodeReadWriteSet,
  encodeReadWriteSet,
  type NamespaceSet,
} from '../../../../network/src/embedded/ledger/read-write-set.ts';
import { coded } from '../../coded.ts';

const bytes = fc.uint8Array({ maxLength: 8 }).map((value) => new Uint8Array(value));
const written = bytes.filter(({ length }) => length > 0);
const version = fc.option(
  fc.record({ blockNumber: fc.nat(), transactionNumber: fc.nat() }, { noNullPrototype: true }),
  { nil: undefined },
);
const read = fc.record({ key: fc.string(), version }, { noNullPrototype: true });
const rangeQuery = fc.record(
  {
    startKey: fc.string(),
    endKey: fc.string(),
    exhausted: fc.boolean(),
    reads: fc.oneof(
      fc.record({ kind: fc.constant('raw' as const), reads: fc.array(read, { maxLength: 3 }) }),
      fc.record({
        kind: fc.constant('merkle' as const),
        maxDegree: fc.nat(100),
        maxLevel: fc.nat(5),
        hashes: fc.array(bytes, { maxLength: 3 }),
      }),
    ),
  },
  { noNullPrototype: true },
);
const set: fc.Arbitrary<NamespaceSet> = fc.record({
  namespace: fc.string(),
  reads: fc.array(read, { maxLength: 4 }),
  rangeQueries: fc.array(rangeQuery, { maxLength: 3 }),
  writes: fc.array(fc.record({ key: fc.string(), value: fc.option(written, { nil: undefined }) })),
  metadataWrites: fc.array(
    fc.record({
      key: fc.string(),
      entries: fc.array(fc.tuple(fc.string(), bytes)).map((entries) => new Map(entries)),
    }),
    { maxLength: 3 },
  ),
  collections: fc.constant(0),
});

describe('read-write sets', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.array(set, { maxLength: 3 }), (sets) => {
        expect(decodeReadWriteSet(encodeReadWriteSet(sets))).toEqual(sets);
      }),
    );
  });

  it('tell a version of zeros from none', () => {
    const zero = { blockNumber: 0, transactionNumber: 0 };
    const sets: NamespaceSet[] = [
      {
        namespace: 'cc',
        reads: [
          { key: 'a', version: zero },
          { key: 'b', version: undefined },
        ],
        rangeQueries: [],
        writes: [],
        metadataWrites: [],
        collections: 0,
      },
    ];
    expect(decodeReadWriteSet(encodeReadWriteSet(sets))[0]?.reads).toEqual([
      { key: 'a', version: zero },
      { key: 'b', version: undefined },
    ]);
  });

  it('take a write of nothing for a deletion, as real peers do', () => {
    const { NsReadWriteSet, TxReadWriteSet, kvrwset } = ledger.rwset;
    const write = new kvrwset.KVWrite();
    write.setKey('k');
    const content = new kvrwset.KVRWSet();
    content.setWritesList([write]);
    const namespace = new NsReadWriteSet();
    namespace.setNamespace('cc');
    namespace.setRwset(content.serializeBinary());
    const message = new TxReadWriteSet();
    message.setNsRwsetList([namespace]);
    const [set] = decodeReadWriteSet(message.serializeBinary());
    expect(set?.writes).toEqual([{ key: 'k', value: undefined }]);
  });

  it('refuse what does not parse', () => {
    expect(() => decodeReadWriteSet(Buffer.from('ffff', 'hex'))).toThrow(
      coded('MESSAGE_MALFORMED'),
    );
    expect(() => decodeReadWriteSet(Buffer.from('12061202ffff', 'hex'))).toThrow(
      coded('MESSAGE_MALFORMED'),
    );
  });
});
