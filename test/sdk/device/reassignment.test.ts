/** New assignments at the device (docs/protocol.md §2.3): known ones, too many, and power cuts while one is taken. */
import { FileKeyStore } from '@lamplighter/sdk/node';
import { decodeFrame, toHex } from '@lamplighter/sdk/wire';
import { helloCoreCodec } from '../../../sdk/src/wire/handshake-bodies.ts';
import { SimulatedDisk } from '../firmware/simulated-disk.ts';
import { filled } from '../protocol/session-fixture.ts';
import { DeviceFixture, sha256 } from './device-fixture.ts';
import type { MemoryManager } from './memory-manager.ts';
import { nextAssignment } from './next-assignment.ts';
import { openFirmware } from './power-cut-bench.ts';
import { modeOf } from './power-cut-lives.ts';

const DIRECTORY = '/device';

/** Offers an assignment in the manager's session, as `push` does. */
async function push(manager: MemoryManager, envelope: Uint8Array): Promise<void> {
  const name = sha256(envelope);
  manager.objects.set(toHex(name), { kind: 'blob', bytes: envelope });
  await manager.send({ type: 'push', ref: { kind: 6, sha256: name, size: envelope.length } });
}

/** A device, the manager that it has, and the one that it is to have. */
class Move {
  readonly fixture: DeviceFixture;
  readonly old: MemoryManager;
  readonly next: MemoryManager;
  readonly envelope: Uint8Array;

  constructor(kind: 'end' | 'lightweight', op: 0 | 1 = 0) {
    this.fixture = new DeviceFixture(kind);
    this.old = this.fixture.manager;
    const { envelope, manager } = nextAssignment(this.fixture, { op });
    this.envelope = envelope;
    this.next = manager;
  }

  async start(options: Parameters<DeviceFixture['start']>[0] = {}): Promise<void> {
    const { old, next } = this;
    await this.fixture.start({
      transport: (url, each) => (url.includes('other') ? next : old).transport(url, each),
      ...options,
    });
  }
}

describe('an assignment', () => {
  it('that the device has already is acknowledged as such, and it dials under it', async () => {
    const move = new Move('end');
    const { fixture, old, next, envelope } = move;
    next.reachable = false;
    await move.start();
    await push(old, envelope);
    // The new manager does not answer: after three failures the old one is dialled again.
    await fixture.clock.advance(200);
    expect(fixture.told('connected').at(-1)?.manager).toBe('manager-1');
    next.reachable = true;
    const errors = fixture.told('error').length;
    await push(old, envelope);
    expect(old.last('push-ack').code).toBe(1);
    await fixture.clock.advance(1);
    expect(fixture.told('connected').at(-1)?.manager).toBe('manager-2');
    expect(fixture.told('error')).toHaveLength(errors);
    expect(fixture.told('reassigned')).toHaveLength(1);
    await fixture.close();
  });

  it('is checked once a minute in a session, so that nobody buys signature checks', async () => {
    const move = new Move('end');
    const { fixture, old, envelope } = move;
    await move.start();
    const forged = envelope.slice();
    forged[forged.length - 1]! ^= 1;
    const codes: number[] = [];
    for (let tries = 0; tries < 3; tries += 1) {
      await push(old, forged);
      codes.push(old.last('push-ack').code);
    }
    expect(codes).toEqual([2, 11, 11]);
    expect(fixture.told('error')).toHaveLength(1);
    await fixture.clock.advance(60);
    await push(old, envelope);
    expect(old.last('push-ack').code).toBe(0);
    await fixture.close();
  });
});

/** False when the power went during the start, or the device is retired. */
async function started(move: Move, disk: SimulatedDisk): Promise<boolean> {
  try {
    const firmware = await openFirmware(DIRECTORY, disk);
    await move.start({ firmware, keys: new FileKeyStore(DIRECTORY, disk) });
    return true;
  } catch (error) {
    const isRetired = error instanceof Error && 'code' in error && error.code === 'DEVICE_RETIRED';
    if (!disk.isDead && !isRetired) throw error;
    return false;
  }
}

/** The manager's connection with a session, if there is one now. */
function openLine({ lines }: MemoryManager): object | undefined {
  return lines.findLast(({ session, inbox }) => session !== null && inbox.closeCode === null);
}

function hasMoved({ next, fixture }: Move): boolean {
  return next.lines.at(-1)?.session != null || fixture.told('closed').length > 0;
}

describe.each([
  ['moves a device of kind end', 'end', 0],
  ['moves a device of kind lightweight', 'lightweight', 0],
  ['retires a device of kind end', 'end', 1],
  ['retires a device of kind lightweight', 'lightweight', 1],
] as const)('a push that %s', (_what, kind, op) => {
  /** A life on a disk, until the device is where it is to be, or the power goes. */
  async function live(move: Move, disk: SimulatedDisk): Promise<void> {
    if (!(await started(move, disk))) return;
    const { fixture, old, next, envelope } = move;
    const pushed = new Set<unknown>();
    for (let second = 0; second < 100 && !disk.isDead; second += 1) {
      const line = openLine(old);
      if (line !== undefined && !pushed.has(line)) {
        pushed.add(line);
        await push(old, envelope);
      }
      await fixture.clock.advance(1);
      if (hasMoved(move)) break;
    }
    await fixture.close();
    for (const manager of [old, next]) manager.lines.at(-1)?.inbox.end(1006);
  }

  it('is whole, or comes again, after a power cut at any write', async () => {
    let cut = 1;
    for (; ; cut += 1) {
      const move = new Move(kind, op);
      const disk = new SimulatedDisk();
      const counters = new Map<string, number>();
      let repeated = 0;
      for (const manager of [move.old, move.next]) {
        manager.onHello = (_line, frame) => {
          const hello = decodeFrame(frame);
          if (hello.type !== 'hello') throw new Error(`expected a Hello, got ${hello.type}`);
          const { ctr, kid } = helloCoreCodec.decode(hello.core);
          if (ctr <= (counters.get(toHex(kid)) ?? 0)) repeated += 1;
          counters.set(toHex(kid), ctr);
          return false;
        };
      }
      disk.cutAt(cut, modeOf(cut));
      await live(move, disk);
      if (!disk.isDead) break;
      disk.restart();
      disk.cutAt(Infinity, 'kept');
      await live(move, disk);
      const keys = new FileKeyStore(DIRECTORY, disk);
      const end = await keys.load().then(
        (record) => record?.epoch.assignment.idM,
        (error: unknown) => (error as { code: string }).code,
      );
      expect({ cut, end, repeated }).toEqual({
        cut,
        end: op === 1 ? 'DEVICE_RETIRED' : 'manager-2',
        repeated: 0,
      });
    }
    expect(cut).toBeGreaterThan(10);
  }, 60_000);
});

it('an empty digest is no assignment', async () => {
  const move = new Move('end');
  await move.start();
  await move.old.send({ type: 'push', ref: { kind: 6, sha256: filled(0), size: 0 } });
  expect(move.old.last('push-ack').code).toBe(7);
  await move.fixture.close();
});
