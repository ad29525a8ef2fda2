/** The parent's side of the device process. */
import { OperatorError } from '../errors.ts';
import { Child } from './child.ts';
import type { DeviceStart, FleetAnswer, FleetRequest } from './device-process.ts';

export class Fleet implements AsyncDisposable {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  /** Starts the process and every device; resolves when all are enrolled and dialling. */
  static async start(
    devices: readonly DeviceStart[],
    onUnexpectedEnd: (error: OperatorError) => void,
  ): Promise<Fleet> {
    const child = new Child({
      name: 'device process',
      program: require.resolve('./device-process.js'),
      onUnexpectedEnd,
    });
    const fleet = new Fleet(child);
    try {
      await fleet.#ask({ type: 'start', devices }, 'started');
    } catch (error) {
      await fleet.close();
      throw error;
    }
    return fleet;
  }

  /** What each device itself says it runs: id to version text. */
  async versions(): Promise<Readonly<Record<string, string>>> {
    const { versions } = await this.#ask({ type: 'images' }, 'images');
    return versions;
  }

  close(): Promise<void> {
    return this.#child.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** One request at a time: the answer is the next message. */
  #ask<T extends FleetAnswer['type']>(
    request: FleetRequest,
    type: T,
  ): Promise<FleetAnswer & { readonly type: T }> {
    const { process: child } = this.#child;
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        child.off('message', onMessage).off('exit', onExit);
      };
      const onMessage = (message: unknown): void => {
        stop();
        const reply = message as FleetAnswer;
        if (isOf(reply, type)) resolve(reply);
        else reject(new OperatorError('PROCESS_ENDED', `devices: ${reasonOf(reply)}`));
      };
      const onExit = (): void => {
        stop();
        reject(
          new OperatorError('PROCESS_ENDED', `the device process ended: ${this.#child.words}`),
        );
      };
      child.on('message', onMessage).on('exit', onExit);
      this.#child.send(request);
    });
  }
}

function isOf<T extends FleetAnswer['type']>(
  reply: FleetAnswer,
  type: T,
): reply is FleetAnswer & { readonly type: T } {
  return reply.type === type;
}

function reasonOf(reply: FleetAnswer): string {
  return reply.type === 'failed' ? reply.reason : `unexpected answer ${reply.type}`;
}
