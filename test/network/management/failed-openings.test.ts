import { suiteFacts } from '@lamplighter/sdk/wire';
import type { ProtocolErrorCode } from '@lamplighter/sdk/protocol';
import type { DeviceEntry } from '../../../network/src/management/device-database.ts';
import {
  countFailedOpening,
  isFailedOpening,
} from '../../../network/src/management/failed-openings.ts';
import type { ManagementFact } from '../../../network/src/management/events.ts';
import { TestCity } from './support/test-city.ts';

/** One device of a suite, as far as counting looks at it. */
class Counted {
  readonly told: ManagementFact[] = [];
  readonly asked: string[] = [];
  entry: Pick<DeviceEntry, 'failedOpenings' | 'secrets'>;

  constructor(suite: number, failedOpenings?: number) {
    const secrets = { assignment: { suite } } as DeviceEntry['secrets'];
    this.entry = { secrets, ...(failedOpenings === undefined ? {} : { failedOpenings }) };
  }

  count(): Promise<void> {
    return countFailedOpening('lamp-1', {
      database: {
        update: (_, change) => {
          this.entry = change(this.entry as DeviceEntry);
          return Promise.resolve(this.entry as DeviceEntry);
        },
      },
      events: { emit: (fact) => void this.told.push(fact) },
      renewals: { ask: (device) => void this.asked.push(device) },
    });
  }
}

describe('what did not open', () => {
  it.each([0x0103, 0x0301])('of suite %i is told at its limit, once', async (suite) => {
    const { failures } = suiteFacts(suite)!.limits;
    const device = new Counted(suite, failures - 2);
    await device.count();
    expect([device.told, device.asked]).toEqual([[], []]);
    await device.count();
    expect(device.told).toEqual([
      {
        type: 'alarm',
        device: 'lamp-1',
        code: 'OPENINGS_FAILED',
        reason: `${failures} records and handshakes of this epoch did not open (§5)`,
      },
    ]);
    expect(device.asked).toEqual(['lamp-1']);
    await device.count();
    expect(device.told).toHaveLength(1);
  });

  it('is counted from 0 where an earlier version kept no count', async () => {
    const device = new Counted(0x0103);
    await device.count();
    expect(device.entry.failedOpenings).toBe(1);
  });

  it.each<[ProtocolErrorCode, boolean]>([
    ['RECORD_NOT_AUTHENTIC', true],
    ['HANDSHAKE_NOT_AUTHENTIC', true],
    ['FRAME_MALFORMED', false],
    ['HELLO_MAC_WRONG', false],
  ])('%s counts: %s', (code, counts) => {
    expect(isFailedOpening(code)).toBe(counts);
  });

  it('of a connected device ends its session and is counted', async () => {
    const city = await TestCity.start();
    try {
      const device = await city.device();
      const session = await device.open(city.url);
      const frame = session.session.seal({ type: 'close-notify', code: 0 })[0]!;
      frame[frame.length - 1]! ^= 1;
      session.line.send(frame);
      expect(await session.line.closed).toBe(4402);
      expect(await city.event('device-disconnected')).toMatchObject({ closeCode: 4402 });
    } finally {
      await city.close();
    }
  });
});
