/** The definitions of a peer's channel, read once and again when a block has changed them. */
import type { Ledger } from '../ledger/ledger.ts';
import type { OrderedBlock } from '../ledger/ordered-block.ts';
import { allDefinitions, LIFECYCLE, type ChaincodeDefinition } from './definitions.ts';

export type Definitions = ReadonlyMap<string, ChaincodeDefinition>;

export class DefinedChaincodes {
  readonly #ledger: Ledger;
  #known: Promise<Definitions> | undefined;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  all(): Promise<Definitions> {
    if (!this.#known) {
      const reading = readAll(this.#ledger);
      this.#known = reading;
      reading.catch(() => {
        this.#forget(reading);
      });
    }
    return this.#known;
  }

  /** To be told of every block after its commit. */
  committed({ transactions }: OrderedBlock): void {
    const changed = transactions.some(({ action }) =>
      action?.namespaces.some(({ namespace, writes }) => namespace === LIFECYCLE && writes.length),
    );
    if (changed) {
      this.#known = undefined;
    }
  }

  #forget(reading: Promise<Definitions>): void {
    if (this.#known === reading) {
      this.#known = undefined;
    }
  }
}

async function readAll(ledger: Ledger): Promise<Definitions> {
  const view = ledger.view();
  try {
    const definitions = await allDefinitions(view);
    return new Map(definitions.map((definition) => [definition.name, definition]));
  } finally {
    view.release();
  }
}
