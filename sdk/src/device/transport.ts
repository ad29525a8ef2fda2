/**
 * What the runtime needs of a WebSocket (docs/protocol.md §1): one frame a binary message, in order, with a bound on what
 * waits unread. `transport-node.ts` and `transport-web.ts` provide it.
 */
import { CloseCode } from '../wire/message-types.ts';

/** One open WebSocket. */
export interface Connection {
  /** Queues a frame. A frame for a connection that is closed goes nowhere. */
  send(frame: Uint8Array): void;
  /** Ends the connection with a close code of §8. */
  close(code: number): void;
  readonly inbox: Inbox;
}

/**
 * Dials a gateway.
 *
 * @throws when there is no WebSocket with the sub-protocol `lamplighter.v1` at that address
 */
export type Transport = (
  url: string,
  options: { readonly maxFrameBytes: number; readonly signal: AbortSignal },
) => Promise<Connection>;

/** The name and version of the protocol (§1). */
export const SUBPROTOCOL = 'lamplighter.v1';

/** Frames and bytes that may wait: more than D ever asks for at once (§6.6 `credit`). */
const INBOX_FRAMES = 2048;
const INBOX_BYTES = 4 * 1024 * 1024;

/** Frames that have come and not been read, and the end of the connection. */
export class Inbox {
  readonly #frames: Uint8Array[] = [];
  #bytes = 0;
  #closeCode: number | null = null;
  #wake: (() => void) | null = null;

  /** The code with which the connection was closed, null while it is open; 1006 when it broke. */
  get closeCode(): number | null {
    return this.#closeCode;
  }

  /** @returns false when there is no room: the connection is then to be closed with 4429 */
  push(frame: Uint8Array): boolean {
    if (this.#closeCode !== null) return true;
    if (this.#frames.length >= INBOX_FRAMES || this.#bytes + frame.length > INBOX_BYTES) {
      return false;
    }
    this.#frames.push(frame);
    this.#bytes += frame.length;
    this.#notify();
    return true;
  }

  /** The connection has ended; frames that came before can still be read. */
  end(code: number): void {
    this.#closeCode ??= code;
    this.#notify();
  }

  /** The next frame, null at the end. One reader at a time. */
  async next(): Promise<Uint8Array | null> {
    while (this.#frames.length === 0 && this.#closeCode === null) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const frame = this.#frames.shift() ?? null;
    this.#bytes -= frame?.length ?? 0;
    return frame;
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = null;
  }
}

/** Puts what a socket delivered into the inbox; text and overflow end the connection (§1). */
export function deliver(inbox: Inbox, data: unknown, close: (code: number) => void): void {
  if (!(data instanceof Uint8Array)) close(CloseCode.malformed);
  else if (!inbox.push(data)) close(CloseCode.tooMany);
}

/** The platform's transport: `ws` in Node, the global WebSocket in browsers. */
export async function platformTransport(): Promise<Transport> {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  if (process?.versions?.node === undefined) {
    const { webTransport } = await import('./transport-web.ts');
    return webTransport;
  }
  const { nodeTransport } = await import('./transport-node.ts');
  return nodeTransport;
}
