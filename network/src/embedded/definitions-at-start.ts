/** Brings the chaincode definitions on the ledger in line with the options the network was started with. */
import { peer } from '@hyperledger/fabric-protos';

import { newDefinitionTransaction } from './definition-transaction.ts';
import { EmbeddedError } from './errors.ts';
import type { ChaincodeDescription } from './options.ts';
import type { OrderingChain } from './orderer/chain.ts';
import {
  DEFAULT_POLICY,
  LIFECYCLE,
  policyReference,
  readDefinition,
  readerOf,
  type ChaincodeDefinition,
} from './peer/definitions.ts';
import type { Peer } from './peer/peer.ts';
import type { Signer } from './signer.ts';

/** Milliseconds for the definitions to be committed by all peers. */
const COMMIT_TIMEOUT_MS = 30_000;

export interface DefinitionsOptions {
  readonly channel: string;
  readonly chaincodes: readonly ChaincodeDescription[];
  readonly chain: OrderingChain;
  readonly peers: readonly [Peer, ...Peer[]];
  readonly submitter: Signer;
  readonly now: Date;
}

function wanted(chaincode: ChaincodeDescription): ChaincodeDefinition {
  const { name, version, sequence, endorsementPolicy } = chaincode;
  const validationParameter = endorsementPolicy ?? policyReference(DEFAULT_POLICY);
  return { name, version, sequence, validationParameter };
}

/** @throws {@link EmbeddedError} OPTIONS_INVALID when the options contradict what was committed under that sequence. */
function isNew(definition: ChaincodeDefinition, current: ChaincodeDefinition | undefined): boolean {
  if (!current || definition.sequence > current.sequence) {
    return true;
  }
  const same =
    definition.sequence === current.sequence &&
    definition.version === current.version &&
    Buffer.compare(definition.validationParameter, current.validationParameter) === 0;
  if (!same) {
    throw new EmbeddedError(
      'OPTIONS_INVALID',
      `chaincode ${definition.name} is committed as version ${current.version}, sequence ${current.sequence}; ` +
        `to change it, start with sequence ${current.sequence + 1}`,
    );
  }
  return false;
}

async function missing(options: DefinitionsOptions): Promise<readonly ChaincodeDefinition[]> {
  const view = options.peers[0].ledger.view();
  try {
    const definitions: ChaincodeDefinition[] = [];
    for (const definition of options.chaincodes.map(wanted)) {
      if (isNew(definition, await readDefinition(readerOf(view), definition.name))) {
        definitions.push(definition);
      }
    }
    return definitions;
  } finally {
    view.release();
  }
}

async function order(
  options: DefinitionsOptions,
  definitions: readonly ChaincodeDefinition[],
): Promise<string> {
  const view = options.peers[0].ledger.view();
  try {
    const { transactionId, bytes } = await newDefinitionTransaction({
      ...options,
      definitions,
      current: (key) => view.get(LIFECYCLE, key),
      endorsers: options.peers.map(({ signer }) => signer),
    });
    options.chain.order(bytes);
    return transactionId;
  } finally {
    view.release();
  }
}

/** @returns when every peer has committed it. */
async function committed(peers: readonly Peer[], transactionId: string): Promise<void> {
  const signal = AbortSignal.timeout(COMMIT_TIMEOUT_MS);
  for (const { ledger, name } of peers) {
    while (!ledger.position(transactionId)) {
      await ledger.reach(ledger.height, signal).catch((cause: unknown) => {
        throw new EmbeddedError(
          'BUSY',
          `${name} did not commit the chaincode definitions within ${COMMIT_TIMEOUT_MS} ms`,
          { cause },
        );
      });
    }
    const { blockNumber, transactionNumber } = ledger.position(transactionId) ?? {
      blockNumber: 0,
      transactionNumber: 0,
    };
    const code = (await ledger.read(blockNumber)).verdict.flags[transactionNumber];
    if (code !== peer.TxValidationCode.VALID) {
      throw new EmbeddedError(
        'OPTIONS_INVALID',
        `${name} refused the chaincode definitions with validation code ${code ?? 'none'}`,
      );
    }
  }
}

/** Commits what is new, in one transaction. @throws {@link EmbeddedError} OPTIONS_INVALID */
export async function defineChaincodes(options: DefinitionsOptions): Promise<void> {
  const definitions = await missing(options);
  if (definitions.length > 0) {
    await committed(options.peers, await order(options, definitions));
  }
}
