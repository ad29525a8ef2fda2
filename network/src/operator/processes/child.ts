/** Starts a Node program as a child that follows its parent, and ends it within a deadline. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { OperatorError } from '../errors.ts';

/** How long a child may take to end by itself before it is killed. */
const END_DEADLINE_MS = 3_000;
/** How much of a child's last words is kept for the error text. */
const MOST_WORDS = 4_096;

export interface ChildOptions {
  /** Shown in errors. */
  readonly name: string;
  readonly program: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Called when the child ends without having been asked to. */
  readonly onUnexpectedEnd?: (error: OperatorError) => void;
}

export class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly #name: string;
  #words = '';
  #ending = false;

  constructor(options: ChildOptions) {
    this.#name = options.name;
    this.process = fork(options.program, [...(options.args ?? [])], {
      execArgv: ['--require', require.resolve('./follow-parent.js')],
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#words = (this.#words + chunk.toString()).slice(-MOST_WORDS);
      });
    }
    this.process.once('exit', (code, signal) => {
      if (!this.#ending) options.onUnexpectedEnd?.(this.#ended(code, signal));
    });
  }

  isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** The end of what the child printed, for error texts. */
  get words(): string {
    return this.#words.trim();
  }

  send(message: object): void {
    if (this.process.connected) this.process.send(message);
  }

  /** Asks the child to end (by closing its channel) and kills it after a deadline. */
  async close(): Promise<void> {
    this.#ending = true;
    if (!this.isRunning()) return;
    const ended = once(this.process, 'exit');
    if (this.process.connected) this.process.disconnect();
    const deadline = new AbortController();
    await Promise.race([
      ended,
      delay(END_DEADLINE_MS, undefined, { signal: deadline.signal }).catch(() => undefined),
    ]);
    deadline.abort();
    if (this.isRunning()) {
      this.process.kill('SIGKILL');
      await ended;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): OperatorError {
    const how = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
    const said = this.words === '' ? '' : `; its last words:\n${this.words}`;
    return new OperatorError('PROCESS_ENDED', `the ${this.#name} ended by itself (${how})${said}`);
  }
}
