/**
 * Keeps connections of busy clients from being cut. The HTTP/2 of Node takes a client that resets streams (RST_STREAM) more than
 * 1,000 times at once, or 33 times a second for long, for an attacker, and ends the connection with all calls under way on it. But
 * grpc-js before 1.14.7, which every fabric-network brings, resets each stream that has ended well. Before such a client has spent
 * what it may, its connection is closed gracefully: calls under way go on, the next ones dial a new connection.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Session } from 'node:http2';

/** As nghttp2 counts (nghttp2_option_set_stream_reset_rate_limit). */
const BURST = 1_000;
const PER_SECOND = 33;
/** For calls that are under way when the connection is closed. */
const RESERVE = 300;
/** Until what the client sends before it has heard of the closing has come in. */
const CLOSE_AFTER_MS = 1_000;
const LAST_STREAM = 0x7fffffff;
const NEEDS_NO_CARE = [1, 14, 7];

/** Whether a client of that name resets streams that have ended. */
export function resetsEndedStreams(userAgent: string | undefined): boolean {
  const [, version] = /\bgrpc-node-js\/(\d+\.\d+\.\d+)/.exec(userAgent ?? '') ?? [];
  if (version === undefined) {
    return false;
  }
  const difference = version
    .split('.')
    .map((part, index) => Number(part) - (NEEDS_NO_CARE[index] ?? 0))
    .find((value) => value !== 0);
  return (difference ?? 0) < 0;
}

/** What one connection may spend. Pure but for its state. */
export class ResetBudget {
  #left = BURST - RESERVE;
  #since: number;

  constructor(nowMs: number) {
    this.#since = nowMs;
  }

  /** Notes a stream. @returns whether the connection has to be closed now */
  spend(nowMs: number): boolean {
    const refilled = this.#left + ((nowMs - this.#since) * PER_SECOND) / 1_000;
    this.#left = Math.min(BURST - RESERVE, refilled) - 1;
    this.#since = nowMs;
    return this.#left < 0;
  }
}

type State = ResetBudget | 'careless' | 'closing';

/** Watches the connections of one server; call it with every stream that comes in. */
export function watchResets(): (session: ServerHttp2Session, headers: IncomingHttpHeaders) => void {
  const states = new WeakMap<ServerHttp2Session, State>();
  return (session, headers) => {
    const nowMs = performance.now();
    let state = states.get(session);
    if (!state) {
      state = resetsEndedStreams(headers['user-agent']) ? new ResetBudget(nowMs) : 'careless';
      states.set(session, state);
    }
    if (state instanceof ResetBudget && state.spend(nowMs)) {
      states.set(session, 'closing');
      leave(session);
    }
  };
}

function leave(session: ServerHttp2Session): void {
  if (session.destroyed) {
    return;
  }
  session.goaway(constants.NGHTTP2_NO_ERROR, LAST_STREAM);
  setTimeout(() => {
    if (!session.destroyed) {
      session.close();
    }
  }, CLOSE_AFTER_MS).unref();
}
