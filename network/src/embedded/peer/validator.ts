/**
 * Gives every transaction of a block its validation code, in Fabric's order: form, creator's signature, transaction id, channel,
 * duplicates, endorsement policy of every namespace written, duplicates in the block, conflicts (txvalidator v20, then MVCC).
 * No clock: a block gets the same codes whenever it is validated.
 */
import { peer } from '@hyperledger/fabric-protos';

import type { EndorsedWrites, Endorser } from '../endorsement-policy.ts';
import { messageOf } from '../errors.ts';
import { IdentityError } from '../../membership/identity-errors.ts';
import { ConflictCheck } from '../ledger/conflicts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { OrderedBlock } from '../ledger/ordered-block.ts';
import type { NamespaceSet } from '../ledger/read-write-set.ts';
import type { StateView } from '../ledger/state.ts';
import type {
  EndorsedAction,
  Headers,
  Transaction,
  ValidationCode,
} from '../ledger/transaction.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import type { MspRegistry } from '../msp.ts';
import { BlockPolicies, keysOf } from './block-policies.ts';
import type { PolicyOf } from './definition-policy.ts';

const Code = peer.TxValidationCode;

/** Codes that Fabric gives before it looks at a signature. */
const UNREADABLE: readonly ValidationCode[] = [
  Code.NIL_ENVELOPE,
  Code.INVALID_OTHER_REASON,
  Code.BAD_PAYLOAD,
  Code.BAD_COMMON_HEADER,
];
/** Codes that it gives after the signature, before channel and duplicates. */
const MISFORMED: readonly ValidationCode[] = [
  Code.BAD_PROPOSAL_TXID,
  Code.INVALID_ENDORSER_TRANSACTION,
  Code.UNSUPPORTED_TX_PAYLOAD,
];

export interface ValidatorOptions {
  readonly channel: string;
  readonly registry: MspRegistry;
  readonly ledger: Ledger;
  readonly policyOf: PolicyOf;
  /** All organisations of the channel. */
  readonly mspIds: readonly string[];
  readonly logger: NetworkLogger;
}

export class Validator {
  readonly #options: ValidatorOptions;

  constructor(options: ValidatorOptions) {
    this.#options = options;
  }

  /** @returns one code a transaction. The block must be the next one of the ledger. */
  async validate(block: OrderedBlock): Promise<Uint8Array> {
    const flags = new Uint8Array(block.transactions.length).fill(Code.NOT_VALIDATED);
    if (block.number === 0) {
      // The configuration of the channel: its content is what everything else is checked against.
      return flags.fill(Code.VALID);
    }
    const view = this.#options.ledger.view();
    const policies = new BlockPolicies(view, this.#options);
    try {
      for (const [index, transaction] of block.transactions.entries()) {
        flags[index] = await this.#judge(transaction, policies);
      }
      markDuplicates(block, flags);
      await this.#checkConflicts(block, flags, view);
      return flags;
    } finally {
      view.release();
    }
  }

  async #judge(transaction: Transaction, policies: BlockPolicies): Promise<ValidationCode> {
    const { headers, action, code } = transaction;
    if (!headers || (UNREADABLE.includes(code) && !isDispatched(transaction))) {
      return code;
    }
    if (!this.#isSigned(headers)) {
      return Code.BAD_CREATOR_SIGNATURE;
    }
    if (MISFORMED.includes(code)) {
      return code;
    }
    if (headers.channelId !== this.#options.channel) {
      return Code.TARGET_CHAIN_NOT_FOUND;
    }
    if (this.#options.ledger.position(headers.transactionId)) {
      return Code.DUPLICATE_TXID;
    }
    if (code !== Code.VALID) {
      return code;
    }
    return action
      ? this.#judgeEndorsements(headers, action, policies)
      : Code.INVALID_CONFIG_TRANSACTION;
  }

  #isSigned(headers: Headers): boolean {
    const { registry } = this.#options;
    const { creator, payload, signature } = headers;
    return registry.once(headers, () => {
      try {
        return registry.deserialise(creator).verify(payload, signature);
      } catch (error) {
        return notTrusted(error);
      }
    });
  }

  async #judgeEndorsements(
    headers: Headers,
    action: EndorsedAction,
    policies: BlockPolicies,
  ): Promise<ValidationCode> {
    const endorsers = this.#endorsersOf(action);
    const written = writtenBy(action);
    for (const namespace of new Set([action.chaincode, ...written.keys()])) {
      const policy = await policies.chaincodePolicy(namespace);
      if (!policy) {
        return Code.INVALID_CHAINCODE;
      }
      const writes = (): EndorsedWrites => writesIn(namespace, action, written);
      const verdict = await policies.judge(policy, written.get(namespace), endorsers, writes);
      if (!verdict.valid) {
        const facts = { transaction: headers.transactionId, namespace, reason: verdict.reason };
        this.#options.logger.warn(facts, 'endorsement policy failure');
        return Code.ENDORSEMENT_POLICY_FAILURE;
      }
    }
    return action.namespaces.some(({ collections }) => collections > 0)
      ? Code.INVALID_WRITESET
      : Code.VALID;
  }

  /** Members whose signature over the response and themselves is good; the others do not count. */
  #endorsersOf(action: EndorsedAction): readonly Endorser[] {
    const { registry, logger } = this.#options;
    return registry.once(action, () =>
      action.endorsements.flatMap(({ endorser, signature }) => {
        try {
          const identity = registry.deserialise(endorser);
          const message = Buffer.concat([action.responsePayload, endorser]);
          return identity.verify(message, signature) ? [identity] : [];
        } catch (error) {
          notTrusted(error);
          logger.debug({ reason: messageOf(error) }, 'endorsement of no member');
          return [];
        }
      }),
    );
  }

  async #checkConflicts(block: OrderedBlock, flags: Uint8Array, view: StateView): Promise<void> {
    const check = new ConflictCheck(view);
    for (const [index, { action }] of block.transactions.entries()) {
      if (flags[index] === Code.VALID && action) {
        flags[index] = await check.judge(action.namespaces, block.number, index);
      }
    }
  }
}

/** INVALID_OTHER_REASON has two places; with headers it comes from the dispatcher. */
function isDispatched({ code, headers }: Transaction): boolean {
  return code === Code.INVALID_OTHER_REASON && headers !== undefined;
}

function writes({ writes: values, metadataWrites, collections }: NamespaceSet): boolean {
  return values.length > 0 || metadataWrites.length > 0 || collections > 0;
}

/** What it writes, by namespace. */
function writtenBy({ namespaces }: EndorsedAction): ReadonlyMap<string, NamespaceSet> {
  return new Map(namespaces.filter(writes).map((set) => [set.namespace, set] as const));
}

/** What a policy may look at, besides the endorsers. @param namespace whose policy is asked */
export function writesIn(
  namespace: string,
  action: EndorsedAction,
  written = writtenBy(action),
): EndorsedWrites {
  const { chaincode, transaction } = action;
  const set = written.get(namespace);
  return {
    transaction: namespace === chaincode ? transaction() : '',
    keys: set ? keysOf(set) : [],
    elsewhere: written.size > (set ? 1 : 0),
  };
}

/** @throws what is no verdict on an identity. */
function notTrusted(error: unknown): false {
  if (!(error instanceof IdentityError)) {
    throw error;
  }
  return false;
}

/** Of several valid transactions with one id, the first stays valid. */
function markDuplicates(block: OrderedBlock, flags: Uint8Array): void {
  const seen = new Set<string>();
  for (const [index, { headers }] of block.transactions.entries()) {
    const id = headers?.transactionId ?? '';
    if (flags[index] !== Code.VALID || id === '') {
      continue;
    }
    if (seen.has(id)) {
      flags[index] = Code.DUPLICATE_TXID;
    }
    seen.add(id);
  }
}
