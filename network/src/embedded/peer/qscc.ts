/** Questions about the chain: the system chaincode `qscc` (core/scc/qscc). */
import { common, peer } from '@hyperledger/fabric-protos';

import type { ChannelAccess } from '../access.ts';
import { EmbeddedError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Position } from '../ledger/history.ts';
import { decode } from '../wire/messages.ts';
import { success } from './responses.ts';
import {
  argument,
  newSystemChaincode,
  text,
  type SystemChaincode,
  type SystemFunction,
  type SystemRequest,
} from './system-chaincode.ts';

export interface QsccOptions {
  readonly channel: string;
  readonly ledger: Ledger;
  readonly access: ChannelAccess;
}

function chainInfo(ledger: Ledger): Uint8Array {
  const { height, currentHash, previousHash } = ledger.info;
  const info = new common.BlockchainInfo();
  info.setHeight(height);
  info.setCurrentblockhash(currentHash);
  info.setPreviousblockhash(previousHash);
  return info.serializeBinary();
}

function blockNumber(request: SystemRequest): number {
  const given = text(argument(request, 2));
  if (!/^\d{1,15}$/.test(given)) {
    throw new EmbeddedError(
      'MESSAGE_MALFORMED',
      `expected a block number, got ${JSON.stringify(given.slice(0, 40))}`,
    );
  }
  return Number(given);
}

function positionOf(ledger: Ledger, request: SystemRequest): Position {
  const id = text(argument(request, 2));
  const position = ledger.position(id);
  if (!position) {
    throw new EmbeddedError(
      'NOT_FOUND',
      `Failed to get transaction with id ${JSON.stringify(id.slice(0, 80))}, no such transaction ID in index`,
    );
  }
  return position;
}

async function processedTransaction(ledger: Ledger, position: Position): Promise<Uint8Array> {
  const { block, verdict } = await ledger.read(position.blockNumber);
  const processed = new peer.ProcessedTransaction();
  const envelope = block.envelopes[position.transactionNumber] ?? new Uint8Array();
  processed.setTransactionenvelope(decode(common.Envelope, envelope, 'Envelope'));
  processed.setValidationcode(
    verdict.flags[position.transactionNumber] ?? peer.TxValidationCode.NOT_VALIDATED,
  );
  return processed.serializeBinary();
}

function numberByHash(ledger: Ledger, request: SystemRequest): number {
  const number = ledger.numberOf(argument(request, 2));
  if (number === undefined) {
    throw new EmbeddedError('NOT_FOUND', 'no block with that hash');
  }
  return number;
}

export function newQscc({ channel, ledger, access }: QsccOptions): SystemChaincode {
  const guard =
    (answer: (request: SystemRequest) => Uint8Array | Promise<Uint8Array>): SystemFunction =>
    async (request) => {
      const asked = text(argument(request, 1));
      if (asked !== channel) {
        throw new EmbeddedError('NOT_FOUND', `Invalid chain ID, ${asked}`);
      }
      access.assertReader(request.caller);
      return success(await answer(request));
    };
  return newSystemChaincode('qscc', false, {
    GetChainInfo: guard(() => chainInfo(ledger)),
    GetBlockByNumber: guard((request) => ledger.readBytes(blockNumber(request))),
    GetBlockByHash: guard((request) => ledger.readBytes(numberByHash(ledger, request))),
    GetTransactionByID: guard((request) =>
      processedTransaction(ledger, positionOf(ledger, request)),
    ),
    GetBlockByTxID: guard((request) => ledger.readBytes(positionOf(ledger, request).blockNumber)),
  });
}
