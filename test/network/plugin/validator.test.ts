/** The plugin for real peers and the embedded network ask the rule of stake the same. Compiled where FABRIC_SOURCE names a source. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readTransaction } from '../../../network/src/embedded/ledger/transaction.ts';
import { writesIn } from '../../../network/src/embedded/peer/validator.ts';
import { FabricModule, fabricSource } from './fabric-source.ts';

/** Go compiles the half of Fabric, where it has not before. */
jest.setTimeout(1_800_000);

interface Case {
  readonly name: string;
  readonly envelope: string;
  readonly namespace: string;
  readonly transaction: string;
  readonly writes: readonly string[];
  readonly writesElsewhere: boolean;
}

const VECTORS = join(__dirname, '../../vectors/stake-facts.json');
const { cases } = JSON.parse(readFileSync(VECTORS, 'utf8')) as { cases: readonly Case[] };

describe('what the embedded network asks the rule of stake', () => {
  it.each(cases)('$name', ({ envelope, namespace, transaction, writes, writesElsewhere }) => {
    const { action } = readTransaction(Buffer.from(envelope, 'hex'));
    expect(writesIn(namespace, action!)).toEqual({
      transaction,
      keys: writes,
      elsewhere: writesElsewhere,
    });
  });
});

const source = fabricSource();

(source === undefined ? describe.skip : describe)('the validation plugin', () => {
  let scratch = '';
  let module: FabricModule;

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'lamplighter-plugin-'));
    module = new FabricModule(source ?? '', scratch);
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
  });

  it('passes its tests, and asks the same', () => {
    const tests = join(scratch, 'validator.test');
    module.buildTests(tests);
    const said = execFileSync(tests, ['-test.v'], {
      cwd: scratch,
      encoding: 'utf8',
      env: { STAKE_FACTS: VECTORS, FABRIC_LOGGING_SPEC: 'fatal' },
    });
    expect(said).toContain(`${cases.length} cases`);
    expect(said).toMatch(/^PASS$/m);
  });

  it('compiles', () => {
    const plugin = join(scratch, 'lamplighter-stake.so');
    module.buildPlugin(plugin);
    expect(statSync(plugin).size).toBeGreaterThan(1_000_000);
  });

  it('is written as gofmt would', () => {
    const folder = join(__dirname, '../../../network/plugin');
    expect(execFileSync('gofmt', ['-l', folder], { encoding: 'utf8' })).toBe('');
  });
});
