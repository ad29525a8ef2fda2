/** Ranges of keys, pages and composite keys. */
import { newChecks } from './checks.ts';
import type { Suite } from './suite.ts';

type Pairs = readonly (readonly [string, string])[];
interface Page {
  readonly records: Pairs;
  readonly next: string;
  readonly count: number;
}

export function testRanges(suite: Suite): void {
  const { key, read, submit } = newChecks(suite);
  const range = async (start: string, end: string): Promise<readonly string[]> =>
    ((await read('Range', start, end)) as Pairs).map(([name]) => name.replace(key(''), ''));
  const page = async (size: number, bookmark = ''): Promise<Page> =>
    (await read('Page', key('page'), key('page~'), String(size), bookmark)) as Page;

  describe('ranges', () => {
    it('have their first key and not their last one', async () => {
      for (const name of ['ra', 'rb', 'rc', 'rd']) {
        await submit('Put', key(name), name);
      }
      expect(await range(key('rb'), key('rd'))).toEqual(['rb', 'rc']);
      expect(await range(key('rb'), key('rb'))).toEqual([]);
      expect(await range(key('rx'), key('ry'))).toEqual([]);
    });

    it('have nothing when they end before they begin', async () => {
      expect(await range(key('rd'), key('ra'))).toEqual([]);
    });

    it('are open at an end that is not named', async () => {
      const all = (await read('Range', key('ra'), '')) as Pairs;
      expect(all.slice(0, 4).map(([name]) => name)).toEqual(['ra', 'rb', 'rc', 'rd'].map(key));
      const upTo = (await read('Range', '', key('rb'))) as Pairs;
      expect(upTo.at(-1)).toEqual([key('ra'), 'ra']);
    });

    it('go by the bytes of keys', async () => {
      await submit('Together', key('order-'));
      expect(await range(key('order-'), key('order.'))).toEqual(
        ['a', 'b', 'c', 'd', '\uffee', '\u{1f4a1}'].map((name) => `order-${name}`),
      );
    });

    it('come in batches and to their end', async () => {
      await submit('PutMany', key('m'), '250');
      const all = await range(key('m'), key('m~'));
      expect(all).toHaveLength(250);
      expect([all[0], all[100], all[249]]).toEqual(['m0000', 'm0100', 'm0249']);
    });

    it.each([1, 100, 101, 250])('may be left after %i records', async (count) => {
      const some = (await read('RangeSome', key('m'), key('m~'), String(count))) as Pairs;
      expect(some.at(-1)?.[0]).toBe(key(`m${String(count - 1).padStart(4, '0')}`));
    });

    it('leave composite keys out', async () => {
      await submit('PutComposite', key('type'), 'a', 'b', 'v');
      const all = (await read('Range', '', '')) as Pairs;
      expect(all.filter(([name]) => name.startsWith('\u0000'))).toEqual([]);
    });
  });

  describe('pages', () => {
    it('are as long as asked for, and tell where the next one begins', async () => {
      await submit('PutMany', key('page'), '7');
      const first = await page(3);
      expect(first.records.map(([name]) => name)).toEqual(
        ['page0000', 'page0001', 'page0002'].map(key),
      );
      expect([first.count, first.next]).toEqual([3, key('page0003')]);
      const second = await page(3, first.next);
      expect([second.count, second.next]).toEqual([3, key('page0006')]);
      const last = await page(3, second.next);
      expect([last.count, last.next]).toEqual([1, '']);
    });

    it('tell of no next one when the last is full', async () => {
      expect(await page(7)).toMatchObject({ count: 7, next: '' });
    });

    it('may be longer than a batch', async () => {
      const text = await suite.target.evaluate('Page', key('m'), key('m~'), '150', '');
      const { count, next, records } = JSON.parse(text) as Page;
      expect([count, next, records.length]).toEqual([150, key('m0150'), 150]);
    });

    it('do not go with writes', async () => {
      await expect(suite.target.submit('PageThenPut', key('page'), key('page~'))).rejects.toThrow(
        /paginated.*[wW]rites are not allowed/,
      );
    });
  });

  describe('composite keys', () => {
    beforeAll(async () => {
      for (const [first, second] of [
        ['street', 'two'],
        ['street', 'one'],
        ['streets', 'three'],
      ]) {
        await submit('PutComposite', key('place'), first!, second!, 'v');
      }
    });

    it('are found by their first attributes', async () => {
      expect(await read('PartialComposite', key('place'), 'street')).toEqual([
        ['street', 'one'],
        ['street', 'two'],
      ]);
      expect(await read('PartialComposite', key('place'), 'str')).toEqual([]);
      expect(await read('PartialComposite', key('plac'), 'street')).toEqual([]);
    });

    it('come in pages, too', async () => {
      expect(await read('PartialCompositePage', key('place'), 'street', '1')).toEqual({
        keys: [['street', 'one']],
        count: 1,
      });
    });
  });
}
