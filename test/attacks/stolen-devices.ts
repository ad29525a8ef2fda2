/** Devices whose keys somebody has: they get a session, and cost the gateway what they can. */
import { setTimeout as pause } from 'node:timers/promises';
import type { TestCity } from '../network/management/support/test-city.ts';
import { type DeviceLine, type TestDevice } from '../network/management/support/test-device.ts';

type Abuse = (line: DeviceLine, device: TestDevice) => Promise<void>;

const over = async (line: DeviceLine): Promise<boolean> =>
  Promise.race([line.line.closed.then(() => true), pause(1, false)]);

const repeat =
  (count: number, send: (line: DeviceLine, device: TestDevice) => void): Abuse =>
  async (line, device) => {
    for (let round = 0; !(await over(line)); round += 1) {
      for (let each = 0; each < count; each += 1) send(line, device);
      if (round > 5_000) return;
    }
  };

/** By name. */
export const abuses: Readonly<Record<string, Abuse>> = {
  'queries without end': repeat(4, (line, device) => {
    const hfw = new Uint8Array(32);
    const fields = { idD: device.id, seq: 1, ver: '1.0.1', size: 1, hfw };
    line.send({ type: 'upd-query', ...fields, challenge: new Uint8Array(0) });
  }),
  'results without end': repeat(4, (line) => {
    line.send({ type: 'result', attempt: 1, seq: 9, sha256: new Uint8Array(32), code: 5 });
  }),
  'wants without end': repeat(64, (line) => {
    const sha256 = new Uint8Array(32);
    line.send({ type: 'want', sha256, from: 0, credit: 1, paths: true });
  }),
  'sessions without end': (line) => {
    line.line.close();
    return Promise.resolve();
  },
};

/** What became of their sessions: abuse, ending, count. */
export type StolenResult = Record<string, Partial<Record<string, number>>>;

/** Uses one stolen device of each abuse until `signal`. */
export async function useStolenDevices(city: TestCity, signal: AbortSignal): Promise<StolenResult> {
  const result: StolenResult = {};
  const names = Object.keys(abuses);
  const devices: TestDevice[] = [];
  for (let count = 0; count < names.length; count += 1) devices.push(await city.device('end'));
  const use = async (name: string, device: TestDevice): Promise<void> => {
    const endings: Partial<Record<string, number>> = {};
    result[name] = endings;
    for (;;) {
      const ending = await oneSession(city, abuses[name]!, device, signal);
      if (signal.aborted) return;
      endings[ending] = (endings[ending] ?? 0) + 1;
      await pause(20);
    }
  };
  await Promise.all(names.map((name, index) => use(name, devices[index]!)));
  return result;
}

async function oneSession(
  city: TestCity,
  abuse: Abuse,
  device: TestDevice,
  signal: AbortSignal,
): Promise<string> {
  let line: DeviceLine;
  try {
    line = await device.open(city.url);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const stop = (): void => {
    line.line.close();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await abuse(line, device);
  const code = await line.line.closed;
  signal.removeEventListener('abort', stop);
  return `close ${String(code)}`;
}
