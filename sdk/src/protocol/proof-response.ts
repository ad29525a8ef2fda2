/**
 * One peer's answer in a proof (docs/protocol.md §7.3): the five items in their order, each a step that says what was wrong.
 * Pure: runs wherever the device does.
 */
import { p256Verify } from '../crypto/p256.ts';
import { sha256Of } from '../crypto/suites.ts';
import { asciiBytes, concatBytes, equalBytes } from '../wire/bytes.ts';
import { WireError } from '../wire/errors.ts';
import {
  ENDORSER_TRANSACTION,
  answeredAction,
  answeredPayload,
  channelHeader,
  invocation,
  proposalPayload,
  serializedIdentity,
  signatureHeader,
} from '../wire/peer-messages.ts';
import { certificateOfPem } from '../wire/pem.ts';
import type { ProofResponse } from '../wire/proof-set.ts';
import { decodeProtobuf } from '../wire/protobuf.ts';
import type { Decoded, ProtobufMessage } from '../wire/protobuf.ts';
import { parseStatement } from '../wire/statement.ts';
import type { Statement } from '../wire/statement.ts';
import type { Validator, ValidatorSet } from '../wire/validator-set.ts';
import type { ResponseFault } from './proof-errors.ts';

/** The ledger that a device was provisioned with. */
export interface LedgerPin {
  readonly channel: string;
  readonly chaincode: string;
}

/** What a proof is asked for. */
export interface ProofQuestion extends LedgerPin {
  /** The arguments of the call, its function first. */
  readonly args: readonly string[];
}

/** What one response says, if it is right. */
export type JudgedResponse =
  | { readonly fault: ResponseFault }
  | { readonly fault: null; readonly mspId: string; readonly statement: Statement };

/** §7.3 item 4: more in one part is not parsed. */
const PART_BYTES = 65_536;
const OK = 200n;

class Fault extends Error {
  readonly fault: ResponseFault;

  constructor(fault: ResponseFault, options?: ErrorOptions) {
    super(fault, options);
    this.fault = fault;
  }
}

/** Judges one response under a set. The statement is not compared with anything yet but its own form. */
export function judgeResponse(
  response: ProofResponse,
  set: ValidatorSet,
  question: ProofQuestion,
): JudgedResponse {
  try {
    const validator = endorserOf(response, set);
    checkSignature(response, validator);
    const { proposalHash, extension } = parse(
      'PROPOSAL_NOT_SIGNED',
      response.payload,
      answeredPayload,
    );
    checkProposal(response, proposalHash, question);
    const inner = answerOf(extension, question);
    const statement = attempt('WRONG_STATEMENT', () => parseStatement(inner));
    return { fault: null, mspId: validator.mspId, statement };
  } catch (error) {
    if (error instanceof Fault) return { fault: error.fault };
    throw error;
  }
}

/** Item 1: the certificate's digest is in the set under that organisation; its key is the set's. */
function endorserOf({ endorser }: ProofResponse, set: ValidatorSet): Validator {
  const { mspId, certificate } = parse('ENDORSER_UNKNOWN', endorser, serializedIdentity);
  const digest = sha256Of(attempt('ENDORSER_UNKNOWN', () => certificateOfPem(certificate)));
  const validator = set.validators.find(
    (each) => each.mspId === mspId && equalBytes(each.cert, digest),
  );
  if (validator === undefined) throw new Fault('ENDORSER_UNKNOWN');
  return validator;
}

/** Item 2. */
function checkSignature({ payload, endorser, sig }: ProofResponse, { key }: Validator): void {
  if (!p256Verify(key, concatBytes(payload, endorser), sig)) throw new Fault('SIGNATURE_FALSE');
}

/** Item 3: the proposal that was answered, in the only cut that its bytes have, and what it asked. */
function checkProposal(
  { chdr, shdr, ccpp }: ProofResponse,
  proposalHash: Uint8Array,
  question: ProofQuestion,
): void {
  if (!equalBytes(sha256Of(chdr, shdr, ccpp), proposalHash)) throw new Fault('PROPOSAL_NOT_SIGNED');
  const { type, channelId } = parse('PROPOSAL_NOT_SIGNED', chdr, channelHeader);
  const { creator, nonce } = parse('PROPOSAL_NOT_SIGNED', shdr, signatureHeader);
  const { input } = parse('PROPOSAL_NOT_SIGNED', ccpp, proposalPayload);
  if ([creator, nonce, input].some(({ length }) => length === 0)) {
    throw new Fault('PROPOSAL_NOT_SIGNED');
  }
  if (type !== ENDORSER_TRANSACTION || channelId !== question.channel) {
    throw new Fault('WRONG_CHANNEL');
  }
  const asked = parse('WRONG_QUESTION', input, invocation).spec?.input;
  const { args } = question;
  const right =
    asked != null &&
    !asked.isInit &&
    asked.args.length === args.length &&
    args.every((arg, at) => equalBytes(asciiBytes(arg), asked.args[at] ?? new Uint8Array()));
  if (!right) throw new Fault('WRONG_QUESTION');
}

/** Item 4: the pinned chaincode's answer. */
function answerOf(extension: Uint8Array, { chaincode }: LedgerPin): Uint8Array {
  const { response, chaincodeId } = parse('WRONG_CHAINCODE', extension, answeredAction);
  if (response?.status !== OK || chaincodeId?.name !== chaincode) {
    throw new Fault('WRONG_CHAINCODE');
  }
  return response.payload;
}

function parse<const M extends ProtobufMessage>(
  fault: ResponseFault,
  bytes: Uint8Array,
  message: M,
): Decoded<M> {
  if (bytes.length > PART_BYTES) throw new Fault(fault);
  return attempt(fault, () => decodeProtobuf(bytes, message));
}

function attempt<T>(fault: ResponseFault, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof WireError) throw new Fault(fault, { cause });
    throw cause;
  }
}
