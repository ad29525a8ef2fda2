/** Calls that most parts of the suite make, on whatever network the suite is pointed at. */
import { peer } from '@hyperledger/fabric-protos';

import type { Suite } from './suite.ts';

export interface Checks {
  /** A key of this run. */
  readonly key: (name: string) => string;
  readonly evaluate: (name: string, ...args: string[]) => Promise<string>;
  /** The answer of a query, from JSON. */
  readonly read: (name: string, ...args: string[]) => Promise<unknown>;
  /** Expects VALID. @returns the transaction's id. */
  readonly submit: (name: string, ...args: string[]) => Promise<string>;
}

export function newChecks(suite: Suite): Checks {
  const evaluate: Checks['evaluate'] = (name, ...args) => suite.target.evaluate(name, ...args);
  return {
    key: (name) => suite.target.key(name),
    evaluate,
    read: async (name, ...args) => JSON.parse(await evaluate(name, ...args)) as unknown,
    submit: async (name, ...args) => {
      const { code, transactionId } = await suite.target.submit(name, ...args);
      expect(code).toBe(peer.TxValidationCode.VALID);
      return transactionId;
    },
  };
}
