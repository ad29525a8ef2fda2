/** One read or write of a random transaction: what a fuzzer puts together, a model predicts and a peer does. */
import type { ChaincodeStub } from 'fabric-shim-api';

import { drain, toPair } from './iterators.ts';

export type Step =
  | readonly ['get', string]
  | readonly ['put', string, string]
  | readonly ['delete', string]
  /** From start (included) to end (excluded), up to so many records. */
  | readonly ['range', string, string, number]
  | readonly ['history', string];

/** @returns what the step read; null for a write. */
export async function runStep(stub: ChaincodeStub, step: Step): Promise<unknown> {
  switch (step[0]) {
    case 'get':
      return Buffer.from(await stub.getState(step[1])).toString();
    case 'put':
      await stub.putState(step[1], Buffer.from(step[2]));
      return null;
    case 'delete':
      await stub.deleteState(step[1]);
      return null;
    case 'range':
      return drain(await stub.getStateByRange(step[1], step[2]), toPair, step[3]);
    case 'history':
      return drain(await stub.getHistoryForKey(step[1]), ({ value, isDelete }) =>
        isDelete ? null : Buffer.from(value).toString(),
      );
  }
}
