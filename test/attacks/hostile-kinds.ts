/** What hostile peers do, one function a kind. Each leaves its connection to the other end to finish. */
import { setTimeout as pause } from 'node:timers/promises';
import { UPGRADE_HEADERS, type RawPeer } from './raw-peer.ts';

/** Frames that a thief of traffic, but not of keys, has. */
export interface Loot {
  /** Hellos that were sent before. */
  readonly replayed: readonly Uint8Array[];
  /** Hellos of a kid that nobody has. */
  readonly unknown: readonly Uint8Array[];
}

export type HostileKind = (peer: RawPeer, loot: Loot) => void | Promise<void>;

const FRAME = 66_560;

const upgraded =
  (next: (peer: RawPeer, loot: Loot) => void | Promise<void>): HostileKind =>
  async (peer, loot) => {
    if (await peer.upgrade()) await next(peer, loot);
  };

const upgradeWith =
  (path: string, change: Readonly<Record<string, string>>): HostileKind =>
  (peer) => {
    peer.request(path, { ...UPGRADE_HEADERS, ...change });
  };

/** `bytes` in pieces of one, until the connection is over. */
async function drip(
  peer: RawPeer,
  bytes: string | Uint8Array,
  milliseconds: number,
): Promise<void> {
  for (const byte of Buffer.from(bytes)) {
    if (peer.over) return;
    peer.write(Buffer.from([byte]));
    await pause(milliseconds);
  }
}

async function flood(peer: RawPeer, rounds: number, send: () => void): Promise<void> {
  for (let round = 0; round < rounds && !peer.over; round += 1) {
    for (let count = 0; count < 64; count += 1) send();
    await pause(1);
  }
}

/** By name. */
export const hostileKinds: Readonly<Record<string, HostileKind>> = {
  'TCP and silence': () => undefined,
  'headers byte by byte': (peer) =>
    drip(peer, `GET /v1/device HTTP/1.1\r\nx: ${'y'.repeat(999)}`, 200),
  'no HTTP': (peer) => {
    peer.write('\u0016\u0003\u0001 hello\r\n\r\n');
  },
  '2500 header fields': (peer) => {
    const fields = Array.from({ length: 2_500 }, (_none, index) => [`x-${String(index)}`, '']);
    peer.request('/v1/device', { ...(Object.fromEntries(fields) as object), ...UPGRADE_HEADERS });
  },
  '1000 short fields': (peer) => {
    peer.write(
      `GET /v1/device HTTP/1.1\r\nhost: a\r\n${'a:\r\n'.repeat(1_000)}upgrade: websocket\r\n\r\n`,
    );
  },
  'another path': upgradeWith('/v1/devices', {}),
  'a web page': upgradeWith('/v1/device', { origin: 'https://evil.example' }),
  'another sub-protocol': upgradeWith('/v1/device', { 'sec-websocket-protocol': 'chat' }),
  'a bad key': upgradeWith('/v1/device', { 'sec-websocket-key': 'short' }),
  'a body too large': (peer) => {
    peer.request('/v1/anchors', { host: 'a', 'content-length': '999999999' }, 'POST');
  },
  'a body byte by byte': async (peer) => {
    peer.request('/v1/anchors', { host: 'a', 'content-length': '60000' }, 'POST');
    await drip(peer, new Uint8Array(1_000), 200);
  },
  'a body of noise': (peer) => {
    peer.request('/v1/anchors', { host: 'a', 'content-length': '1000' }, 'POST');
    peer.write(new Uint8Array(1_000).fill(0x80));
  },
  'WebSocket and silence': upgraded(() => undefined),
  'an empty frame': upgraded((peer) => {
    peer.frame(new Uint8Array(0));
  }),
  text: upgraded((peer) => {
    peer.frame(Buffer.from('hello'), { opcode: 1 });
  }),
  noise: upgraded((peer) => {
    peer.frame(new Uint8Array(100).fill(0xff));
  }),
  fragments: upgraded((peer) => {
    peer.frame(new Uint8Array(1), { fin: false });
    return flood(peer, 100, () => {
      peer.frame(new Uint8Array(1), { fin: false, opcode: 0 });
    });
  }),
  compressed: upgraded((peer) => {
    peer.frame(new Uint8Array(8), { rsv1: true });
  }),
  'too large': upgraded((peer) => {
    peer.frame(new Uint8Array(0), { told: 2 ** 40 });
  }),
  'a large frame before Hello': upgraded((peer) => {
    peer.frame(new Uint8Array(FRAME));
  }),
  'a frame that never ends': upgraded(async (peer) => {
    peer.frame(new Uint8Array(8_000), { told: FRAME });
    await drip(peer, new Uint8Array(5_000), 5);
  }),
  'a flood of pings': upgraded((peer) =>
    flood(peer, 1_000, () => {
      peer.frame(new Uint8Array(100), { opcode: 9 });
    }),
  ),
  'an unknown kid': upgraded((peer, { unknown }) => {
    peer.frame(pick(unknown));
  }),
  'a replayed Hello': upgraded((peer, { replayed }) => {
    peer.frame(pick(replayed));
  }),
  'a Hello changed': upgraded((peer, { replayed }) => {
    const hello = Buffer.from(pick(replayed));
    hello[hello.length - 1]! ^= 1;
    peer.frame(hello);
  }),
  'no reading': upgraded(async (peer, { unknown }) => {
    peer.pause();
    peer.frame(pick(unknown));
    // A reset is noticed by writing.
    await drip(peer, new Uint8Array(1_000), 100);
  }),
  'frames after a close': upgraded((peer) =>
    flood(peer, 1_000, () => {
      peer.frame(new Uint8Array(1_000));
    }),
  ),
};

let turn = 0;
function pick<T>(items: readonly T[]): T {
  turn += 1;
  return items[turn % items.length]!;
}
