import type { Message, Want } from '@lamplighter/sdk/wire';
import { Deliveries, type DeliveriesParts } from '../../../network/src/management/deliveries.ts';
import type { LiveSession } from '../../../network/src/management/live-session.ts';
import type { VerifiedRelease } from '../../../network/src/management/release-verification.ts';
import { Supervisor } from '../../../network/src/management/supervise.ts';
import { settle } from './support/fake-clock.ts';

const ENVELOPE = new Uint8Array(3_000).fill(7);

/** As much of a session as deliveries use. */
function session(device: string) {
  const sent: Message[] = [];
  const ending = new AbortController();
  let drain: () => void = () => undefined;
  const live = {
    device,
    lightweight: false,
    fmax: 1_280,
    ended: ending.signal,
    behind: false,
    send: (message: Message) => void sent.push(message),
    drained: () => (live.behind ? new Promise<void>((resolve) => (drain = resolve)) : undefined),
  };
  const stall = (): void => {
    live.behind = true;
  };
  const read = (): void => {
    live.behind = false;
    drain();
  };
  const end = (): void => {
    ending.abort();
    drain();
  };
  return { live: live as unknown as LiveSession, sent, stall, read, end };
}

function build() {
  const alarms: unknown[] = [];
  const supervisor = new Supervisor({ emit: (fact) => alarms.push(fact) });
  const deliveries = new Deliveries({ supervisor, concurrency: 1 } as unknown as DeliveriesParts);
  const want = async (live: LiveSession): Promise<void> => {
    const release = { signed: ENVELOPE } as unknown as VerifiedRelease;
    const { sha256 } = await deliveries.prepare(live, release);
    const message: Want = { type: 'want', sha256, from: 0, credit: 256, paths: false };
    deliveries.wanted(live, message);
  };
  return { deliveries, supervisor, alarms, want };
}

describe('deliveries', () => {
  it('do not wait for a device that reads nothing: others are served in its place', async () => {
    const { want, supervisor, alarms } = build();
    const [silent, other] = [session('lamp-1'), session('lamp-2')];
    silent.stall();
    await want(silent.live);
    await settle();
    await want(other.live);
    await settle();
    expect(silent.sent).toHaveLength(0);
    expect(other.sent).toHaveLength(3);
    silent.read();
    await supervisor.settled();
    expect(silent.sent).toEqual(other.sent);
    expect(alarms).toEqual([]);
  });

  it('end quietly with a session that is waited for', async () => {
    const { want, supervisor, alarms } = build();
    const [silent, other] = [session('lamp-1'), session('lamp-2')];
    silent.stall();
    await want(silent.live);
    await settle();
    silent.end();
    await supervisor.settled();
    await want(other.live);
    await supervisor.settled();
    expect(other.sent).toHaveLength(3);
    expect(alarms).toEqual([]);
  });
});
