/**
 * The messages of Fabric's that a peer's signed answer is made of, described for the strict reader (fabric-protos: common, msp,
 * peer; docs/protocol.md §7.3). What a client wrote, the proposal, has these fields and no others.
 */
import type { ProtobufMessage } from './protobuf.ts';

const timestamp = {
  fields: { 1: { name: 'seconds', type: 'uint' }, 2: { name: 'nanos', type: 'uint' } },
} as const satisfies ProtobufMessage;

/** peer.ChaincodeID */
export const chaincodeId = {
  fields: {
    1: { name: 'path', type: 'text' },
    2: { name: 'name', type: 'text' },
    3: { name: 'version', type: 'text' },
  },
} as const satisfies ProtobufMessage;

/** common.ChannelHeader */
export const channelHeader = {
  fields: {
    1: { name: 'type', type: 'uint' },
    2: { name: 'version', type: 'uint' },
    3: { name: 'timestamp', type: timestamp },
    4: { name: 'channelId', type: 'text' },
    5: { name: 'txId', type: 'text' },
    6: { name: 'epoch', type: 'uint' },
    7: { name: 'extension', type: 'bytes' },
    8: { name: 'tlsCertHash', type: 'bytes' },
  },
} as const satisfies ProtobufMessage;

/** common.HeaderType: the only type that a proposal to a chaincode has. */
export const ENDORSER_TRANSACTION = 3n;

/** common.SignatureHeader */
export const signatureHeader = {
  fields: { 1: { name: 'creator', type: 'bytes' }, 2: { name: 'nonce', type: 'bytes' } },
} as const satisfies ProtobufMessage;

/** peer.ChaincodeProposalPayload as it is hashed: without TransientMap. */
export const proposalPayload = {
  fields: { 1: { name: 'input', type: 'bytes' } },
} as const satisfies ProtobufMessage;

/** peer.ChaincodeInvocationSpec, with no decorations. */
export const invocation = {
  fields: {
    1: {
      name: 'spec',
      type: {
        fields: {
          1: { name: 'type', type: 'uint' },
          2: { name: 'chaincodeId', type: chaincodeId },
          3: {
            name: 'input',
            type: {
              fields: {
                1: { name: 'args', type: 'bytes', repeated: true },
                3: { name: 'isInit', type: 'bool' },
              },
            },
          },
          4: { name: 'timeout', type: 'uint' },
        },
      },
    },
  },
} as const satisfies ProtobufMessage;

/** msp.SerializedIdentity: the certificate is PEM. */
export const serializedIdentity = {
  fields: { 1: { name: 'mspId', type: 'text' }, 2: { name: 'certificate', type: 'text' } },
} as const satisfies ProtobufMessage;

/** peer.ProposalResponsePayload, as far as devices look at it. */
export const answeredPayload = {
  fields: { 1: { name: 'proposalHash', type: 'bytes' }, 2: { name: 'extension', type: 'bytes' } },
  others: 'passed-over',
} as const satisfies ProtobufMessage;

/** peer.ChaincodeAction, as far as devices look at it: reads, writes and events are passed over. */
export const answeredAction = {
  fields: {
    3: {
      name: 'response',
      type: {
        fields: { 1: { name: 'status', type: 'uint' }, 3: { name: 'payload', type: 'bytes' } },
        others: 'passed-over',
      },
    },
    4: { name: 'chaincodeId', type: { ...chaincodeId, others: 'passed-over' } },
  },
  others: 'passed-over',
} as const satisfies ProtobufMessage;
