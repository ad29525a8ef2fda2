import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { common, peer } from '@hyperledger/fabric-protos';

import { newBlock } from '../../../../network/src/embedded/block.ts';
import type { EndorserPolicy } from '../../../../network/src/embedded/endorsement-policy.ts';
import { Ledger } from '../../../../network/src/embedded/ledger/ledger.ts';
import { MemoryStore } from '../../../../network/src/embedded/ledger/memory-store.ts';
import { OrderedBlock } from '../../../../network/src/embedded/ledger/ordered-block.ts';
import {
  encodeReadWriteSet,
  type NamespaceSet,
} from '../../../../network/src/embedded/ledger/read-write-set.ts';
import { SILENT } from '../../../../network/src/network-logger.ts';
import { MspRegistry } from '../../../../network/src/embedded/msp.ts';
import { LIFECYCLE } from '../../../../network/src/embedded/peer/definitions.ts';
import { responsePayload, success } from '../../../../network/src/embedded/peer/responses.ts';
import { Validator } from '../../../../network/src/embedded/peer/validator.ts';
import { newSigner, type Signer } from '../../../../network/src/membership/signer.ts';
import { enrol, MSP_ID, newAuthority } from '../../membership/certificates.ts';
import { nextBlock } from '../ledger/blocks.ts';
import { newDraft, newEnvelope, type Draft, type EnvelopeChanges } from '../raw-client.ts';
import { proposalHash } from './proposals.ts';

const Code = peer.TxValidationCode;
const PERMIT: EndorserPolicy = { evaluate: () => ({ valid: true }) };

describe('Validator', () => {
  let directory: string;
  let ledger: Ledger;
  let signer: Signer;
  let stranger: Signer;
  let validator: Validator;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'validator-'));
    ledger = await Ledger.open({
      path: join(directory, 'blocks'),
      remedy: '',
      store: new MemoryStore(),
    });
    const authority = await newAuthority();
    signer = newSigner(await enrol(authority, 'admin'));
    stranger = newSigner(await enrol(await newAuthority()));
    validator = new Validator({
      channel: 'city',
      registry: new MspRegistry([{ mspId: MSP_ID, rootCertificates: [authority.certificate] }]),
      ledger,
      policyOf: () => PERMIT,
      mspIds: [MSP_ID],
      logger: SILENT,
    });
    await ledger.commit(nextBlock(), Uint8Array.of(0));
  });

  afterEach(async () => {
    await ledger.close();
    await rm(directory, { recursive: true });
  });

  function block(...envelopes: readonly Uint8Array[]): OrderedBlock {
    return new OrderedBlock(newBlock(ledger.height, ledger.info.currentHash, envelopes));
  }

  const codes = async (...envelopes: readonly Uint8Array[]): Promise<number[]> => [
    ...(await validator.validate(block(...envelopes))),
  ];

  interface Content {
    readonly chaincode?: string;
    readonly version?: string;
    readonly event?: Uint8Array;
    readonly results?: Uint8Array;
  }

  /** An envelope against `_lifecycle`, the one namespace that is always defined. */
  function envelope(
    content: Content = {},
    changes: EnvelopeChanges = {},
    draft: Draft = newDraft(signer, { chaincode: LIFECYCLE, args: ['x'] }),
  ): Uint8Array {
    const payload = responsePayload(proposalHash(draft), {
      chaincode: LIFECYCLE,
      version: 'syscc',
      response: success(new Uint8Array()),
      results: new Uint8Array(),
      event: new Uint8Array(),
      ...content,
    });
    return newEnvelope(draft, [], signer, { responsePayload: payload, ...changes });
  }

  function set(namespace: string, changes: Partial<NamespaceSet> = {}): NamespaceSet {
    return {
      namespace,
      reads: [],
      rangeQueries: [],
      writes: [],
      metadataWrites: [],
      collections: 0,
      ...changes,
    };
  }

  /** A payload with a changed channel header. */
  const channelHeader =
    (change: (header: common.ChannelHeader) => void) =>
    (payload: common.Payload): void => {
      const header = payload.getHeader()!;
      const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
      change(channel);
      header.setChannelHeader(channel.serializeBinary());
    };

  it('accepts a transaction in good order', async () => {
    expect(await codes(envelope())).toEqual([Code.VALID]);
  });

  it('accepts block 0 as it is', async () => {
    const zero = new OrderedBlock(newBlock(0, new Uint8Array(), [Buffer.from('configuration')]));
    expect([...(await validator.validate(zero))]).toEqual([Code.VALID]);
  });

  it.each<[string, () => Uint8Array, number]>([
    ['nothing', () => new Uint8Array(), Code.NIL_ENVELOPE],
    ['rubbish', () => Buffer.from('ffff', 'hex'), Code.INVALID_OTHER_REASON],
    [
      'a mangled payload',
      () => {
        const mangled = new common.Envelope();
        mangled.setPayload(Buffer.from('ffff', 'hex'));
        return mangled.serializeBinary();
      },
      Code.BAD_PAYLOAD,
    ],
    [
      'no header',
      () => {
        const empty = new common.Envelope();
        empty.setPayload(new common.Payload().serializeBinary());
        empty.setSignature(Buffer.from('x'));
        return empty.serializeBinary();
      },
      Code.BAD_COMMON_HEADER,
    ],
    [
      'a foreign type',
      () =>
        envelope(
          {},
          {
            payload: channelHeader((header) => {
              header.setType(6);
            }),
          },
        ),
      Code.BAD_COMMON_HEADER,
    ],
    [
      'a wrong signature',
      () => envelope({}, { sign: () => signer.sign(Buffer.from('other')) }),
      Code.BAD_CREATOR_SIGNATURE,
    ],
    [
      'the signature of a stranger',
      () => {
        const draft = newDraft(stranger, { chaincode: LIFECYCLE, args: ['x'] });
        return envelope({}, { sign: stranger.sign }, draft);
      },
      Code.BAD_CREATOR_SIGNATURE,
    ],
    [
      'the id of another transaction',
      () =>
        envelope(
          {},
          {
            payload: channelHeader((header) => {
              header.setTxId('ab'.repeat(32));
            }),
          },
        ),
      Code.BAD_PROPOSAL_TXID,
    ],
    [
      'a configuration',
      () =>
        envelope(
          {},
          {
            payload: channelHeader((header) => {
              header.setType(common.HeaderType.CONFIG);
            }),
          },
        ),
      Code.INVALID_CONFIG_TRANSACTION,
    ],
    [
      'a configuration update',
      () =>
        envelope(
          {},
          {
            payload: channelHeader((header) => {
              header.setType(common.HeaderType.CONFIG_UPDATE);
            }),
          },
        ),
      Code.UNSUPPORTED_TX_PAYLOAD,
    ],
    [
      'another channel',
      () => {
        const draft = newDraft(signer, { chaincode: LIFECYCLE, channel: 'town', args: ['x'] });
        return envelope({}, {}, draft);
      },
      Code.TARGET_CHAIN_NOT_FOUND,
    ],
    [
      'a response of another proposal',
      () => envelope({}, { responsePayload: new peer.ProposalResponsePayload().serializeBinary() }),
      Code.INVALID_ENDORSER_TRANSACTION,
    ],
    [
      'another chaincode in the response',
      () => envelope({ chaincode: 'other' }),
      Code.INVALID_CHAINCODE,
    ],
    ['no version', () => envelope({ version: '' }), Code.INVALID_CHAINCODE],
    [
      'a chaincode that is not defined',
      () => envelope({ chaincode: 'none' }, {}, newDraft(signer, { chaincode: 'none', args: [] })),
      Code.INVALID_CHAINCODE,
    ],
    [
      'results that do not parse',
      () => envelope({ results: Buffer.from('ffff', 'hex') }),
      Code.BAD_RWSET,
    ],
    [
      'one namespace twice',
      () => envelope({ results: encodeReadWriteSet([set(LIFECYCLE), set(LIFECYCLE)]) }),
      Code.ILLEGAL_WRITESET,
    ],
    [
      'writes to a namespace that is not defined',
      () => {
        const writes = [{ key: 'k', value: Buffer.from('v') }];
        return envelope({ results: encodeReadWriteSet([set('other', { writes })]) });
      },
      Code.INVALID_CHAINCODE,
    ],
    [
      'an event that does not parse',
      () => envelope({ event: Buffer.from('ffff', 'hex') }),
      Code.INVALID_OTHER_REASON,
    ],
    [
      'the event of another chaincode',
      () => {
        const event = new peer.ChaincodeEvent();
        event.setChaincodeId('other');
        return envelope({ event: event.serializeBinary() });
      },
      Code.INVALID_OTHER_REASON,
    ],
  ])('gives %s its code', async (_, make, expected) => {
    expect(await codes(make())).toEqual([expected]);
  });

  it('looks at the signature before it looks inside', async () => {
    const sign = (): Uint8Array => signer.sign(Buffer.from('other'));
    expect(await codes(envelope({ version: '' }, { sign }))).toEqual([Code.BAD_CREATOR_SIGNATURE]);
  });

  it('refuses an id twice, in one block and across blocks', async () => {
    const one = envelope();
    expect(await codes(one, one)).toEqual([Code.VALID, Code.DUPLICATE_TXID]);
    const first = block(one);
    await ledger.commit(first, await validator.validate(first));
    expect(await codes(one)).toEqual([Code.DUPLICATE_TXID]);
  });

  it('judges conflicts in the order of the block', async () => {
    const results = encodeReadWriteSet([
      set(LIFECYCLE, {
        reads: [{ key: 'k', version: undefined }],
        writes: [{ key: 'k', value: Buffer.from('v') }],
      }),
    ]);
    expect(await codes(envelope({ results }), envelope({ results }), envelope())).toEqual([
      Code.VALID,
      Code.MVCC_READ_CONFLICT,
      Code.VALID,
    ]);
  });
});
