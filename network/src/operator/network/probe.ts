/** Whether a peer answers a transaction of our contracts: the network is ready when it does. */
import { LedgerError, type Ledger } from '../../ledger/index.ts';

/** Answered by any peer to any member, and changes nothing. */
const TRANSACTION = 'StatusLog:AbnormalDevices';
const ARGUMENTS = ['1', ''];

/** @returns undefined when the peer answers, else why it does not: by lifecycle commands another chaincode may stand there. */
export async function probeContracts(ledger: Ledger, mspId: string): Promise<string | undefined> {
  try {
    await ledger.evaluate(TRANSACTION, ARGUMENTS, { organisation: mspId });
    return undefined;
  } catch (error) {
    if (error instanceof LedgerError) return error.message;
    throw error;
  }
}
