/** A device that is being updated is not compared for 30 minutes a release (protocol §6.2), and never for longer. */
import type { ManagementEvent } from '../../../network/src/management/index.ts';
import { answer } from './support/monitoring-answer.ts';
import { TestCity } from './support/test-city.ts';
import type { DeviceLine, TestDevice } from './support/test-device.ts';

const PROVISIONED = { fti: 10, rti: 2, uti: 15 };
const GRACE_SECONDS = 1_800;
const image = (seed: number): Uint8Array => new Uint8Array(3_000).fill(seed);

// Half an hour of a clock that the test moves takes a few seconds.
jest.setTimeout(30_000);

describe('a device that takes an offer and never finishes', () => {
  let city: TestCity;
  let device: TestDevice;
  let line: DeviceLine;
  let offers: number;
  beforeEach(async () => {
    city = await TestCity.start();
    device = await city.device('end');
    offers = 0;
  });
  afterEach(async () => {
    await city.close();
  });

  const statuses = (): string[] =>
    city.events.flatMap((event: ManagementEvent) =>
      event.type === 'judged' ? [event.status] : [],
    );

  async function offer(seq: number): Promise<Uint8Array> {
    const { model } = city.ledger.devices.get(device.id)!;
    const release = city.vendor.release(image(seq), { model, seq });
    city.approve(release);
    await city.event('release-accepted', (event) => event.release === release.id);
    return new Uint8Array(Buffer.from(release.firmware.sha256, 'hex'));
  }

  /** Dials, and answers whatever is asked, as a device in good order does. */
  async function dial(): Promise<void> {
    line = await device.open(city.url);
    void serve(line);
  }

  async function serve(served: DeviceLine): Promise<void> {
    for (;;) {
      const message = await served.next().catch(() => null);
      if (message === null) return;
      if (message.type === 'upd-offer') offers += 1;
      if (message.type === 'mon-req-e') served.send(answer(device, message, PROVISIONED));
    }
  }

  /** Time passes in steps that leave the sockets room to answer. */
  async function pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 10) {
      await city.clock.advance(10_000);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** What a device may do to look busy, once its offer is there. */
  const tricks: readonly (readonly [string, (digest: Uint8Array) => void])[] = [
    ['dials again and again', () => undefined],
    [
      'says each time that it has all',
      (digest) => {
        line.send({ type: 'done', sha256: digest, code: 0 });
      },
    ],
    [
      'gives up each time, for now',
      () => {
        line.send({ type: 'error', re: 18, code: 6 });
      },
    ],
  ];

  it.each(tricks)('and %s is judged after 30 minutes', async (_what, trick) => {
    const digest = await offer(2);
    for (let passed = 0; passed < GRACE_SECONDS + 120; passed += 120) {
      await dial();
      await pass(10);
      trick(digest);
      await pass(110);
    }
    expect(offers).toBeGreaterThan(0);
    expect(statuses()).toContain('normal');
    await city.event('round-completed', ({ status }) => status === 'normal');
    // What was spared is never spared again.
    const spared = statuses().lastIndexOf('updating');
    await dial();
    trick(digest);
    await pass(60);
    expect(statuses().lastIndexOf('updating')).toBe(spared);
  });

  it('is not compared within them, and has them anew for another release', async () => {
    await dial();
    await offer(2);
    await pass(120);
    expect(new Set(statuses())).toEqual(new Set(['updating']));
    await pass(GRACE_SECONDS);
    expect(statuses().at(-1)).toBe('normal');
    await offer(3);
    await pass(60);
    expect(statuses().at(-1)).toBe('updating');
  });

  it('is not spared for an image that nobody offered', async () => {
    await dial();
    await city.event('device-connected');
    const { model } = city.ledger.devices.get(device.id)!;
    const release = city.vendor.release(image(9), { model, seq: 9, propagate: false });
    city.approve(release);
    await city.event('release-accepted');
    const digest = new Uint8Array(Buffer.from(release.firmware.sha256, 'hex'));
    line.send({ type: 'done', sha256: digest, code: 0 });
    await pass(60);
    expect(new Set(statuses())).toEqual(new Set(['normal']));
  });
});
