/**
 * Transactions of a wrong form, and the validation code that each gets. Codes that no client can get are not here: the orderer refuses
 * what would be NIL_ENVELOPE, BAD_PAYLOAD, BAD_CREATOR_SIGNATURE, TARGET_CHAIN_NOT_FOUND, INVALID_CONFIG_TRANSACTION, UNKNOWN_TX_TYPE,
 * NIL_TXACTION, MARSHAL_TX_ERROR and BAD_CHANNEL_HEADER; nothing in Fabric 3 gives EXPIRED_CHAINCODE or CHAINCODE_VERSION_CONFLICT.
 * A transaction without an endorsed action is not sent either: peers of Fabric 3.1.5 stop at it.
 */
import { createHash, randomBytes } from 'node:crypto';

import { common, ledger, peer } from '@hyperledger/fabric-protos';

import type { EnvelopeChanges } from '../../network/embedded/raw-client.ts';
import type { Endorsed } from '../target/target.ts';
import { withAction, withResults } from './endorsements.ts';
import type { Suite } from './suite.ts';

const Code = peer.TxValidationCode;
const ABSENT = 'chaincode-that-is-not-there';
const GARBAGE = Buffer.from('ffff', 'hex');

type Change = EnvelopeChanges | ((endorsed: Endorsed) => EnvelopeChanges);

function withChannelHeader(change: (header: common.ChannelHeader) => void): EnvelopeChanges {
  return {
    payload: (payload) => {
      const header = payload.getHeader()!;
      const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
      change(channel);
      header.setChannelHeader(channel.serializeBinary());
    },
  };
}

/** Another channel header, and the hash of the proposal that it would have been in. */
function withProposalHeader(
  change: (header: common.ChannelHeader) => void,
  changeAction: (action: peer.ChaincodeAction) => void = () => undefined,
): Change {
  return ({ draft, responses }) => {
    const header = common.ChannelHeader.deserializeBinary(draft.header.getChannelHeader_asU8());
    change(header);
    const payload = peer.ProposalResponsePayload.deserializeBinary(responses[0]!.getPayload_asU8());
    const action = peer.ChaincodeAction.deserializeBinary(payload.getExtension_asU8());
    changeAction(action);
    payload.setExtension$(action.serializeBinary());
    payload.setProposalHash(
      createHash('sha256')
        .update(header.serializeBinary())
        .update(draft.header.getSignatureHeader_asU8())
        .update(draft.payload)
        .digest(),
    );
    return {
      responsePayload: payload.serializeBinary(),
      payload: (envelope) => {
        envelope.getHeader()!.setChannelHeader(header.serializeBinary());
      },
    };
  };
}

function extensionNaming(name: string | undefined): Uint8Array {
  const extension = new peer.ChaincodeHeaderExtension();
  if (name !== undefined) {
    const identifier = new peer.ChaincodeID();
    identifier.setName(name);
    extension.setChaincodeId(identifier);
  }
  return extension.serializeBinary();
}

function withSignatureHeader(change: (header: common.SignatureHeader) => void): EnvelopeChanges {
  return {
    payload: (payload) => {
      const header = payload.getHeader()!;
      const signature = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
      change(signature);
      header.setSignatureHeader(signature.serializeBinary());
    },
  };
}

function withTransaction(change: (transaction: peer.Transaction) => void): EnvelopeChanges {
  return {
    payload: (payload) => {
      const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
      change(transaction);
      payload.setData(transaction.serializeBinary());
    },
  };
}

function withActionPayload(
  change: (payload: peer.ChaincodeActionPayload) => void,
): EnvelopeChanges {
  return withTransaction((transaction) => {
    const [action] = transaction.getActionsList();
    const payload = peer.ChaincodeActionPayload.deserializeBinary(action!.getPayload_asU8());
    change(payload);
    action!.setPayload(payload.serializeBinary());
  });
}

function withResponse(change: (payload: peer.ProposalResponsePayload) => void): Change {
  return ({ responses }) => {
    const payload = peer.ProposalResponsePayload.deserializeBinary(responses[0]!.getPayload_asU8());
    change(payload);
    return { responsePayload: payload.serializeBinary() };
  };
}

function withEvent(change: (event: peer.ChaincodeEvent) => void): Change {
  return withAction((action) => {
    const event = peer.ChaincodeEvent.deserializeBinary(action.getEvents_asU8());
    change(event);
    action.setEvents(event.serializeBinary());
  });
}

function withIdentifier(change: (identifier: peer.ChaincodeID) => void): Change {
  return withAction((action) => {
    change(action.getChaincodeId()!);
  });
}

function emptyNamespace(name: string): ledger.rwset.NsReadWriteSet {
  const set = new ledger.rwset.NsReadWriteSet();
  set.setNamespace(name);
  return set;
}

const CASES: readonly (readonly [string, Change, number])[] = [
  [
    'an epoch',
    withChannelHeader((header) => {
      header.setEpoch(7);
    }),
    Code.BAD_COMMON_HEADER,
  ],
  [
    'no transaction inside',
    {
      payload: (payload) => {
        payload.setData(GARBAGE);
      },
    },
    Code.INVALID_ENDORSER_TRANSACTION,
  ],
  [
    'nothing inside',
    {
      payload: (payload) => {
        payload.setData('');
      },
    },
    Code.INVALID_ENDORSER_TRANSACTION,
  ],
  [
    'two actions',
    withTransaction((transaction) => {
      transaction.addActions(transaction.getActionsList()[0]!.clone());
    }),
    Code.INVALID_ENDORSER_TRANSACTION,
  ],
  [
    'no header at its action',
    withTransaction((transaction) => {
      transaction.getActionsList()[0]!.setHeader('');
    }),
    Code.INVALID_ENDORSER_TRANSACTION,
  ],
  [
    'an action that cannot be read',
    withTransaction((transaction) => {
      transaction.getActionsList()[0]!.setPayload(GARBAGE);
    }),
    Code.INVALID_ENDORSER_TRANSACTION,
  ],
  [
    'another proposal than the one endorsed',
    withActionPayload((payload) => {
      payload.setChaincodeProposalPayload(Buffer.from('another'));
    }),
    Code.INVALID_ENDORSER_TRANSACTION,
  ],
  [
    'a response that cannot be read',
    { responsePayload: GARBAGE },
    Code.INVALID_ENDORSER_TRANSACTION,
  ],
  [
    'a header extension that cannot be read',
    withProposalHeader((header) => {
      header.setExtension$(GARBAGE);
    }),
    Code.BAD_HEADER_EXTENSION,
  ],
  [
    'no chaincode in its header',
    withProposalHeader((header) => {
      header.setExtension$(extensionNaming(undefined));
    }),
    Code.INVALID_OTHER_REASON,
  ],
  [
    'a chaincode without a name in its header',
    withProposalHeader((header) => {
      header.setExtension$(extensionNaming(''));
    }),
    Code.INVALID_CHAINCODE,
  ],
  [
    'another chaincode in its header',
    withProposalHeader((header) => {
      header.setExtension$(extensionNaming('another'));
    }),
    Code.INVALID_CHAINCODE,
  ],
  [
    'an action that cannot be read in its response',
    withResponse((payload) => {
      payload.setExtension$(GARBAGE);
    }),
    Code.BAD_RESPONSE_PAYLOAD,
  ],
  [
    'results that cannot be read',
    withAction((action) => {
      action.setResults(GARBAGE);
    }),
    Code.BAD_RWSET,
  ],
  [
    'a namespace that cannot be read',
    withResults((results) => {
      results.getNsRwsetList()[0]!.setRwset(GARBAGE);
    }),
    Code.BAD_RWSET,
  ],
  [
    'no chaincode in its response',
    withAction((action) => {
      action.setChaincodeId(undefined);
    }),
    Code.INVALID_OTHER_REASON,
  ],
  [
    'another chaincode in its response',
    withIdentifier((identifier) => {
      identifier.setName('another');
    }),
    Code.INVALID_CHAINCODE,
  ],
  [
    'no version in its response',
    withIdentifier((identifier) => {
      identifier.setVersion('');
    }),
    Code.INVALID_CHAINCODE,
  ],
  [
    'another version than the committed one, endorsed by nobody',
    withIdentifier((identifier) => {
      identifier.setVersion('another');
    }),
    Code.ENDORSEMENT_POLICY_FAILURE,
  ],
  [
    'an event that cannot be read',
    withAction((action) => {
      action.setEvents(GARBAGE);
    }),
    Code.INVALID_OTHER_REASON,
  ],
  [
    'an event of another chaincode',
    withEvent((event) => {
      event.setChaincodeId('another');
    }),
    Code.INVALID_OTHER_REASON,
  ],
  [
    'a namespace twice',
    withResults((results) => {
      results.addNsRwset(results.getNsRwsetList()[0]!.clone());
    }),
    Code.ILLEGAL_WRITESET,
  ],
  [
    'a chaincode that is not there',
    withProposalHeader(
      (header) => {
        header.setExtension$(extensionNaming(ABSENT));
      },
      (action) => {
        action.getChaincodeId()!.setName(ABSENT);
        action.setEvents('');
        action.setResults('');
      },
    ),
    Code.INVALID_CHAINCODE,
  ],
  [
    'reads from a chaincode that is not there, endorsed by nobody',
    withResults((results) => {
      results.addNsRwset(emptyNamespace(ABSENT));
    }),
    Code.ENDORSEMENT_POLICY_FAILURE,
  ],
];

/** What an orderer may refuse as well: one that lets it pass lets anybody use up the id of another's transaction. */
const SUSPECT: typeof CASES = [
  [
    'no nonce',
    withSignatureHeader((header) => {
      header.setNonce('');
    }),
    Code.BAD_COMMON_HEADER,
  ],
  [
    'a nonce that does not give its id',
    withSignatureHeader((header) => {
      header.setNonce(Buffer.alloc(24, 1));
    }),
    Code.BAD_PROPOSAL_TXID,
  ],
  [
    'another id',
    withChannelHeader((header) => {
      header.setTxId(randomBytes(32).toString('hex'));
    }),
    Code.BAD_PROPOSAL_TXID,
  ],
];

/**
 * SmartBFT's orderers (Fabric 3.1.5) take it, and refuse the proposal that the leader then makes of it, again and again: no block is
 * cut any more.
 */
const UNKNOWN_TYPE: (typeof CASES)[number] = [
  'a type that no transaction has',
  withChannelHeader((header) => {
    header.setType(common.HeaderType.DELIVER_SEEK_INFO);
  }),
  Code.BAD_COMMON_HEADER,
];

export function testForms(suite: Suite): void {
  const codeOf = (change: Change, key: string): Promise<unknown> =>
    suite.target.submitWith(change, 'Emit', 'Formed', key).catch((error: unknown) => error);
  const refused = expect.objectContaining({ name: 'OrderRefusal' }) as unknown;

  describe('a transaction with', () => {
    it.each(CASES)('%s gets its code', async (_, change, expected) => {
      const key = suite.target.key('form');
      expect(await suite.target.submitWith(change, 'Emit', 'Formed', key)).toBe(expected);
      expect(await suite.target.evaluate('Get', `emitted-${key}`)).toBe('');
    });

    it.each(SUSPECT)('%s gets its code, or is not ordered', async (_, change, expected) => {
      const key = suite.target.key('suspect');
      const outcome = await codeOf(change, key);
      expect(outcome).toEqual(typeof outcome === 'number' ? expected : refused);
      expect(await suite.target.evaluate('Get', `emitted-${key}`)).toBe('');
    });
  });

  suite.describeUnlessBft('a transaction with', () => {
    const [name, change, expected] = UNKNOWN_TYPE;

    it(`${name} gets its code, or is not ordered`, async () => {
      const key = suite.target.key('unknown');
      const outcome = await codeOf(change, key);
      expect(outcome).toEqual(typeof outcome === 'number' ? expected : refused);
      expect(await suite.target.evaluate('Get', `emitted-${key}`)).toBe('');
    });
  });
}
