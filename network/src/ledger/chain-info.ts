/** Reads common.BlockchainInfo, what `qscc` GetChainInfo answers. Pure. */
import { common } from '@hyperledger/fabric-protos';

import { LedgerError } from './ledger-error.ts';
import type { ChainInfo } from './ledger.ts';

/** @throws LedgerError RECORD_MALFORMED */
export function readChainInfo(bytes: Uint8Array): ChainInfo {
  try {
    const info = common.BlockchainInfo.deserializeBinary(new Uint8Array(bytes));
    return {
      height: info.getHeight(),
      currentBlockHash: Buffer.from(info.getCurrentblockhash_asU8()).toString('hex'),
    };
  } catch (error) {
    throw new LedgerError('RECORD_MALFORMED', 'GetChainInfo did not answer a BlockchainInfo', {
      cause: error,
    });
  }
}
