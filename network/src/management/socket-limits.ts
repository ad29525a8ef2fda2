/** Bounds of one device's connection, with the numbers of protocol §1, §5 and §8. */
import { limits } from '@lamplighter/sdk/wire';
import type { InboxLimits } from './inbox.ts';
import type { Rate } from './token-bucket.ts';

/** Bounds of one connection. */
export interface SocketLimits extends InboxLimits {
  /** Milliseconds from TCP's first to a session. @default 10_000 */
  readonly handshakeDeadlineMs: number;
  /** Bytes taken before a session. @default 8_192 */
  readonly handshakeBytes: number;
  /** Bytes of one frame before a session. @default 4_096 */
  readonly handshakeFrameBytes: number;
  /** Frames taken before a session. @default 3 */
  readonly handshakeFrames: number;
  /** Milliseconds between pings. @default 60_000 */
  readonly pingMs: number;
  /** Unanswered pings after which the peer is dead. @default 2 */
  readonly pingMisses: number;
  /** Bytes waiting to be sent after which the peer is a slow reader and is dropped. @default 1_048_576 */
  readonly bufferedBytes: number;
  /** Bytes waiting to be sent below which {@link DeviceSocket.drained} goes on. @default 262_144 */
  readonly lowWaterBytes: number;
  /** Milliseconds in which a peer that is waited for takes one frame, else it is dropped. @default 60_000 */
  readonly drainMs: number;
  /** Frames taken and not yet handled before reading pauses. @default 64 */
  readonly queuedFrames: number;
  /** Bytes taken and not yet handled before reading pauses. @default 133_120, two of the largest frames */
  readonly queuedBytes: number;
  /** Frames of a session; reading waits for who is faster. @default 256, and 64 a second */
  readonly frames: Rate;
  /** Pings and pongs of the peer; more end the connection. @default 16, and 1 a second */
  readonly controlFrames: Rate;
  /** Milliseconds that a peer without a session has to answer a close. @default 1_000 */
  readonly lingerMs: number;
}

/** Defaults of {@link SocketLimits}. */
export const defaultSocketLimits: SocketLimits = {
  handshakeDeadlineMs: limits.HANDSHAKE_SECONDS * 1_000,
  handshakeBytes: limits.HANDSHAKE_BYTES,
  handshakeFrameBytes: limits.HANDSHAKE_FRAME_BYTES,
  handshakeFrames: limits.HANDSHAKE_FRAMES,
  pingMs: 60_000,
  pingMisses: 2,
  bufferedBytes: 1_048_576,
  lowWaterBytes: 262_144,
  drainMs: 60_000,
  queuedFrames: 64,
  queuedBytes: 2 * limits.FMAX_MOST,
  frames: { burst: 256, perSecond: 64 },
  controlFrames: { burst: 16, perSecond: 1 },
  lingerMs: 1_000,
};
