/**
 * Dials the manager again and again, under the newest assignment or the one before (docs/protocol.md §2.3, §5), and runs
 * the sessions that come of it.
 */
import type { RetryPolicy } from './retry.ts';
import type { Connection, Transport } from './transport.ts';
import { CodedError } from '../wire/errors.ts';
import { SUSPEND_SECONDS_MOST } from '../wire/limits.ts';
import { CloseCode } from '../wire/message-types.ts';
import { decodeSigned } from '../wire/signed.ts';
import { equalBytes } from '../wire/bytes.ts';
import { wait } from './clock.ts';
import { DeviceSession } from './device-session.ts';
import { uniform } from './randomness.ts';
import { NOTICE_SECONDS, takeAssignment } from './reassignment.ts';
import { openSession } from './session-opening.ts';
import type { EpochSlot, Opening } from './session-opening.ts';
import type { DeviceServices, SessionEnd } from './session-link.ts';

/** §2.3: failures in a row after which the old and the new assignment are dialled in turn. */
const FAILURES_BEFORE_FORMER = 3;

/** Why a dialler ends: the device starts again, or it is over. */
export type DialEnd = 'restart' | 'over';

export interface DiallerOptions {
  readonly transport: Transport;
  readonly retry: RetryPolicy;
  /** First URL for the assignment of the provisioning document; later ones name their own. */
  readonly gateway: string;
  readonly signal: AbortSignal;
}

/** What follows an attempt: seconds to the next one, or the end. */
type Next = { readonly delay: number; readonly code: number } | DialEnd;

/** The dial loop between two starts of a device. */
export class Dialler {
  readonly #device: DeviceServices;
  readonly #options: DiallerOptions;
  readonly #stop: AbortController = new AbortController();
  #session: DeviceSession | null = null;
  #connection: Connection | null = null;
  #failures = 0;
  #resyncs = 0;
  #noticeAt = -NOTICE_SECONDS;
  #restart = false;

  constructor(device: DeviceServices, options: DiallerOptions) {
    this.#device = device;
    this.#options = options;
  }

  /** Dials until the device restarts or ends. */
  async run(): Promise<DialEnd> {
    const signal = AbortSignal.any([this.#options.signal, this.#stop.signal]);
    try {
      await wait(this.#device.clock, this.#silence(), signal);
      for (;;) {
        const next = await this.#once(signal);
        if (typeof next === 'string') return next;
        const { delay, code } = next;
        if (code !== 0) {
          this.#device.emit('disconnected', { closeCode: code, retryInSeconds: delay });
        }
        await wait(this.#device.clock, delay, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      return this.#restart ? 'restart' : 'over';
    }
  }

  /** Ends the session under way. */
  close(code: number): void {
    this.#session?.close(code);
    this.#connection?.close(code);
  }

  /** Ends the loop with a restart (§6.6 step 6: no session within the trial). */
  restart(): void {
    this.#restart = true;
    this.#stop.abort();
    this.close(CloseCode.done);
  }

  /** See {@link DeviceSession.tick}. */
  tick(queryDue: boolean, queried: () => void): void {
    this.#session?.tick(queryDue, queried);
  }

  async #once(signal: AbortSignal): Promise<Next> {
    const slot = this.#slot();
    const url = this.#url(slot);
    try {
      const maxFrameBytes = this.#device.code.fmax;
      const connection = await this.#options.transport(url, { maxFrameBytes, signal });
      this.#connection = connection;
      if (signal.aborted) connection.close(CloseCode.done);
      const opening = await openSession(connection, this.#device, slot);
      if (opening.kind !== 'session') return await this.#answered(opening);
      return await this.#inSession(connection, opening, url);
    } catch (error) {
      if (signal.aborted) throw error;
      return this.#failed(error);
    } finally {
      this.#session = null;
      this.#connection = null;
    }
  }

  async #inSession(
    connection: Connection,
    opening: Extract<Opening, { kind: 'session' }>,
    url: string,
  ): Promise<Next> {
    this.#failures = 0;
    this.#resyncs = 0;
    this.#session = new DeviceSession(connection, opening, this.#device);
    this.#device.emit('connected', { manager: opening.epoch.assignment.idM, url });
    try {
      return await this.#ended(await this.#session.run());
    } catch (error) {
      const code = closeCodeOf(error);
      connection.close(code);
      this.#device.emit('error', { error: asError(error) });
      return { delay: this.#delay(), code };
    }
  }

  async #ended(end: SessionEnd): Promise<Next> {
    switch (end.kind) {
      case 'restart':
        return 'restart';
      case 'retired':
        return 'over';
      case 'reassigned':
        return { delay: 0, code: CloseCode.done };
      case 'suspended':
        // §2.3: closed and silent for that time.
        this.#device.emit('suspended', { seconds: end.seconds });
        await this.#keepSilence(end.seconds);
        return { delay: end.seconds, code: CloseCode.done };
      case 'closed':
        return { delay: this.#delay(), code: end.code };
    }
  }

  /** §2.3: a restart does not end the silence, where there is a clock that goes on meanwhile. */
  async #keepSilence(seconds: number): Promise<void> {
    const { memory, trustedTime } = this.#device;
    const now = trustedTime();
    if (now !== null) await memory.saveKeys({ silentUntil: Math.ceil(now) + seconds });
  }

  /** Seconds of silence that are left at a start. */
  #silence(): number {
    const { memory, trustedTime } = this.#device;
    const now = trustedTime() ?? Infinity;
    return Math.min(SUSPEND_SECONDS_MOST, Math.max(0, memory.keys.silentUntil - now));
  }

  /** §3.1: after a resync D dials again at once, but not for ever. §2.3: a notice brings a new assignment. */
  async #answered(opening: Exclude<Opening, { kind: 'session' }>): Promise<Next> {
    if (opening.kind === 'resync') {
      this.#resyncs += 1;
      if (this.#resyncs > 1) this.#failures += 1;
      return { delay: this.#resyncs > 1 ? this.#delay() : 0, code: CloseCode.counter };
    }
    const { memory, code, emit, clock } = this.#device;
    const now = clock.now();
    this.#failures += 1;
    if (now - this.#noticeAt < NOTICE_SECONDS) {
      return { delay: this.#delay(), code: CloseCode.replaced };
    }
    this.#noticeAt = now;
    const taken = await takeAssignment(opening.envelope, memory, code, emit);
    if (taken.kind === 'retired') return 'over';
    if (taken.kind === 'taken') {
      this.#failures = 0;
      return { delay: 0, code: CloseCode.replaced };
    }
    // Anybody can send again what the device has already: its back-off goes on.
    if (taken.kind === 'refused') emit('error', { error: taken.error });
    return { delay: this.#delay(), code: CloseCode.replaced };
  }

  #failed(error: unknown): Next {
    this.#device.emit('error', { error: asError(error) });
    this.#failures += 1;
    return { delay: this.#delay(), code: closeCodeOf(error) };
  }

  #delay(): number {
    return this.#options.retry.nextDelay(this.#failures, uniform(this.#device.random));
  }

  #slot(): EpochSlot {
    const { former } = this.#device.memory.keys;
    const inTurn = this.#failures >= FAILURES_BEFORE_FORMER && this.#failures % 2 === 1;
    return former !== null && inTurn ? 'former' : 'epoch';
  }

  /** §2.3: the endpoints of the assignment in turn; the first of the provisioned one is what its document says. */
  #url(slot: EpochSlot): string {
    const { gateway } = this.#options;
    const epoch = this.#device.memory.keys[slot] ?? this.#device.memory.keys.epoch;
    const provisioned = decodeSigned(this.#device.identity.assignment).payload;
    const [first = gateway, ...others] = epoch.assignment.endpoints;
    const urls = [equalBytes(epoch.payload, provisioned) ? gateway : first, ...others];
    return urls[this.#failures % urls.length] ?? gateway;
  }
}

/** The code a connection was closed with, of an error that says one. */
function closeCodeOf(error: unknown): number {
  const known = error instanceof CodedError && 'closeCode' in error;
  return known ? Number(error.closeCode) : CloseCode.ownFault;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
