import { randomBytes } from 'node:crypto';
import { Partings } from '../../../network/src/management/partings.ts';

const kid = (): Uint8Array => new Uint8Array(randomBytes(16));

describe('partings', () => {
  it('know an envelope by every kid, once it is there', async () => {
    const partings = new Partings();
    const kids = [kid(), kid(), kid()];
    await partings.owe('lamp-1', kids);
    expect(kids.map((each) => partings.envelopeFor(each))).toEqual(kids.map(() => undefined));
    const envelope = new Uint8Array([1, 2, 3]);
    await partings.fulfil('lamp-1', envelope);
    expect(kids.map((each) => partings.envelopeFor(each))).toEqual(kids.map(() => envelope));
    await partings.drop('lamp-1');
    expect(partings.envelopeFor(kids[0]!)).toBeUndefined();
    expect(partings.size).toBe(0);
  });

  it('are bounded: the oldest goes', async () => {
    const kept: string[] = [];
    const keep = (id: string, parting: unknown): Promise<void> => {
      kept.push(`${id} ${parting === null ? 'forgotten' : 'kept'}`);
      return Promise.resolve();
    };
    const partings = new Partings({ keep, capacity: 2 });
    for (const id of ['lamp-1', 'lamp-2', 'lamp-3']) await partings.owe(id, [kid()]);
    expect(partings.owed()).toEqual(['lamp-2', 'lamp-3']);
    expect(kept.at(-1)).toBe('lamp-1 forgotten');
  });

  it('of a device that leaves again are new', async () => {
    const partings = new Partings();
    const first = kid();
    await partings.owe('lamp-1', [first]);
    await partings.fulfil('lamp-1', new Uint8Array([1]));
    await partings.owe('lamp-1', [kid()]);
    expect(partings.envelopeFor(first)).toBeUndefined();
    expect(partings.owed()).toEqual(['lamp-1']);
  });

  it('that are not owed take no envelope', async () => {
    const partings = new Partings();
    await partings.fulfil('lamp-1', new Uint8Array([1]));
    expect(partings.size).toBe(0);
  });
});
