/** A management node that is killed at random moments under load, on a real disk. Needs the built network. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { LedgerError } from '../../../network/src/ledger/index.ts';
import type { FakeLedger } from './support/fake-ledger.ts';
import { answer } from './support/monitoring-answer.ts';
import { TestCity } from './support/test-city.ts';
import type { TestDevice } from './support/test-device.ts';

const KILLS = 12;
const LONGEST_LIFE_MS = 600;
const PROGRAM = path.join(__dirname, 'support', 'manager-process.cjs');
const INTERVALS = { fti: 10, rti: 2, uti: 15 };

type Call = {
  readonly id: number;
  readonly method: 'prepare' | 'send' | 'status' | 'evaluate' | 'chain';
  readonly args: readonly never[];
};
type Message = Call | { readonly port: number } | { readonly failed: string };

async function serve(child: ChildProcess, ledger: FakeLedger, { id, method, args }: Call) {
  const work = (ledger[method] as (...each: readonly never[]) => Promise<unknown>).bind(ledger);
  const reply = await work(...args).then(
    (value) => ({ id, value }),
    (error: unknown) => {
      const { code, message } = error as LedgerError;
      return { id, error: { code, message } };
    },
  );
  // A child that is killed at this moment hears nothing more: with a callback that is no error event.
  if (child.connected) child.send(reply, () => undefined);
}

/** Starts a node on the directory; resolves with its process and where it listens. */
async function start(city: TestCity, masterKey: Uint8Array): Promise<[ChildProcess, string]> {
  const child = fork(PROGRAM, { serialization: 'advanced', execArgv: [] });
  const { id, mspId, directory, keys } = city.options;
  const storage = { kind: 'disk', masterKey };
  const port = await new Promise<number>((resolve, reject) => {
    child.on('message', (message: Message) => {
      if ('port' in message) resolve(message.port);
      else if ('failed' in message) reject(new Error(message.failed));
      else void serve(child, city.ledger, message);
    });
    child.send({ start: { id, mspId, directory, keys, storage, port: 0 } });
  });
  return [child, `ws://127.0.0.1:${String(port)}/v1/device`];
}

/** Round after round until the node is dead; what it acknowledged by `mon-set` is added to `acknowledged`. */
async function live(device: TestDevice, url: string, acknowledged: string[]): Promise<void> {
  try {
    for (;;) {
      const session = await device.open(url, { opensIn: 0 });
      const request = await session.expect('mon-req-e');
      session.send(answer(device, request, INTERVALS));
      await session.expect('mon-set');
      acknowledged.push(`${device.id} ${String(request.n)}`);
      session.line.close();
    }
  } catch (error) {
    if (!/closed with|ECONNREFUSED|ECONNRESET|hang up/.test(String(error))) throw error;
  }
}

it('has every acknowledged round on the ledger once, whenever it is killed', async () => {
  const masterKey = new Uint8Array(32).fill(9);
  const city = await TestCity.start({ storage: { kind: 'disk', masterKey } });
  const devices = [await city.device(), await city.device(), await city.device()];
  await city.node.close();
  const acknowledged: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const [child, url] = await start(city, masterKey);
    const lives = devices.map((device) => live(device, url, acknowledged));
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * LONGEST_LIFE_MS));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await Promise.all(lives);
  }
  const [last] = await start(city, masterKey);
  const recorded = (): string[] =>
    city.ledger.statuses.map(({ device, n }) => `${device} ${String(n)}`);
  while (!acknowledged.every((each) => recorded().includes(each))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  last.kill('SIGKILL');
  await once(last, 'exit');
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(new Set(recorded()).size).toBe(recorded().length);
  await city.close();
}, 60_000);
