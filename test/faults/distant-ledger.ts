/** A ledger in the parent process, as the management node in this one sees it. */
import { LedgerError } from '../../network/src/ledger/ledger-error.ts';
import type { EventOptions, Ledger, LedgerEvent } from '../../network/src/ledger/ledger.ts';
import type { FromManager, LedgerMethod, ToManager } from './manager-messages.ts';

interface Call {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: LedgerError) => void;
}

/** See the module comment. */
export class DistantLedger implements Ledger {
  readonly mspId: string;
  readonly #send: (message: FromManager) => void;
  readonly #calls = new Map<number, Call>();
  readonly #events: LedgerEvent[] = [];
  #wake: () => void = () => undefined;
  #next = 0;

  constructor(mspId: string, send: (message: FromManager) => void) {
    this.mspId = mspId;
    this.#send = send;
  }

  /** Takes what the parent said. */
  hear(message: ToManager): void {
    if (message.kind === 'ledger-event') {
      this.#events.push(message.event);
      this.#wake();
    } else if (message.kind === 'answer') {
      this.#taken(message.id)?.resolve(message.value);
    } else if (message.kind === 'failure') {
      const { code, maybeOrdered } = message;
      this.#taken(message.id)?.reject(new LedgerError(code, message.message, { maybeOrdered }));
    }
  }

  readonly submit: Ledger['submit'] = (...args) => this.#call('submit', args);
  readonly prepare: Ledger['prepare'] = (...args) => this.#call('prepare', args);
  readonly send: Ledger['send'] = (...args) => this.#call('send', args);
  readonly status: Ledger['status'] = (...args) => this.#call('status', args);
  readonly evaluate: Ledger['evaluate'] = (...args) => this.#call('evaluate', args);
  readonly chain: Ledger['chain'] = (...args) => this.#call('chain', args);

  async *events({ startBlock, signal }: EventOptions): AsyncGenerator<LedgerEvent> {
    this.#send({ kind: 'listen', startBlock });
    signal.addEventListener('abort', () => {
      this.#wake();
    });
    while (!signal.aborted) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #call<T>(method: LedgerMethod, args: readonly unknown[]): Promise<T> {
    const id = this.#next++;
    const answer = new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
    });
    // Options with a signal stay here: only plain data can be sent.
    const plain = args.filter(
      (each, index) => Array.isArray(each) || (index === 0 && method !== 'chain'),
    );
    this.#send({ kind: 'call', id, method, args: plain });
    return (await answer) as T;
  }

  #taken(id: number): Call | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }
}
