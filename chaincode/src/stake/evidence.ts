/**
 * What convicts a peer (design §5, "Misconduct"): signed answers to one proposal that rest on the same reads and say
 * different things. All that an honest peer's answer depends on is in the proposal or among its reads (contracts take no
 * transient data, and what writes uses no history), so no client and no order of commits makes one give two such answers.
 */
import { decodeProtobuf, equalBytes } from '@lamplighter/sdk/wire';
import { createHash } from 'node:crypto';
import { ContractError } from '../errors.ts';
import {
  channelHeader,
  headerExtension,
  invocation,
  proposalPayload,
  signatureHeader,
} from './fabric-messages.ts';
import { readSignedResponse, type ResponseBytes, type SignedResponse } from './signed-response.ts';
import { SUBMIT_TRANSACTIONS } from './submit-transactions.ts';

const ENDORSER_TRANSACTION = 3n;

/** `equivocation`: the same peer twice; `divergence`: the first against all others. */
export type MisconductKind = 'equivocation' | 'divergence';

export interface Evidence {
  readonly kind: MisconductKind;
  /** Bytes of the proposal whose hash the answers carry, transient data left out. */
  readonly channelHeader: Uint8Array;
  readonly signatureHeader: Uint8Array;
  readonly proposal: Uint8Array;
  /** The accused peer's first. */
  readonly responses: readonly ResponseBytes[];
}

/** The chaincode that judges. */
export interface Court {
  readonly channel: string;
  readonly chaincode: string;
}

/** What evidence shows, if the certificates are registered and, for a divergence, the witnesses hold enough stake. */
export interface Finding {
  readonly kind: MisconductKind;
  /** SHA-256 over the accused certificate and the proposal, hex: one answer convicts once. */
  readonly id: string;
  /** MSP id. */
  readonly accused: string;
  /** MSP ids of the others, each once; none for an equivocation. */
  readonly witnesses: readonly string[];
  /** Whose certificates must be registered. */
  readonly signers: readonly { readonly mspId: string; readonly certificate: string }[];
  readonly transaction: string;
  readonly transactionId: string;
  /** Timestamp of the proposal, seconds since 1970. */
  readonly seconds: number;
}

interface ProposalFacts {
  readonly hash: Uint8Array;
  readonly transaction: string;
  readonly transactionId: string;
  readonly seconds: number;
}

/** @throws ContractError EVIDENCE_INVALID with what is missing. */
export function weighEvidence(evidence: Evidence, court: Court): Finding {
  try {
    return weigh(evidence, court);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ContractError('EVIDENCE_INVALID', reason, { cause });
  }
}

function weigh(evidence: Evidence, court: Court): Finding {
  const proposal = readProposal(evidence, court);
  const [accused, ...others] = evidence.responses.map(readSignedResponse);
  if (accused === undefined || others.length === 0) throw new Error('expected two answers or more');
  [accused, ...others].forEach((answer) => {
    assertOfProposal(answer, proposal, court);
  });
  assertDiffers(accused, others);
  if (evidence.kind === 'equivocation') assertOnePeer(accused, others);
  else assertWitnesses(accused, others);
  const { hash, ...facts } = proposal;
  return {
    ...facts,
    kind: evidence.kind,
    id: createHash('sha256')
      .update(`${accused.mspId}:${accused.certificate}:`)
      .update(hash)
      .digest('hex'),
    accused: accused.mspId,
    witnesses:
      evidence.kind === 'equivocation' ? [] : [...new Set(others.map(({ mspId }) => mspId))],
    signers: [accused, ...others].map(({ mspId, certificate }) => ({ mspId, certificate })),
  };
}

/** The hash joins three parts without lengths: each is read to its end, or another cut would be another proposal. */
function readProposal(evidence: Evidence, court: Court): ProposalFacts {
  const header = decodeProtobuf(evidence.channelHeader, channelHeader);
  decodeProtobuf(evidence.signatureHeader, signatureHeader);
  const { input } = decodeProtobuf(evidence.proposal, proposalPayload);
  if (header.type !== ENDORSER_TRANSACTION || header.channelId !== court.channel) {
    throw new Error(`expected a transaction of channel ${court.channel}`);
  }
  const named = decodeProtobuf(header.extension, headerExtension).chaincodeId?.name;
  return {
    hash: createHash('sha256')
      .update(evidence.channelHeader)
      .update(evidence.signatureHeader)
      .update(evidence.proposal)
      .digest(),
    transaction: readTransaction(input, named, court),
    transactionId: header.txId,
    seconds: Number(header.timestamp?.seconds ?? 0n),
  };
}

/** The name of the transaction, when it is one that writes in the court's chaincode. */
function readTransaction(input: Uint8Array, named: string | undefined, court: Court): string {
  const { spec } = decodeProtobuf(input, invocation);
  if (named !== court.chaincode || spec?.chaincodeId?.name !== court.chaincode) {
    throw new Error(`expected a proposal to chaincode ${court.chaincode}`);
  }
  const transaction = Buffer.from(spec.input?.args[0] ?? []).toString('latin1');
  if (SUBMIT_TRANSACTIONS.has(transaction)) return transaction;
  const shown = JSON.stringify(transaction.slice(0, 64));
  throw new Error(`expected a transaction that writes, got ${shown}`);
}

function assertOfProposal(answer: SignedResponse, proposal: ProposalFacts, court: Court): void {
  if (!equalBytes(answer.proposalHash, proposal.hash)) {
    throw new Error(`the answer of ${answer.mspId} is to another proposal`);
  }
  if (answer.chaincode.name !== court.chaincode || !answer.readDefinition) {
    throw new Error(
      `the answer of ${answer.mspId} does not rest on a definition of ${court.chaincode}`,
    );
  }
}

/** All others agree, and the accused disagrees with them on the same basis. */
function assertDiffers(accused: SignedResponse, others: readonly SignedResponse[]): void {
  for (const other of others) {
    if (other.chaincode.version !== accused.chaincode.version) {
      throw new Error('the answers are of different versions of the chaincode');
    }
    if (other.basis !== accused.basis) throw new Error('the answers rest on different reads');
    if (other.outcome === accused.outcome) throw new Error('the answers say the same');
    if (other.outcome !== others[0]?.outcome)
      throw new Error('the other answers differ among themselves');
  }
}

function assertOnePeer(accused: SignedResponse, others: readonly SignedResponse[]): void {
  const [second] = others;
  const samePeer = second?.mspId === accused.mspId && second.certificate === accused.certificate;
  if (others.length !== 1 || !samePeer) throw new Error('expected two answers of one peer');
}

function assertWitnesses(accused: SignedResponse, others: readonly SignedResponse[]): void {
  if (others.some(({ mspId }) => mspId === accused.mspId)) {
    throw new Error('expected the witnesses to be of other organisations than the accused');
  }
}
