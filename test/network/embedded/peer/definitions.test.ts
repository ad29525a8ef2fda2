import { MemoryState } from '../../../../network/src/embedded/ledger/memory-state.ts';
import { decodeReadWriteSet } from '../../../../network/src/embedded/ledger/read-write-set.ts';
import { Simulator } from '../../../../network/src/embedded/ledger/simulator.ts';
import {
  DEFAULT_POLICY,
  definedNames,
  definitionStructure,
  LIFECYCLE,
  policyReference,
  readDefinition,
  readerOf,
} from '../../../../network/src/embedded/peer/definitions.ts';
import { writeStructure } from '../../../../network/src/embedded/peer/lifecycle-state.ts';

const definition = (name: string) => ({
  name,
  version: '1.2',
  sequence: 3,
  validationPlugin: 'lamplighter-stake',
  validationParameter: policyReference(DEFAULT_POLICY),
});

describe('chaincode definitions', () => {
  async function stateWith(...names: string[]): Promise<MemoryState> {
    const state = new MemoryState();
    const version = { blockNumber: 0, transactionNumber: 0 };
    const simulator = new Simulator(state.view());
    for (const name of names) {
      await writeStructure(simulator, definitionStructure(definition(name)));
    }
    const [set] = decodeReadWriteSet(simulator.results());
    const changes = (set?.writes ?? []).map(({ key, value }) => ({
      namespace: LIFECYCLE,
      key,
      entry: value && { value, metadata: new Map<string, Uint8Array>(), version },
    }));
    await state.apply(0, changes);
    return state;
  }

  it('come back from the state as they were written', async () => {
    const view = (await stateWith('lamplighter')).view();
    expect(await readDefinition(readerOf(view), 'lamplighter')).toEqual(definition('lamplighter'));
    expect(await readDefinition(readerOf(view), 'other')).toBeUndefined();
  });

  it('are listed by name', async () => {
    const view = (await stateWith('b', 'a')).view();
    expect(await definedNames(view)).toEqual(['a', 'b']);
    expect(await definedNames(new MemoryState().view())).toEqual([]);
  });

  it('use the keys of Fabric', async () => {
    const view = (await stateWith('cc')).view();
    const keys: string[] = [];
    for await (const { key } of view.entries()) keys.push(key);
    expect(keys).toEqual([
      'namespaces/fields/cc/Collections',
      'namespaces/fields/cc/EndorsementInfo',
      'namespaces/fields/cc/Sequence',
      'namespaces/fields/cc/ValidationInfo',
      'namespaces/metadata/cc',
    ]);
  });
});
