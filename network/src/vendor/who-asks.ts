/** Who is not on the ledger has no key there, so nothing it signed can be right. */
import { LedgerError } from '../ledger/index.ts';
import { VendorError } from './vendor-error.ts';

/** Reads the record of whoever asks. @throws VendorError NOT_AUTHORISED; LedgerError when the ledger cannot be read */
export async function onLedger<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof LedgerError && error.code.endsWith('_NOT_FOUND')) {
      throw new VendorError('NOT_AUTHORISED', 'the sender is not on the ledger', { cause: error });
    }
    throw error;
  }
}
