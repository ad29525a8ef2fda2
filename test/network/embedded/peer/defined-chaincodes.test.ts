import type { Ledger } from '../../../../network/src/embedded/ledger/ledger.ts';
import type { OrderedBlock } from '../../../../network/src/embedded/ledger/ordered-block.ts';
import { DefinedChaincodes } from '../../../../network/src/embedded/peer/defined-chaincodes.ts';

/** A ledger without definitions that counts how often it is looked at, and how many views are open. */
function newLedger(): { readonly ledger: Ledger; readonly views: jest.Mock; open: () => number } {
  let opened = 0;
  const views = jest.fn(() => {
    opened++;
    return {
      next: () => Promise.resolve(undefined),
      release: () => {
        opened--;
      },
    };
  });
  return { ledger: { view: views } as unknown as Ledger, views, open: () => opened };
}

function block(namespace: string, ...keys: readonly string[]): OrderedBlock {
  const writes = keys.map((key) => ({ key, value: new Uint8Array() }));
  return {
    transactions: [{ action: undefined }, { action: { namespaces: [{ namespace, writes }] } }],
  } as unknown as OrderedBlock;
}

describe('DefinedChaincodes', () => {
  it('reads the definitions once, and lets go of the view', async () => {
    const { ledger, views, open } = newLedger();
    const defined = new DefinedChaincodes(ledger);
    const [first, second] = await Promise.all([defined.all(), defined.all()]);
    expect(second).toBe(first);
    expect(views).toHaveBeenCalledTimes(1);
    expect(open()).toBe(0);
  });

  it('reads them again after a block that wrote some', async () => {
    const { ledger, views } = newLedger();
    const defined = new DefinedChaincodes(ledger);
    await defined.all();
    defined.committed(block('_lifecycle', 'namespaces/fields/features/Sequence'));
    await defined.all();
    expect(views).toHaveBeenCalledTimes(2);
  });

  it('keeps them over other blocks, and over those that only read definitions', async () => {
    const { ledger, views } = newLedger();
    const defined = new DefinedChaincodes(ledger);
    await defined.all();
    defined.committed(block('features', 'a'));
    defined.committed(block('_lifecycle'));
    await defined.all();
    expect(views).toHaveBeenCalledTimes(1);
  });

  it('tries again after a failure', async () => {
    const { ledger, views } = newLedger();
    views.mockImplementationOnce(() => {
      throw new Error('the disk is away');
    });
    const defined = new DefinedChaincodes(ledger);
    await expect(defined.all()).rejects.toThrow('the disk is away');
    await expect(defined.all()).resolves.toEqual(new Map());
  });
});
