import { MemoryState } from '../../../../network/src/embedded/ledger/memory-state.ts';
import {
  DEFAULT_POLICY,
  definedNames,
  definitionWrites,
  LIFECYCLE,
  policyReference,
  readDefinition,
  readerOf,
} from '../../../../network/src/embedded/peer/definitions.ts';

const definition = (name: string) => ({
  name,
  version: '1.2',
  sequence: 3,
  validationParameter: policyReference(DEFAULT_POLICY),
});

describe('chaincode definitions', () => {
  async function stateWith(...names: string[]): Promise<MemoryState> {
    const state = new MemoryState();
    const version = { blockNumber: 0, transactionNumber: 0 };
    const writes = names.flatMap((name) => definitionWrites(definition(name)));
    await state.apply(
      0,
      writes.map(({ key, value }) => ({
        namespace: LIFECYCLE,
        key,
        entry: value && { value, metadata: new Map<string, Uint8Array>(), version },
      })),
    );
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

  it('use the keys of Fabric', () => {
    expect(definitionWrites(definition('cc')).map(({ key }) => key)).toEqual([
      'namespaces/fields/cc/Collections',
      'namespaces/fields/cc/EndorsementInfo',
      'namespaces/fields/cc/Sequence',
      'namespaces/fields/cc/ValidationInfo',
      'namespaces/metadata/cc',
    ]);
  });
});
