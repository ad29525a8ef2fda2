import {
  commitHashOf,
  encodeUpdates,
} from '../../../../network/src/embedded/ledger/commit-hash.ts';
import type { KeyUpdate } from '../../../../network/src/embedded/ledger/write-set-merger.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const FLAGS = Uint8Array.of(0, 0, 11);

function update(
  namespace: string,
  key: string,
  value: Uint8Array | undefined,
  transactionNumber: number,
): KeyUpdate {
  const version = { blockNumber: 1, transactionNumber };
  const metadata = new Map([['policy', Buffer.from('meta')]]);
  return { namespace, key, version, entry: value && { value, metadata, version } };
}

/** Out of order on purpose. */
const CHANGES: readonly KeyUpdate[] = [
  update('lamps', 'b', Buffer.from('two'), 0),
  update('lamps', 'a', Buffer.from('one'), 2),
  update('lamps', 'c', undefined, 258),
  update('_lifecycle', 'namespaces/\uffee', Uint8Array.of(1), 1),
  update('_lifecycle', 'namespaces/é\u{1F600}', Uint8Array.of(0), 1),
];

/** Made by Fabric 3.1.5 (deterministicBytesForPubAndHashUpdates, addBlockCommitHash) of the same changes. */
const UPDATES =
  '0a280a0a5f6c6966656379636c651a116e616d657370616365732fc3a9f09f98802a01003204010101010a191a0e' +
  '6e616d657370616365732fefbfae2a01013204010101010a150a056c616d70731a01612a036f6e65320401010102' +
  '0a0d1a01622a0374776f32030101000a0c1a0163200132050101020102';
const FIRST = '0276fe2b4b80dbd0c6d5a49295feef8106759fe97784058441571a437bdec814';
const SECOND = '531fd2e86a01379258a2533f1824f189361d3da3047c6564bd2adebf08a4a5b8';

describe('the commit hash', () => {
  it('writes changes down as a real peer does', () => {
    expect(hex(Buffer.concat([...encodeUpdates(CHANGES)]))).toBe(UPDATES);
    expect([...encodeUpdates([])]).toEqual([]);
  });

  it('is what a real peer computes', () => {
    const previous = new Uint8Array();
    const first = commitHashOf({ number: 1, flags: FLAGS, changes: CHANGES, previous });
    expect(hex(first)).toBe(FIRST);
    const second = commitHashOf({ number: 2, flags: FLAGS, changes: [], previous: first });
    expect(hex(second)).toBe(SECOND);
  });

  it('leaves block 0 without one', () => {
    const block = { number: 0, flags: FLAGS, changes: CHANGES, previous: new Uint8Array() };
    expect(commitHashOf(block)).toHaveLength(0);
  });

  it.each<[string, KeyUpdate]>([
    ['a value', update('lamps', 'a', Buffer.from('One'), 2)],
    ['a version', update('lamps', 'a', Buffer.from('one'), 3)],
    ['a deletion', update('lamps', 'a', undefined, 2)],
    ['a namespace', update('lamp', 'a', Buffer.from('one'), 2)],
  ])('changes with %s', (_, changed) => {
    const changes = [changed, ...CHANGES.filter(({ key }) => key !== 'a')];
    const previous = new Uint8Array();
    expect(hex(commitHashOf({ number: 1, flags: FLAGS, changes, previous }))).not.toBe(FIRST);
  });
});
