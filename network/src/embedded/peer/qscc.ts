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
  assertReader,
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

/** What Fabric takes for "the last block": the largest uint64. */
const LAST_BLOCK = 18_446_744_073_709_551_615n;

/** @throws {@link EmbeddedError} NOT_FOUND in Fabric's words. */
function notFound(failed: string, what: string): EmbeddedError {
  return new EmbeddedError('NOT_FOUND', `Failed to get ${failed}, error no such ${what} in index`);
}

function blockByNumber(ledger: Ledger, request: SystemRequest): Promise<Uint8Array> {
  const given = text(argument(request, 2));
  const number = /^\d{1,20}$/.test(given) ? BigInt(given) : LAST_BLOCK + 1n;
  if (number > LAST_BLOCK) {
    throw new EmbeddedError(
      'MESSAGE_MALFORMED',
      `Failed to parse block number: expected a uint64, got ${quoted(given)}`,
    );
  }
  const wanted = number === LAST_BLOCK ? ledger.height - 1 : Number(number);
  if (wanted >= ledger.height) {
    throw notFound(`block number ${number}`, `block number [${number}]`);
  }
  return ledger.readBytes(wanted);
}

function blockByHash(ledger: Ledger, request: SystemRequest): Promise<Uint8Array> {
  const hash = argument(request, 2);
  const number = ledger.numberOf(hash);
  if (number === undefined) {
    const name = Buffer.from(hash.subarray(0, 64)).toString('hex');
    throw notFound(`block hash ${name}`, `block hash [${name}]`);
  }
  return ledger.readBytes(number);
}

function positionOf(ledger: Ledger, request: SystemRequest, failed: string): Position {
  const id = text(argument(request, 2));
  const position = ledger.position(id);
  if (!position) {
    throw notFound(`${failed} ${shortened(id)}`, `transaction ID [${shortened(id)}]`);
  }
  return position;
}

/** Far longer than an id or a number: what a caller made up does not come back whole. */
function shortened(given: string): string {
  return given.slice(0, 80);
}

function quoted(given: string): string {
  return JSON.stringify(shortened(given));
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

function refusal({ args, origin }: SystemRequest): string | undefined {
  if (args.length < 2) {
    return `Incorrect number of arguments, ${args.length}`;
  }
  return origin === undefined
    ? undefined
    : `Rejecting invoke of QSCC from another chaincode because of potential for deadlocks, original invocation for '${origin}'`;
}

export function newQscc({ channel, ledger, access }: QsccOptions): SystemChaincode {
  const guard =
    (answer: (request: SystemRequest) => Uint8Array | Promise<Uint8Array>): SystemFunction =>
    async (request) => {
      const asked = text(request.args[1]);
      if (asked !== channel) {
        throw new EmbeddedError('NOT_FOUND', `Invalid chain ID, ${shortened(asked)}`);
      }
      assertReader(access, request);
      return success(await answer(request));
    };
  const functions = {
    GetChainInfo: guard(() => chainInfo(ledger)),
    GetBlockByNumber: guard((request) => blockByNumber(ledger, request)),
    GetBlockByHash: guard((request) => blockByHash(ledger, request)),
    GetTransactionByID: guard((request) =>
      processedTransaction(ledger, positionOf(ledger, request, 'transaction with id')),
    ),
    GetBlockByTxID: guard((request) =>
      ledger.readBytes(positionOf(ledger, request, 'block for txID').blockNumber),
    ),
  };
  return newSystemChaincode('qscc', false, functions, {}, refusal);
}
