/**
 * An embedded network whose disk is really full under load: it acknowledges nothing that it does not have, ends and refuses to
 * start with a reason, and has everything once there is room.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, startChaincode } from '../network/embedded/chaincode-process.ts';
import { newTestNetwork } from '../network/embedded/fabric-client.ts';
import { audit } from '../network/embedded/kill/audit.ts';
import type { Journal } from '../network/embedded/kill/journal.ts';
import { randomOf } from '../random.ts';
import { buildPrograms, type Programs } from '../network/embedded/kill/programs.ts';
import type { EmbeddedNetworkOptions } from '../../network/src/embedded/index.ts';
import { SmallDisk } from './small-disk.ts';
import type { FaultRow } from './table.ts';

const DISK_BYTES = 67_108_864;
/** Commits before the disk fills up. */
const MOST_COMMITS = 40;
/** What is left at most: no more than a few blocks or the start of one, so that it is another write that fails each time. */
const MOST_ROOM = 131_072;
/** Milliseconds without a commit, after which the network stands still. */
const STILLNESS = 1_500;
const PATIENCE = 60_000;

/** @param tries how often the disk fills up. @returns no row where no such disk can be mounted */
export async function ledgerFullDisk(seed: number, tries: number): Promise<readonly FaultRow[]> {
  if (!SmallDisk.isPossible()) return [];
  const chaincode = await startChaincode(await freePort());
  const setting = await newTestNetwork(chaincode.address);
  const programs = await buildPrograms();
  try {
    await using disk = await SmallDisk.mount(DISK_BYTES);
    const options = { ...setting.options, directory: `${disk.directory}/network` };
    return [await run({ seed, tries, disk, programs, options })];
  } finally {
    await programs.remove();
    await setting.remove();
    await chaincode.stop();
  }
}

interface Bench {
  readonly seed: number;
  readonly tries: number;
  readonly disk: SmallDisk;
  readonly programs: Programs;
  readonly options: EmbeddedNetworkOptions;
}

async function run({ seed, tries, disk, programs, options }: Bench): Promise<FaultRow> {
  const random = randomOf(seed);
  const journal: Journal = { sent: new Map(), acknowledged: new Set() };
  let unbootable = 0;
  for (let index = 0; index < tries; index += 1) {
    const running = programs.startNetwork(options, (program) => disk.command(program));
    const ready = await running.ready();
    unbootable += new Set(Object.values(ready.hashes)).size > 1 ? 1 : 0;
    const load = programs.startLoad(ready, journal);
    await load.reach(1 + Math.floor(random() * MOST_COMMITS));
    await disk.fill(Math.floor(random() * MOST_ROOM));
    unbootable += (await isStill(journal)) ? 0 : 1;
    await load.kill();
    // It ends in order, or is killed, in turn.
    if (index % 2 === 0) await running.stop();
    else await running.kill();
    await disk.free();
  }
  const last = programs.startNetwork(options, (program) => disk.command(program));
  unbootable += new Set(Object.values((await last.ready()).hashes)).size > 1 ? 1 : 0;
  await last.stop();
  const findings = await audit(disk.outside('network'), journal);
  return {
    component: 'ledger',
    point: 'disk full under load, then room',
    tries,
    lost: findings.lost + findings.half,
    doubled: findings.doubled,
    unbootable: unbootable + (new Set(findings.hashes).size > 1 ? 1 : 0),
  };
}

/** @returns false when it goes on to acknowledge. */
async function isStill({ acknowledged }: Journal): Promise<boolean> {
  const end = performance.now() + PATIENCE;
  while (performance.now() < end) {
    const before = acknowledged.size;
    await delay(STILLNESS);
    if (acknowledged.size === before) return true;
  }
  return false;
}
