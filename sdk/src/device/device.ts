/**
 * The shared runtime of both classes of device: starts, dials, keeps its sessions and timers, and begins again
 * (docs/protocol.md §2.3, §5 "Errors", §6). What happens inside a session is in `device-session.ts`.
 */
import { fallBack } from '../firmware/boot-record.ts';
import { StoreError } from '../firmware/errors.ts';
import type { FirmwareStore } from '../firmware/firmware-store.ts';
import { MemoryKeyStore } from '../firmware/key-store.ts';
import type { KeyStore } from '../firmware/key-store.ts';
import { NO_UPDATE_STATE, nextQueryIn } from '../protocol/update-device.ts';
import type { UpdateState } from '../protocol/update-device.ts';
import { passTime } from '../protocol/window.ts';
import { CloseCode } from '../wire/message-types.ts';
import { systemClock, wait } from './clock.ts';
import type { DeviceClock } from './clock.ts';
import type { DeviceClassCode } from './device-class.ts';
import type { DeviceEvents } from './device-events.ts';
import { Dialler } from './dialler.ts';
import type { DialEnd } from './dialler.ts';
import { DeviceMemory } from './device-memory.ts';
import { DeviceError } from './errors.ts';
import { TypedEvents } from './events.ts';
import { firstRecord } from './first-start.ts';
import { HeldTicket } from './held-ticket.ts';
import type { DeviceIdentity } from './provisioning.ts';
import { platformRandom, uniform } from './randomness.ts';
import type { RandomBytes } from './randomness.ts';
import { standardRetry } from './retry.ts';
import type { RetryPolicy } from './retry.ts';
import type { DeviceServices } from './session-link.ts';
import { platformTransport } from './transport.ts';
import type { Transport } from './transport.ts';

/** §6.6, step 6: a new image has this long to a complete session, seconds. */
const TRIAL_SECONDS = 900;

/** What a device is started with. */
export interface DeviceOptions<Identity extends DeviceIdentity = DeviceIdentity> {
  /** The provisioning document, parsed. */
  readonly identity: Identity;
  /** The two slots. */
  readonly firmware: FirmwareStore;
  /** @default in memory: the next start enrols anew */
  readonly keys?: KeyStore;
  /** Dialled in place of the document's gateway. */
  readonly gateway?: string;
  /** Ends the device as `close()` does. */
  readonly signal?: AbortSignal;
  /**
   * The application's self test of a new image; false, or a throw, brings the old one back.
   *
   * @default passes
   */
  readonly healthCheck?: (image: { seq: number; version: string }) => boolean | Promise<boolean>;
  /**
   * Restarts the hardware into its boot loader. Without it the device starts again inside this process.
   */
  readonly restart?: () => void | Promise<void>;
  /** @default {@link standardRetry} */
  readonly retry?: RetryPolicy;
  /** Seconds since 1970 from a clock that can be trusted, or null for none (§6.8). */
  readonly trustedTime?: () => number | null;
  /** Version of the boot loader. @default 0 */
  readonly bootloader?: number;
  /** @default WebSocket of the platform */
  readonly transport?: Transport;
  /** @default the platform's monotonic clock */
  readonly clock?: DeviceClock;
  /** @default Web Crypto */
  readonly random?: RandomBytes;
}

/** A device that stays connected until it is closed. */
export abstract class Device extends TypedEvents<DeviceEvents> implements AsyncDisposable {
  readonly #code: DeviceClassCode;
  readonly #options: DeviceOptions;
  readonly #clock: DeviceClock;
  readonly #random: RandomBytes;
  readonly #keys: KeyStore;
  readonly #stop = new AbortController();
  readonly #ticket = new HeldTicket();
  readonly #updates: { state: UpdateState } = { state: NO_UPDATE_STATE };
  #memory: DeviceMemory | null = null;
  #dialler: Dialler | null = null;
  #queryAt = 0;
  #running: Promise<void> = Promise.resolve();

  protected constructor(code: DeviceClassCode, options: DeviceOptions) {
    super();
    this.#code = code;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? platformRandom;
    this.#keys = options.keys ?? new MemoryKeyStore();
  }

  /** The id under which the device is registered. */
  get id(): string {
    return this.#options.identity.device;
  }

  /** The firmware in use. */
  get image(): { readonly seq: number; readonly version: string } {
    const { seq, version } = this.#started.image;
    return { seq, version };
  }

  /** Asks for an update now, or as soon as there is a session, besides the timer. */
  requestUpdate(): void {
    this.#queryAt = this.#clock.now();
  }

  /** Ends the session and all timers; settles when nothing is left. */
  async close(): Promise<void> {
    this.#stop.abort(new DeviceError('DEVICE_CLOSED', `device ${this.id} is closed`));
    this.#dialler?.close(CloseCode.done);
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** First start: enrolment when the key store is empty, then the boot; dialling goes on by itself. */
  protected async begin(): Promise<this> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    this.#memory = await this.#boot();
    const transport = this.#options.transport ?? (await platformTransport());
    const abort = (): void => {
      void this.close();
    };
    signal?.addEventListener('abort', abort, { once: true });
    this.#queryAt = this.#clock.now() + this.#nextQuery(true);
    this.#running = this.#run(transport).finally(() => {
      signal?.removeEventListener('abort', abort);
      this.emit('closed', {});
    });
    return this;
  }

  get #started(): DeviceMemory {
    if (this.#memory === null) throw new RangeError('expected a device that has been started');
    return this.#memory;
  }

  async #boot(): Promise<DeviceMemory> {
    const { identity, firmware } = this.#options;
    const held = await this.#keys.load();
    const record =
      held === null
        ? await firstRecord(this.#code, identity, this.#keys)
        : { ...held, ...this.#code.trusted(identity, held) };
    const stores = { keys: this.#keys, firmware };
    return DeviceMemory.start(stores, this.#clock, record, this.#code.flags);
  }

  /** A store that has no room, or fails in another way that may pass, is tried again; a device does not end of it. */
  async #bootAgain(signal: AbortSignal): Promise<DeviceMemory> {
    const { retry = standardRetry } = this.#options;
    for (let failures = 0; ; failures += 1) {
      signal.throwIfAborted();
      try {
        return await this.#boot();
      } catch (error) {
        if (error instanceof StoreError) throw error;
        this.emit('error', { error: asError(error) });
        await wait(this.#clock, retry.nextDelay(failures, uniform(this.#random)), signal);
      }
    }
  }

  #services(): DeviceServices {
    const { identity, trustedTime, bootloader } = this.#options;
    return {
      memory: this.#started,
      identity,
      code: this.#code,
      clock: this.#clock,
      random: this.#random,
      emit: (name, payload) => {
        this.emit(name, payload);
        if (name === 'intervals') this.#intervalsChanged();
      },
      trustedTime: trustedTime ?? this.#code.trustedTime,
      bootloader: bootloader ?? 0,
      ticket: this.#ticket,
      updates: this.#updates,
    };
  }

  /** One start after another. */
  async #run(transport: Transport): Promise<void> {
    const { signal } = this.#stop;
    const cancelTicks = this.#tickEverySecond();
    try {
      // The caller of start() gets to add its listeners first.
      await wait(this.#clock, 0, signal);
      while ((await this.#life(transport)) === 'restart') {
        await this.#options.restart?.();
        this.#memory = await this.#bootAgain(signal);
      }
    } catch (error) {
      if (!signal.aborted) this.emit('error', { error: asError(error) });
    } finally {
      cancelTicks();
      this.#stop.abort(new DeviceError('DEVICE_CLOSED', `device ${this.id} has ended`));
    }
  }

  /** From a start to a restart, or to the end. */
  async #life(transport: Transport): Promise<DialEnd> {
    const memory = this.#started;
    const { fellBack } = memory;
    if (fellBack !== null) this.#tellFallBack(fellBack);
    if (memory.boot.trial?.running && !(await this.#isHealthy())) {
      await this.#refuseTrial(memory);
      return 'restart';
    }
    const { retry, gateway } = this.#options;
    const dialler = new Dialler(this.#services(), {
      transport,
      retry: retry ?? standardRetry,
      gateway: gateway ?? this.#options.identity.gateway,
      signal: this.#stop.signal,
    });
    this.#dialler = dialler;
    const cancelTrial = this.#clock.schedule(TRIAL_SECONDS, () => {
      if (memory.boot.trial?.running) dialler.restart();
    });
    return dialler.run().finally(cancelTrial);
  }

  /** §6.6, step 6: own self test. */
  async #isHealthy(): Promise<boolean> {
    const { healthCheck } = this.#options;
    try {
      if ((await healthCheck?.(this.image)) !== false) return true;
      throw new DeviceError('HEALTH_CHECK_FAILED', 'the health check of the new image failed');
    } catch (error) {
      this.emit('error', { error: asError(error) });
      return false;
    }
  }

  /** The old slot again; when that can not be stored, the restart is one try less of three. */
  async #refuseTrial(memory: DeviceMemory): Promise<void> {
    const { image } = memory;
    try {
      await memory.saveBoot(fallBack(memory.boot));
      this.#tellFallBack(image);
    } catch (error) {
      this.emit('error', { error: asError(error) });
    }
  }

  #tellFallBack({ seq, version }: { readonly seq: number; readonly version: string }): void {
    this.emit('fellBack', { seq, version });
  }

  /** §6.1 "widened end passes unused", §6.3 step 1, §6.6 step 4. */
  #tickEverySecond(): () => void {
    const tick = (): void => {
      cancel = this.#clock.schedule(1, tick);
      const memory = this.#started;
      const now = this.#clock.now();
      const window = passTime(memory.window, now);
      if (window !== memory.window) {
        memory.setWindow(window);
        memory.saveKeys({}).catch((error: unknown) => {
          this.emit('error', { error: asError(error) });
        });
      }
      this.#dialler?.tick(now >= this.#queryAt, () => {
        this.#queryAt = now + this.#nextQuery(false);
      });
    };
    let cancel = this.#clock.schedule(1, tick);
    return () => {
      cancel();
    };
  }

  #nextQuery(first: boolean): number {
    const { uti } = this.#started.window.intervals;
    return nextQueryIn(uti, uniform(this.#random), first);
  }

  #intervalsChanged(): void {
    this.#queryAt = Math.min(this.#queryAt, this.#clock.now() + this.#nextQuery(false));
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
