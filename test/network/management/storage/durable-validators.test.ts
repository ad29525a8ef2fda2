import { openValidators } from '../../../../network/src/management/storage/durable-validators.ts';
import { DurableWriter } from '../../../../network/src/management/storage/durable-writer.ts';
import type {
  KeptSet,
  ValidatorStore,
} from '../../../../network/src/management/proofs/validator-chain.ts';
import { codeOf } from '../../code-of.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

const kept = (epoch: number, link: Uint8Array | null): KeptSet => ({
  epoch,
  set: Uint8Array.of(epoch, 1),
  link,
});

async function open(records: ReadonlyMap<string, Uint8Array> = new Map()): Promise<{
  readonly store: MemoryStore;
  readonly writer: DurableWriter;
  readonly validators: ValidatorStore;
}> {
  const store = new MemoryStore(records);
  const writer = new DurableWriter({ store, clock: new FakeClock(), onState: () => undefined });
  return { store, writer, validators: await openValidators(store, writer) };
}

describe('validator sets on the disk', () => {
  it('are there at the next start, with their links, in their order', async () => {
    const { store, validators } = await open();
    expect(validators.known).toEqual([]);
    await validators.keep(10, kept(10, null));
    await validators.keep(9, kept(9, null));
    await validators.keep(9, kept(9, Uint8Array.of(7)));
    await validators.keep(2, kept(2, null));
    await validators.keep(2, null);
    const again = (await open(store.records)).validators;
    expect(again.known).toEqual([kept(9, Uint8Array.of(7)), kept(10, null)]);
  });

  it('tell of a disk that is full', async () => {
    const { store, writer, validators } = await open();
    store.fault = () => 'before';
    expect(await codeOf(() => validators.keep(1, kept(1, null)))).toBe('STORAGE_FULL');
    store.fault = () => undefined;
    await writer.close();
    expect((await open(store.records)).validators.known).toEqual([]);
  });
});
