/** The read-write sets that endorsers sign: they go into blocks, and clients compare them byte by byte. */
import { newChecks } from './checks.ts';
import { resultsOf, type NamespaceContent } from './endorsements.ts';
import type { Suite } from './suite.ts';

const MOST_RAW_READS = 50;

export function testReadWriteSets(suite: Suite): void {
  const { key, submit } = newChecks(suite);
  async function sets(
    name: string,
    ...args: string[]
  ): Promise<ReadonlyMap<string, NamespaceContent>> {
    const endorsed = await suite.target.endorse(name, ...args);
    const [first, ...others] = endorsed.responses.map((response) => response.getPayload_asU8());
    for (const other of others) {
      expect(Buffer.compare(first!, other)).toBe(0);
    }
    return resultsOf(endorsed);
  }
  const own = async (name: string, ...args: string[]): Promise<NamespaceContent> =>
    (await sets(name, ...args)).get(suite.target.names.chaincode)!;

  describe('read-write sets', () => {
    it('begin with a read of the definition, then have the chaincode', async () => {
      const all = await sets('Put', key('set'), 'v');
      const { chaincode } = suite.target.names;
      expect([...all.keys()]).toEqual(['_lifecycle', chaincode]);
      const lifecycle = all.get('_lifecycle')!;
      expect(lifecycle.readsList.map((read) => read.key)).toEqual([
        `namespaces/fields/${chaincode}/Sequence`,
      ]);
      expect(lifecycle.readsList[0]!.version).toBeDefined();
      expect(lifecycle.writesList).toEqual([]);
    });

    it('have no namespace for a call that touches nothing', async () => {
      expect([...(await sets('Call', 'a', 'b')).keys()]).toEqual(['_lifecycle']);
    });

    it('have keys once, in the order of their bytes', async () => {
      const { readsList, writesList } = await own('Together', key('s-'));
      const ordered = ['a', 'b', 'c', 'd', '\uffee', '\u{1f4a1}'].map((name) => key(`s-${name}`));
      expect(writesList.map((write) => write.key)).toEqual(ordered);
      expect(readsList.map((read) => read.key)).toEqual(ordered);
    });

    it('have reads with the version of the last write, none for a key that is not there', async () => {
      expect((await own('Get', key('unread'))).readsList).toEqual([
        { key: key('unread'), version: undefined },
      ]);
      const id = await submit('Put', key('unread'), 'v');
      const answer = await suite.target.query({
        chaincode: 'qscc',
        args: ['GetBlockByTxID', suite.target.channel, id],
      });
      const { readsList } = await own('Get', key('unread'));
      expect(Buffer.from(answer).length).toBeGreaterThan(0);
      expect(readsList[0]!.version!.blockNum).toBeGreaterThan(0);
    });

    it('have the last write to a key, and deletions marked', async () => {
      await submit('Put', key('written'), 'v');
      const steps = [
        ['put', key('written'), 'a'],
        ['put', key('written'), 'b'],
        ['delete', key('written-no-more')],
        ['put', key('written-empty'), ''],
      ];
      const { writesList } = await own('Run', JSON.stringify(steps));
      expect(writesList).toEqual([
        { key: key('written'), isDelete: false, value: Buffer.from('b').toString('base64') },
        { key: key('written-empty'), isDelete: true, value: '' },
        { key: key('written-no-more'), isDelete: true, value: '' },
      ]);
    });

    it('have writes of metadata apart', async () => {
      await submit('Put', key('meta'), 'v');
      const set = await own('SetPolicy', key('meta'), suite.target.organisations[0].mspId);
      expect(set.writesList).toEqual([]);
      expect(set.metadataWritesList).toMatchObject([
        { key: key('meta'), entriesList: [{ name: 'VALIDATION_PARAMETER' }] },
      ]);
    });

    it('have reads of metadata as reads of the key', async () => {
      await submit('Put', key('meta-read'), 'v');
      const { readsList } = await own('GetPolicy', key('meta-read'));
      expect(readsList.map((read) => read.key)).toEqual([key('meta-read')]);
    });

    it('have no trace of histories', async () => {
      expect([...(await sets('History', key('set'))).keys()]).toEqual(['_lifecycle']);
    });
  });

  describe('ranges in read-write sets', () => {
    beforeAll(async () => {
      await submit('PutMany', key('few'), '7');
      await submit('PutMany', key('many'), '250');
    });

    it('have bounds and every read when they were read to their end', async () => {
      const set = await own('Range', key('few'), key('few~'));
      expect(set.readsList).toEqual([]);
      expect(set.rangeQueriesInfoList).toMatchObject([
        { startKey: key('few'), endKey: key('few~'), itrExhausted: true },
      ]);
      const reads = set.rangeQueriesInfoList[0]!.rawReads!.kvReadsList;
      expect(reads.map((read) => read.key)).toEqual(
        [0, 1, 2, 3, 4, 5, 6].map((index) => key(`few000${index}`)),
      );
      expect(reads.every(({ version }) => version !== undefined)).toBe(true);
    });

    it('have raw reads of none for an empty range', async () => {
      const set = await own('Range', key('none'), key('none~'));
      expect(set.rangeQueriesInfoList).toMatchObject([
        { startKey: key('none'), endKey: key('none~'), itrExhausted: true },
      ]);
    });

    it('end at the record read ahead when they were left', async () => {
      const set = await own('RangeSome', key('many'), key('many~'), '3');
      expect(set.rangeQueriesInfoList).toMatchObject([
        { startKey: key('many'), endKey: key('many0100'), itrExhausted: false },
      ]);
    });

    it('end at the last record of a page', async () => {
      const set = await own('Page', key('few'), key('few~'), '3', '');
      expect(set.rangeQueriesInfoList).toMatchObject([
        { startKey: key('few'), endKey: key('few0002'), itrExhausted: false },
      ]);
    });

    it('are summarised as a Merkle tree beyond so many reads', async () => {
      await submit('PutMany', key('edge'), String(MOST_RAW_READS + 1));
      const [edge] = (await own('Range', key('edge'), key(`edge${MOST_RAW_READS + 1}`)))
        .rangeQueriesInfoList;
      const [many] = (await own('Range', key('many'), key('many~'))).rangeQueriesInfoList;
      expect(edge!.readsMerkleHashes).toMatchObject({ maxDegree: 50, maxLevel: 1 });
      expect(many!.readsMerkleHashes).toMatchObject({ maxDegree: 50, maxLevel: 1 });
      expect(many!.rawReads).toBeUndefined();
      expect(many!.readsMerkleHashes!.maxLevelHashesList.length).toBe(5);
    });

    it('count once when the same range is read twice', async () => {
      const steps = [
        ['range', key('few'), key('few~'), 100],
        ['range', key('few'), key('few~'), 100],
      ];
      expect((await own('Run', JSON.stringify(steps))).rangeQueriesInfoList).toHaveLength(1);
    });
  });
}
