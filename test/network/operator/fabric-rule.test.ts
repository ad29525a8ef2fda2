import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { StakeApplied } from '../../../network/src/fabric/index.ts';
import {
  coalitionWords,
  FabricRule,
  requirePlugin,
} from '../../../network/src/operator/city/fabric-rule.ts';
import { codeOf } from '../code-of.ts';

const POLICY =
  "OR(AND('NorthlightMSP.peer','HeliosMSP.peer'),AND('NorthlightMSP.peer','StrangerMSP.peer'))";
const applied = (change: Partial<StakeApplied> = {}): StakeApplied => ({
  kind: 'coalitions',
  policy: POLICY,
  sequence: undefined,
  lifecycleChanged: false,
  missing: [],
  ...change,
});

describe('the rule of a Fabric network', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rule-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const rule = (kind: StakeApplied['kind'], answer: StakeApplied): FabricRule =>
    new FabricRule({ folder, kind, apply: () => Promise.resolve(answer) });

  it('names coalitions as people call them', () => {
    expect(coalitionWords(POLICY)).toBe('northlight + helios, or northlight + StrangerMSP');
  });

  it('of stock peers is in the coalitions that the channel has, and says what was done', async () => {
    const stock = rule('coalitions', applied({ sequence: 3, lifecycleChanged: true }));
    expect(stock.words).toContain('coalitions that hold more than half');
    expect(await stock.apply()).toEqual([
      `endorsement: ${POLICY} from sequence 3 on`,
      `contracts are replaced by: ${POLICY}`,
    ]);
    expect(stock.words).toContain('northlight + helios, or northlight + StrangerMSP decide');
    expect(stock.needsValidator).toBe(false);
  });

  it('of the plugin needs the validator, unless the channel does not name the plugin', async () => {
    const plugin = rule('plugin', applied({ kind: 'plugin' }));
    expect(await plugin.apply()).toEqual([]);
    expect([plugin.needsValidator, plugin.words]).toEqual([
      true,
      'more than half of all decide, the validator among them',
    ]);
    const unasked = rule('plugin', applied());
    expect(await unasked.apply()).toEqual([expect.stringContaining('loaded and not asked')]);
    expect(unasked.needsValidator).toBe(false);
  });

  it('fails peers without the plugin when members have brought the channel to it', async () => {
    const stock = rule('coalitions', applied({ kind: 'plugin' }));
    expect(await codeOf(() => stock.apply())).toBe('OPTION_INVALID');
    expect(stock.needsValidator).toBe(true);
  });

  it('keeps peers without the plugin from a channel that wants it, and from no other', async () => {
    requirePlugin(folder, 'coalitions');
    await rule('plugin', applied({ kind: 'plugin' })).apply();
    const start = (): void => {
      requirePlugin(folder, 'coalitions');
    };
    expect(await codeOf(start)).toBe('OPTION_INVALID');
    requirePlugin(folder, 'plugin');
    await rule('plugin', applied()).apply();
    requirePlugin(folder, 'coalitions');
  });
});
