/** A process that takes orders. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import type { Answer, Memory, Numbered, Order } from './orders.ts';

export class Worker implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #name: string;
  #lastId = 0;

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    child.on('message', ({ id, content }: Numbered<Answer>) => {
      this.#waiting.get(id)?.(content);
    });
    child.once('exit', (code) => {
      const error = `the ${name} process ended with exit code ${String(code)}`;
      for (const answer of this.#waiting.values()) answer({ error });
    });
  }

  /**
   * @param program - its file name beside this one, or a path.
   * @param options - of Node itself, such as `--expose-gc`.
   */
  static start(
    name: string,
    program: string,
    args: readonly string[] = [],
    options: { readonly node?: readonly string[]; readonly directory?: string } = {},
  ): Worker {
    const child = fork(path.resolve(__dirname, program), args, {
      execArgv: [...(options.node ?? [])],
      cwd: options.directory,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'error' },
    });
    return new Worker(name, child);
  }

  /** @throws {Error} with the text of what failed in the process */
  async ask(order: Order): Promise<unknown> {
    const id = ++this.#lastId;
    if (!this.#child.connected) throw new Error(`the ${this.#name} process has ended`);
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, content: order } satisfies Numbered<Order>);
    });
    this.#waiting.delete(id);
    if ('error' in answer) throw new Error(`${this.#name}: ${answer.error}`);
    return answer.value;
  }

  async usage(): Promise<number> {
    return (await this.ask({ kind: 'usage' })) as number;
  }

  async memory(): Promise<Memory> {
    return (await this.ask({ kind: 'memory' })) as Memory;
  }

  /** Lets a program that serves orders end by itself, which also writes its profile. */
  async end(): Promise<void> {
    await this.#end(() => {
      this.#child.disconnect();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end(() => {
      this.#child.kill();
    });
  }

  async #end(tell: () => void): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    tell();
    await ended;
  }
}
