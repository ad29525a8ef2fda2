/**
 * An ordered envelope, taken apart as far as its bytes go (Fabric, core/common/validation and the plugin dispatcher). A pure
 * function of the bytes, so one reading serves every peer of the process. Signatures, duplicates and policies are judged later.
 */
import { createHash } from 'node:crypto';

import { common, peer } from '@hyperledger/fabric-protos';

import { decode, required } from '../wire/messages.ts';
import { decodeReadWriteSet, type NamespaceSet } from './read-write-set.ts';

const Code = peer.TxValidationCode;
export type ValidationCode = peer.TxValidationCodeMap[keyof peer.TxValidationCodeMap];

export interface Endorsement {
  readonly endorser: Uint8Array;
  readonly signature: Uint8Array;
}

/** What an endorser transaction asks for, and who said it may. */
export interface EndorsedAction {
  readonly chaincode: string;
  readonly version: string;
  /** Serialised peer.ProposalResponsePayload: what endorsers signed, followed by their identity. */
  readonly responsePayload: Uint8Array;
  readonly endorsements: readonly Endorsement[];
  /** First argument of the proposal, which the endorsers' signatures cover; empty when there is none. */
  readonly transaction: () => string;
  readonly event: peer.ChaincodeEvent | undefined;
  readonly namespaces: readonly NamespaceSet[];
}

/** The headers of an envelope. */
export interface Headers {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly type: number;
  readonly channelId: string;
  readonly transactionId: string;
  readonly creator: Uint8Array;
  readonly nonce: Uint8Array;
  readonly header: common.Header;
  readonly channelHeader: common.ChannelHeader;
  readonly data: Uint8Array;
}

/** How far an envelope could be read; `code` says what is wrong with it, VALID when nothing is so far. */
export interface Transaction {
  readonly code: ValidationCode;
  /** What must hold before `code` counts: Fabric looks at the creator's signature before it looks inside. */
  readonly headers: Headers | undefined;
  readonly action: EndorsedAction | undefined;
}

export function transactionIdOf(nonce: Uint8Array, creator: Uint8Array): string {
  return createHash('sha256').update(nonce).update(creator).digest('hex');
}

/** @throws EmbeddedError MESSAGE_MALFORMED */
export function readHeaders(envelope: common.Envelope): Headers {
  const payload = decode(common.Payload, envelope.getPayload_asU8(), 'Payload');
  const header = required(payload.getHeader(), 'a header in the payload');
  const channelHeader = decode(
    common.ChannelHeader,
    header.getChannelHeader_asU8(),
    'ChannelHeader',
  );
  const signatureHeader = decode(
    common.SignatureHeader,
    header.getSignatureHeader_asU8(),
    'SignatureHeader',
  );
  return {
    payload: envelope.getPayload_asU8(),
    signature: envelope.getSignature_asU8(),
    type: channelHeader.getType(),
    channelId: channelHeader.getChannelId(),
    transactionId: channelHeader.getTxId(),
    creator: signatureHeader.getCreator_asU8(),
    nonce: signatureHeader.getNonce_asU8(),
    header,
    channelHeader,
    data: payload.getData_asU8(),
  };
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    // The caller turns undefined into the validation code of its step: that is the whole answer Fabric has for it.
    return undefined;
  }
}

function isCommon(headers: Headers): boolean {
  const { HeaderType } = common;
  const known: readonly number[] = [
    HeaderType.ENDORSER_TRANSACTION,
    HeaderType.CONFIG,
    HeaderType.CONFIG_UPDATE,
  ];
  return (
    known.includes(headers.type) &&
    headers.channelHeader.getEpoch() === 0 &&
    headers.nonce.length > 0 &&
    headers.creator.length > 0
  );
}

/** The part of an endorser transaction that ties the endorsements to the proposal. */
interface BoundAction {
  /** Serialised peer.ChaincodeProposalPayload. */
  readonly proposal: Uint8Array;
  readonly endorsed: peer.ChaincodeEndorsedAction;
  readonly responsePayload: peer.ProposalResponsePayload;
}

function readBoundAction(headers: Headers): BoundAction | undefined {
  const transaction = decode(peer.Transaction, headers.data, 'Transaction');
  const [action, ...more] = transaction.getActionsList();
  if (!action || more.length > 0) {
    return undefined;
  }
  const signatureHeader = decode(
    common.SignatureHeader,
    action.getHeader_asU8(),
    'SignatureHeader',
  );
  const named =
    signatureHeader.getNonce_asU8().length > 0 && signatureHeader.getCreator_asU8().length > 0;
  const payload = decode(
    peer.ChaincodeActionPayload,
    action.getPayload_asU8(),
    'ChaincodeActionPayload',
  );
  const endorsed = required(payload.getAction(), 'an endorsed action');
  const responsePayload = decode(
    peer.ProposalResponsePayload,
    endorsed.getProposalResponsePayload_asU8(),
    'ProposalResponsePayload',
  );
  const proposal = payload.getChaincodeProposalPayload_asU8();
  const hash = createHash('sha256')
    .update(headers.header.getChannelHeader_asU8())
    .update(action.getHeader_asU8())
    .update(proposal)
    .digest();
  const bound = Buffer.compare(hash, responsePayload.getProposalHash_asU8()) === 0;
  return named && bound ? { proposal, endorsed, responsePayload } : undefined;
}

/** Read only where somebody asks: most policies do not. */
function firstArgument(proposal: Uint8Array): string {
  const read = attempt(() => {
    const payload = decode(peer.ChaincodeProposalPayload, proposal, 'ChaincodeProposalPayload');
    const input = payload.getInput_asU8();
    const invocation = decode(peer.ChaincodeInvocationSpec, input, 'ChaincodeInvocationSpec');
    return invocation.getChaincodeSpec()?.getInput()?.getArgsList_asU8()[0];
  });
  return Buffer.from(read ?? []).toString();
}

function chaincodeOf(headers: Headers): string | undefined {
  const extension = decode(
    peer.ChaincodeHeaderExtension,
    headers.channelHeader.getExtension_asU8(),
    'ChaincodeHeaderExtension',
  );
  return extension.getChaincodeId()?.getName();
}

function readEvent(bytes: Uint8Array): peer.ChaincodeEvent | undefined {
  return bytes.length === 0 ? undefined : decode(peer.ChaincodeEvent, bytes, 'ChaincodeEvent');
}

const refused = (headers: Headers, code: ValidationCode): Transaction => ({
  code,
  headers,
  action: undefined,
});

/** Name and version of the chaincode, as header extension and action agree on them; otherwise what is wrong. */
function identifierOf(
  named: string | undefined,
  action: peer.ChaincodeAction,
): { readonly chaincode: string; readonly version: string } | ValidationCode {
  const identifier = action.getChaincodeId();
  if (named === undefined || !identifier) {
    return Code.INVALID_OTHER_REASON;
  }
  const [chaincode, version] = [identifier.getName(), identifier.getVersion()];
  return named === '' || named !== chaincode || version === ''
    ? Code.INVALID_CHAINCODE
    : { chaincode, version };
}

/** What is wrong with the content of an action, VALID when nothing is. */
function contentCode(
  chaincode: string,
  read: { readonly event: peer.ChaincodeEvent | undefined } | undefined,
  namespaces: readonly NamespaceSet[],
): ValidationCode {
  if (!read || (read.event && read.event.getChaincodeId() !== chaincode)) {
    return Code.INVALID_OTHER_REASON;
  }
  const distinct = new Set(namespaces.map(({ namespace }) => namespace)).size;
  return distinct < namespaces.length ? Code.ILLEGAL_WRITESET : Code.VALID;
}

/** The dispatcher's checks of one chaincode action, in its order. */
function readAction(headers: Headers, bound: BoundAction): Transaction {
  const { proposal, endorsed, responsePayload } = bound;
  const named = attempt(() => ({ name: chaincodeOf(headers) }));
  if (!named) {
    return refused(headers, Code.BAD_HEADER_EXTENSION);
  }
  const action = attempt(() =>
    decode(peer.ChaincodeAction, responsePayload.getExtension_asU8(), 'ChaincodeAction'),
  );
  if (!action) {
    return refused(headers, Code.BAD_RESPONSE_PAYLOAD);
  }
  const namespaces = attempt(() => decodeReadWriteSet(action.getResults_asU8()));
  if (!namespaces) {
    return refused(headers, Code.BAD_RWSET);
  }
  const identifier = identifierOf(named.name, action);
  if (typeof identifier === 'number') {
    return refused(headers, identifier);
  }
  const read = attempt(() => ({ event: readEvent(action.getEvents_asU8()) }));
  const code = contentCode(identifier.chaincode, read, namespaces);
  if (code !== Code.VALID) {
    return refused(headers, code);
  }
  return {
    code,
    headers,
    action: {
      ...identifier,
      responsePayload: endorsed.getProposalResponsePayload_asU8(),
      endorsements: endorsed.getEndorsementsList().map((endorsement) => ({
        endorser: endorsement.getEndorser_asU8(),
        signature: endorsement.getSignature_asU8(),
      })),
      transaction: () => firstArgument(proposal),
      event: read?.event,
      namespaces,
    },
  };
}

function readEndorserTransaction(headers: Headers): Transaction {
  if (headers.transactionId !== transactionIdOf(headers.nonce, headers.creator)) {
    return refused(headers, Code.BAD_PROPOSAL_TXID);
  }
  const bound = attempt(() => readBoundAction(headers));
  return bound ? readAction(headers, bound) : refused(headers, Code.INVALID_ENDORSER_TRANSACTION);
}

/** @param bytes - serialised common.Envelope, as it stands in a block. */
export function readTransaction(bytes: Uint8Array): Transaction {
  const nothing = { headers: undefined, action: undefined };
  if (bytes.length === 0) {
    return { code: Code.NIL_ENVELOPE, ...nothing };
  }
  const envelope = attempt(() => decode(common.Envelope, bytes, 'Envelope'));
  if (!envelope) {
    return { code: Code.INVALID_OTHER_REASON, ...nothing };
  }
  if (!attempt(() => decode(common.Payload, envelope.getPayload_asU8(), 'Payload'))) {
    return { code: Code.BAD_PAYLOAD, ...nothing };
  }
  const headers = attempt(() => readHeaders(envelope));
  if (!headers || !isCommon(headers)) {
    return { code: Code.BAD_COMMON_HEADER, headers, action: undefined };
  }
  if (headers.type === common.HeaderType.ENDORSER_TRANSACTION) {
    return readEndorserTransaction(headers);
  }
  const code = headers.type === common.HeaderType.CONFIG ? Code.VALID : Code.UNSUPPORTED_TX_PAYLOAD;
  return { code, headers, action: undefined };
}
