import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { newRecord, openRecord, writeRecord } from '../../../network/src/fabric/record.ts';
import { newTopology } from './topologies.ts';

describe('the record of a network', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'record-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('is new in a new directory, and kept', async () => {
    const topology = newTopology();
    const record = await openRecord(directory, topology);
    expect(record).toEqual(newRecord(topology));
    const deployed = { ...record, deployed: { lamplighter: 'text' } };
    await writeRecord(directory, deployed);
    expect(await openRecord(directory, topology)).toEqual(deployed);
  });

  it('refuses another number of orderers', async () => {
    await writeRecord(directory, newRecord(newTopology(4)));
    await expect(openRecord(directory, newTopology(5))).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
    });
  });

  it('refuses another channel', async () => {
    await writeRecord(directory, newRecord(newTopology()));
    const other = { ...newTopology(), channel: 'town' };
    await expect(openRecord(directory, other)).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });

  it.each(['{', 'null', '[]', '{"format":"lamplighter.fabric.v0"}'])(
    'refuses a file that holds %s',
    async (text) => {
      await writeFile(join(directory, 'network.json'), text);
      await expect(openRecord(directory, newTopology())).rejects.toMatchObject({
        code: 'OPTIONS_INVALID',
      });
    },
  );
});
