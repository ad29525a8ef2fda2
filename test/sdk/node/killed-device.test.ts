/**
 * A device in a process of its own that is killed (SIGKILL) in the middle of handshake, round, delivery, trial and result:
 * on the next start it goes on from its files (docs/protocol.md §5 "Crash safety", §6.6).
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { nodeDisk } from '@lamplighter/sdk/node';
import { toHex } from '@lamplighter/sdk/wire';
import { AttentiveManager } from '../device/attentive-manager.ts';
import { DeviceFixture, FACTORY } from '../device/device-fixture.ts';
import { NEW_IMAGE, bootableIn } from '../device/power-cut-bench.ts';

const ROOT = join(__dirname, '../../..');
const OPTIONS = { maxFrameBytes: 66_560, signal: new AbortController().signal };
/** Frames, both ways together, after which each life ends; the last life is not ended. */
const KILLED_AFTER = [1, 2, 3, 4, 6, 9, 12, 17, 22, 25, 1, 2, 3, 4, 5, 6, 8];

let directory: string;
let program: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamplighter-killed-'));
  program = join(directory, 'device.cjs');
  await build({
    entryPoints: [join(__dirname, 'killed-device.ts')],
    alias: {
      '@lamplighter/sdk/node': join(ROOT, 'sdk/src/node/index.ts'),
      '@lamplighter/sdk': join(ROOT, 'sdk/src/index.ts'),
    },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    outfile: program,
  });
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** A gateway on loopback in front of a manager in memory; counts frames. */
class Gateway {
  readonly #server: WebSocketServer;
  readonly #fixture: DeviceFixture;
  frames = 0;

  private constructor(server: WebSocketServer, fixture: DeviceFixture) {
    this.#server = server;
    this.#fixture = fixture;
    server.on('connection', (socket) => void this.#serve(socket));
  }

  static async start(fixture: DeviceFixture): Promise<Gateway> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    return new Gateway(server, fixture);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/device`;
  }

  async close(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(socket: WebSocket): Promise<void> {
    const early: Buffer[] = [];
    socket.on('message', (data) => early.push(data as Buffer));
    const connection = await this.#fixture.manager.transport(this.url, OPTIONS);
    const { inbox } = connection;
    const take = (data: Buffer): void => {
      this.frames += 1;
      connection.send(new Uint8Array(data));
    };
    early.forEach(take);
    socket.removeAllListeners('message');
    socket.on('message', (data) => {
      take(data as Buffer);
    });
    socket.on('error', () => undefined); // a killed process resets its connection
    socket.on('close', () => {
      inbox.end(1006);
    });
    for (;;) {
      const frame = await inbox.next();
      if (frame === null) break;
      this.frames += 1;
      socket.send(frame);
    }
    socket.close(inbox.closeCode ?? 1000);
  }
}

async function writeDocument(fixture: DeviceFixture, url: string, place: string): Promise<void> {
  const { identity } = fixture;
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'factory.bin'), FACTORY.bytes);
  const document = {
    format: 'lamplighter.provisioning.v1',
    device: identity.device,
    model: identity.model,
    vendor: identity.vendor,
    kind: identity.kind,
    gateway: url,
    assignment: toHex(identity.assignment),
    kv: toHex(identity.kv),
    kv_n: identity.kvN,
    ...(identity.kind === 'end'
      ? { vendorKey: toHex(identity.vendorKey ?? new Uint8Array()) }
      : { vendorMacKey: toHex(identity.vendorMacKey) }),
    image: join(place, 'factory.bin'),
    imageSize: identity.imageSize,
    imageSha256: toHex(identity.imageSha256),
    seq: identity.seq,
    gen: identity.gen,
    ver: identity.version,
    slotBytes: identity.slotBytes,
    component: identity.component,
    ...identity.intervals,
  };
  await writeFile(join(place, 'document.json'), JSON.stringify(document));
}

function startDevice(place: string): ChildProcess {
  return spawn(process.execPath, [program], {
    env: { DIRECTORY: join(place, 'state'), DOCUMENT: join(place, 'document.json') },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

describe.each(['end', 'lightweight'] as const)('a killed device of kind %s', (kind) => {
  it('goes on from its files', async () => {
    const fixture = new DeviceFixture(kind);
    const release = fixture.release(NEW_IMAGE, { chunkLog2: kind === 'end' ? 14 : 12 });
    const manager = new AttentiveManager(fixture, release);
    const gateway = await Gateway.start(fixture);
    const place = join(directory, kind);
    await writeDocument(fixture, gateway.url, place);
    const bootable: number[] = [];
    for (const killedAfter of [...KILLED_AFTER, Infinity]) {
      const end = gateway.frames + killedAfter;
      const child = startDevice(place);
      const exited = once(child, 'exit');
      while (gateway.frames < end && !manager.isDone && child.exitCode === null) {
        await manager.serve();
        await delay(1);
      }
      child.kill('SIGKILL');
      expect(await exited).toEqual([null, 'SIGKILL']);
      bootable.push(await bootableIn(join(place, 'state'), nodeDisk));
      if (manager.isDone) break;
    }
    await gateway.close();
    expect(bootable).not.toContain(0);
    expect(bootable.at(-1)).toBe(8);
    expect(manager.isDone).toBe(true);
    const { repeatedCounters, repeatedIndices, resyncs, results } = manager.seen;
    expect({ repeatedCounters, repeatedIndices, resyncs, results: results.length }).toEqual({
      repeatedCounters: 0,
      repeatedIndices: 0,
      resyncs: 0,
      results: 1,
    });
  }, 300_000);
});
