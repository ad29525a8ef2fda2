/**
 * Kills a network under load (SIGKILL) at random moments, also in the middle of its start, and starts it again each time. What the
 * client was told must then be on every peer, whole and once.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { freePort, startChaincode } from '../chaincode-process.ts';
import { newTestNetwork } from '../fabric-client.ts';
import { audit, type Findings } from './audit.ts';
import type { Journal } from './journal.ts';
import { buildPrograms, type Programs } from './programs.ts';
import type { EmbeddedNetworkOptions } from '../../../../network/src/embedded/index.ts';
import { randomOf } from '../../../random.ts';

export interface KillOptions {
  /** Unsigned 32-bit: decides the moments. */
  readonly seed: number;
  /** How often the network is killed under load; about every fourth time also while it starts again. */
  readonly kills: number;
}

export interface KillResult extends Findings {
  readonly seed: number;
  /** Kills, those at a start included. */
  readonly tries: number;
  readonly acknowledged: number;
  /** Starts after which the peers' state hashes were not equal. */
  readonly unequal: number;
}

/** Milliseconds. */
const LONGEST_LOAD = 100;
const LONGEST_START = 900;
/** Commits that a client waits for before the network is killed. */
const MOST_COMMITS = 40;

export async function killLedger(options: KillOptions): Promise<KillResult> {
  const chaincode = await startChaincode(await freePort());
  const setting = await newTestNetwork(chaincode.address);
  const programs = await buildPrograms();
  try {
    return await run(options, setting.options, programs);
  } finally {
    await programs.remove();
    await setting.remove();
    await chaincode.stop();
  }
}

async function run(
  { seed, kills }: KillOptions,
  network: EmbeddedNetworkOptions,
  programs: Programs,
): Promise<KillResult> {
  const random = randomOf(seed);
  const journal: Journal = { sent: new Map(), acknowledged: new Set() };
  let tries = 0;
  let unequal = 0;
  while (tries < kills) {
    const running = programs.startNetwork(network);
    if (tries > 0 && random() < 0.25) {
      await delay(random() * LONGEST_START);
      await running.kill();
      tries++;
      continue;
    }
    const ready = await running.ready();
    unequal += new Set(Object.values(ready.hashes)).size > 1 ? 1 : 0;
    const load = programs.startLoad(ready, journal);
    try {
      await load.reach(1 + Math.floor(random() * MOST_COMMITS));
      await delay(random() * LONGEST_LOAD);
    } finally {
      await running.kill();
      await load.kill();
    }
    tries++;
  }
  const last = programs.startNetwork(network);
  unequal += new Set(Object.values((await last.ready()).hashes)).size > 1 ? 1 : 0;
  await last.stop();
  const findings = await audit(network.directory, journal);
  return { seed, tries, acknowledged: journal.acknowledged.size, unequal, ...findings };
}
