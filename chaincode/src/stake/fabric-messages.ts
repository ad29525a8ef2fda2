/**
 * The messages of Fabric's that evidence is made of, described for the strict reader (fabric-protos: common, peer, ledger). What
 * devices read of an answer, too, stands in the SDK.
 */
import { peerMessages, type ProtobufMessage } from '@lamplighter/sdk/wire';

export const { channelHeader, signatureHeader, proposalPayload, invocation, serializedIdentity } =
  peerMessages;
const { chaincodeId } = peerMessages;

/** peer.ChaincodeHeaderExtension */
export const headerExtension = {
  fields: { 2: { name: 'chaincodeId', type: chaincodeId } },
} as const satisfies ProtobufMessage;

/** peer.ProposalResponsePayload */
export const responsePayload = {
  fields: { 1: { name: 'proposalHash', type: 'bytes' }, 2: { name: 'extension', type: 'bytes' } },
} as const satisfies ProtobufMessage;

/** peer.ChaincodeAction */
export const chaincodeAction = {
  fields: {
    1: { name: 'results', type: 'bytes' },
    2: { name: 'events', type: 'bytes' },
    3: {
      name: 'response',
      type: {
        fields: {
          1: { name: 'status', type: 'uint' },
          2: { name: 'message', type: 'text' },
          3: { name: 'payload', type: 'bytes' },
        },
      },
    },
    4: { name: 'chaincodeId', type: chaincodeId },
  },
} as const satisfies ProtobufMessage;

/** peer.ChaincodeEvent */
export const chaincodeEvent = {
  fields: {
    1: { name: 'chaincodeId', type: 'text' },
    2: { name: 'txId', type: 'text' },
    3: { name: 'eventName', type: 'text' },
    4: { name: 'payload', type: 'bytes' },
  },
} as const satisfies ProtobufMessage;

/** ledger.rwset.TxReadWriteSet, with public writes only: private data needs collections, which these contracts have none of. */
export const readWriteSet = {
  fields: {
    1: { name: 'dataModel', type: 'uint' },
    2: {
      name: 'namespaces',
      repeated: true,
      type: {
        fields: { 1: { name: 'namespace', type: 'text' }, 2: { name: 'rwset', type: 'bytes' } },
      },
    },
  },
} as const satisfies ProtobufMessage;

const read = {
  fields: {
    1: { name: 'key', type: 'text' },
    2: {
      name: 'version',
      type: {
        fields: { 1: { name: 'block', type: 'uint' }, 2: { name: 'transaction', type: 'uint' } },
      },
    },
  },
} as const satisfies ProtobufMessage;

/** ledger.rwset.kvrwset.KVRWSet */
export const keyReadWriteSet = {
  fields: {
    1: { name: 'reads', type: read, repeated: true },
    2: {
      name: 'ranges',
      repeated: true,
      type: {
        fields: {
          1: { name: 'startKey', type: 'text' },
          2: { name: 'endKey', type: 'text' },
          3: { name: 'exhausted', type: 'bool' },
          4: {
            name: 'rawReads',
            type: { fields: { 1: { name: 'reads', type: read, repeated: true } } },
          },
          5: {
            name: 'merkleHashes',
            type: {
              fields: {
                1: { name: 'maxDegree', type: 'uint' },
                2: { name: 'maxLevel', type: 'uint' },
                3: { name: 'hashes', type: 'bytes', repeated: true },
              },
            },
          },
        },
      },
    },
    3: {
      name: 'writes',
      repeated: true,
      type: {
        fields: {
          1: { name: 'key', type: 'text' },
          2: { name: 'isDelete', type: 'bool' },
          3: { name: 'value', type: 'bytes' },
        },
      },
    },
    4: {
      name: 'metadataWrites',
      repeated: true,
      type: {
        fields: {
          1: { name: 'key', type: 'text' },
          2: {
            name: 'entries',
            repeated: true,
            type: {
              fields: { 1: { name: 'name', type: 'text' }, 2: { name: 'value', type: 'bytes' } },
            },
          },
        },
      },
    },
  },
} as const satisfies ProtobufMessage;
