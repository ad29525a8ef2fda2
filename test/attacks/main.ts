/**
 * `npm run attacks -- flood [hostile] [devices] [seconds]`: attacks on a gateway of this machine, and what came of them.
 * `npm run attacks -- gateway [--tries N] [--seed N]`: attacks on a device by a stolen gateway.
 * `npm run attacks -- parsers [--tries N] [--seed N]`: bytes that are no proofs, for every parser of them.
 */
import { fork } from 'node:child_process';
import { gateway, optionsFrom } from './gateway-command.ts';
import { fuzzParsers } from './parsers.ts';
import { runFlood, type Crowd, type FloodResult } from './flood.ts';
import type { StolenResult } from './stolen-devices.ts';
import { HostileCrowd, type CrowdOrder, type CrowdResult } from './hostile-crowd.ts';

const MEBIBYTE = 1_048_576;
const USAGE = `usage: npm run attacks -- flood [hostile] [devices] [seconds]
       npm run attacks -- gateway [--tries N] [--seed N]
       npm run attacks -- parsers [--tries N] [--seed N]
`;
/** What may be asked for: name, default, most. */
const BOUNDS = [
  ['hostile', 2_000, 4_000],
  ['devices', 100, 200],
  ['seconds', 45, 600],
] as const;

/** The crowd has a process of its own, so that the memory measured is the gateway's. */
function distantCrowd(order: CrowdOrder): Crowd {
  const child = fork(__filename, ['crowd'], { serialization: 'advanced' });
  child.send(order);
  return {
    stop: () =>
      new Promise((resolve, reject) => {
        child.once('message', (result) => {
          resolve(result as CrowdResult);
        });
        child.once('exit', (code) => {
          reject(
            new Error(`expected what became of the crowd, its process ended with ${String(code)}`),
          );
        });
        child.send('stop');
      }),
  };
}

/** This process is the crowd. */
function beCrowd(): void {
  let crowd: HostileCrowd | null = null;
  process.on('message', (message) => {
    if (message !== 'stop') {
      crowd = new HostileCrowd(message as CrowdOrder);
      return;
    }
    void crowd?.stop().then((result) => {
      process.send?.(result, () => process.exit(0));
    });
  });
  // Whoever asked is gone.
  process.once('disconnect', () => process.exit(1));
}

function numbersFrom(args: readonly string[]): number[] {
  return BOUNDS.map(([name, usual, most], index) => {
    const value = Number(args[index] ?? usual);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new RangeError(`expected ${name} from 1 to ${String(most)}, got ${String(args[index])}`);
  });
}

async function flood(args: readonly string[]): Promise<boolean> {
  const [hostile = 0, devices = 0, seconds = 0] = numbersFrom(args);
  print(`${String(hostile)} hostile connections at a time beside ${String(devices)} good devices`);
  print(`for ${String(seconds)} s on loopback …`);
  const options = { hostile, devices, seconds, deadlineMs: 10_000, crowd: distantCrowd };
  const result = await runFlood(options);
  printResult(result);
  return result.missed === 0 && result.fewest > 0 && kept(result.hostile) === 0;
}

function printResult(result: FloodResult): void {
  const { memory } = result;
  print('');
  print(`good rounds      ${String(result.completed)} completed, ${String(result.missed)} missed,`);
  print(`                 at least ${String(result.fewest)} of each device`);
  print(`good sessions    ${String(result.lostSessions)} lost`);
  print(`events           ${String(result.events)} told to the operator`);
  const sizes = [memory.start, memory.peak, memory.end].map((bytes) =>
    Math.round(bytes / MEBIBYTE),
  );
  print(`memory, MiB      ${sizes.join(' / ')} (start / peak / end)`);
  print('');
  printEndings('hostile', result.hostile);
  printEndings('stolen keys', result.stolen);
  for (const trouble of result.troubles.slice(0, 20)) print(`trouble: ${trouble}`);
  print(`kept open: ${String(kept(result.hostile))}`);
}

function printEndings(title: string, kinds: StolenResult): void {
  print(`${title.padEnd(28)} ${'ended'.padStart(7)}  how`);
  for (const [kind, endings] of Object.entries(kinds).sort()) {
    const counts = Object.entries(endings)
      .map(([ending, count = 0]) => [ending, count] as const)
      .sort(([, a], [, b]) => b - a);
    const sum = counts.reduce((total, [, count]) => total + count, 0);
    const how = counts.map(([ending, count]) => `${ending} ×${String(count)}`).join(', ');
    print(`  ${kind.padEnd(26)} ${String(sum).padStart(7)}  ${how}`);
  }
}

function kept(hostile: CrowdResult): number {
  return Object.values(hostile).reduce((sum, endings) => sum + (endings['kept'] ?? 0), 0);
}

/** Throws with the input when a parser does anything but take or refuse it. */
function fuzz(args: readonly string[]): Promise<boolean> {
  const { tries, seed } = optionsFrom(args, 100_000);
  print(`seed ${String(seed)}`);
  for (const { parser, inputs, taken, refused } of fuzzParsers(tries, seed)) {
    const codes = Object.entries(refused).map(([code, count]) => `${code} ×${String(count)}`);
    const counts = `${String(inputs).padStart(8)} inputs, ${String(taken).padStart(7)} taken`;
    print(`${parser.padEnd(18)} ${counts}  ${codes.join(', ')}`);
  }
  return Promise.resolve(true);
}

/** By name. */
const ATTACKS: Readonly<
  Partial<
    Record<string, (args: readonly string[], tell: (line: string) => void) => Promise<boolean>>
  >
> = { flood, gateway, parsers: fuzz };

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main([command, ...args]: readonly string[]): Promise<void> {
  if (command === 'crowd' && process.send !== undefined) {
    beCrowd();
    return;
  }
  const attack = ATTACKS[command ?? ''];
  if (attack === undefined) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  if (!(await attack(args, print))) process.exitCode = 1;
}

void main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
