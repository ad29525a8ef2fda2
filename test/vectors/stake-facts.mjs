/**
 * Writes test/vectors/stake-facts.json: endorsed transactions, and what the rule of stake is asked about them in one namespace. What it
 * is asked is written down here by hand; the embedded network and the validation plugin are held to it. `npm run vectors`.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

import protos from '@hyperledger/fabric-protos';

const { common, ledger, peer } = protos;
const { kvrwset } = ledger.rwset;
const NONCE = Buffer.from('nonce');
const CREATOR = Buffer.from('creator');
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** Sets fields by name, such as `channelId`; `extension$` is one that would hide a method. */
const message = (Type, fields) => {
  const made = new Type();
  for (const [name, value] of Object.entries(fields)) {
    made[`set${name[0].toUpperCase()}${name.slice(1)}`](value);
  }
  return made;
};
const bytes = (Type, fields) => message(Type, fields).serializeBinary();

const write = (key) => message(kvrwset.KVWrite, { key, value: Buffer.from('value') });
const read = (key) => message(kvrwset.KVRead, { key });
const metadata = (key) => message(kvrwset.KVMetadataWrite, { key });

const namespaceSet = ([namespace, { reads = [], writes = [], policies = [] }]) =>
  message(ledger.rwset.NsReadWriteSet, {
    namespace,
    rwset: bytes(kvrwset.KVRWSet, {
      readsList: reads.map(read),
      writesList: writes.map(write),
      metadataWritesList: policies.map(metadata),
    }),
  });

/** Serialised ChaincodeProposalPayload. */
const proposalOf = (args) =>
  bytes(peer.ChaincodeProposalPayload, {
    input: bytes(peer.ChaincodeInvocationSpec, {
      chaincodeSpec: message(peer.ChaincodeSpec, {
        input: message(peer.ChaincodeInput, { argsList: args }),
      }),
    }),
  });

function envelopeOf({ chaincode = 'lamplighter', args = [], proposal = proposalOf(args), sets }) {
  const chaincodeId = message(peer.ChaincodeID, { name: chaincode, version: '1' });
  const channelHeader = bytes(common.ChannelHeader, {
    type: common.HeaderType.ENDORSER_TRANSACTION,
    channelId: 'city',
    txId: sha256(NONCE, CREATOR).toString('hex'),
    extension$: bytes(peer.ChaincodeHeaderExtension, { chaincodeId }),
  });
  const signatureHeader = bytes(common.SignatureHeader, { creator: CREATOR, nonce: NONCE });
  const results = bytes(ledger.rwset.TxReadWriteSet, {
    nsRwsetList: Object.entries(sets).map(namespaceSet),
  });
  const action = message(peer.ChaincodeEndorsedAction, {
    proposalResponsePayload: bytes(peer.ProposalResponsePayload, {
      proposalHash: sha256(channelHeader, signatureHeader, proposal),
      extension$: bytes(peer.ChaincodeAction, { results, chaincodeId }),
    }),
  });
  const payload = bytes(peer.ChaincodeActionPayload, {
    chaincodeProposalPayload: proposal,
    action,
  });
  const transaction = message(peer.TransactionAction, { header: signatureHeader, payload });
  return bytes(common.Envelope, {
    payload: bytes(common.Payload, {
      header: message(common.Header, { channelHeader, signatureHeader }),
      data: bytes(peer.Transaction, { actionsList: [transaction] }),
    }),
  });
}

const ELECT = 'Stake:ElectValidator';
const text = (...args) => args.map((arg) => Buffer.from(arg));
const own = (set) => ({ lamplighter: set });
const LIFECYCLE_READ = { reads: ['namespaces/fields/lamplighter/Sequence'] };

/** name, transaction, the namespace judged, first argument, keys written, whether others are written besides */
const CASES = [
  [
    'a write',
    { args: text(ELECT), sets: own({ writes: ['stake:table'] }) },
    ELECT,
    ['stake:table'],
    false,
  ],
  ['reads alone', { args: text(ELECT), sets: own({ reads: ['a'] }) }, ELECT, [], false],
  ['nothing', { args: text(ELECT), sets: {} }, ELECT, [], false],
  [
    'more arguments',
    { args: text(ELECT, 'b'), sets: own({ writes: ['a', 'b'] }) },
    ELECT,
    ['a', 'b'],
    false,
  ],
  ['no argument', { sets: own({ writes: ['a'] }) }, '', ['a'], false],
  ['an empty argument', { args: text(''), sets: own({ writes: ['a'] }) }, '', ['a'], false],
  ['no proposal', { proposal: Buffer.of(0xff), sets: own({ writes: ['a'] }) }, '', ['a'], false],
  ['a proposal of nothing', { proposal: Buffer.of(0x0a, 0), sets: own({}) }, '', [], false],
  [
    'an input that does not parse',
    { proposal: bytes(peer.ChaincodeProposalPayload, { input: Buffer.of(0xff) }), sets: own({}) },
    '',
    [],
    false,
  ],
  ['policies of keys', { args: text(ELECT), sets: own({ policies: ['c'] }) }, ELECT, ['c'], false],
  [
    'values and policies',
    { args: text(ELECT), sets: own({ writes: ['a'], policies: ['a'] }) },
    ELECT,
    ['a', 'a'],
    false,
  ],
  [
    'reads elsewhere',
    { args: text(ELECT), sets: { _lifecycle: LIFECYCLE_READ, ...own({ writes: ['a'] }) } },
    ELECT,
    ['a'],
    false,
  ],
  [
    'writes elsewhere',
    { args: text(ELECT), sets: { ...own({ writes: ['a'] }), other: { writes: ['b'] } } },
    ELECT,
    ['a'],
    true,
  ],
  [
    'policies elsewhere',
    { args: text(ELECT), sets: { ...own({}), other: { policies: ['b'] } } },
    ELECT,
    [],
    true,
  ],
  [
    'called by another chaincode',
    { chaincode: 'other', args: text(ELECT), sets: own({ writes: ['stake:a'] }) },
    '',
    ['stake:a'],
    false,
  ],
  ['capitals', { args: text(ELECT.toUpperCase()), sets: own({}) }, ELECT.toUpperCase(), [], false],
];

const cases = CASES.map(([name, transaction, first, writes, writesElsewhere]) => ({
  name,
  envelope: Buffer.from(envelopeOf(transaction)).toString('hex'),
  namespace: 'lamplighter',
  transaction: first,
  writes,
  writesElsewhere,
}));
const vectors = {
  format: 'lamplighter.stake-facts.v1',
  fields: 'envelope: serialised common.Envelope, hex; the others as in chaincode/src/stake/rule.ts',
  cases,
};
const file = new URL('stake-facts.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(vectors, null, 1)}\n`);
