import { createHash } from 'node:crypto';

import { peer } from '@hyperledger/fabric-protos';

import { Closers } from '../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { compareKeys } from '../../../network/src/embedded/ledger/key-order.ts';
import {
  encodeReadWriteSet,
  type KeyWrite,
} from '../../../network/src/embedded/ledger/read-write-set.ts';
import { fieldKey } from '../../../network/src/embedded/peer/definitions.ts';
import { newSigner } from '../../../network/src/membership/signer.ts';
import { HELIOS, MERIDIAN, newTestNetwork, NORTHLIGHT, type TestNetwork } from './fabric-client.ts';
import { LifecycleClient, type Definition } from './lifecycle-client.ts';
import { newDraft, newEnvelope } from './raw-client.ts';

jest.setTimeout(60_000);

const { lifecycle } = peer;
const Code = peer.TxValidationCode;
const HELIOS_APPROVES = '_implicit_org_HeliosMSP/namespaces/fields/lamp#1/EndorsementInfo';

const bytesData = (value: Uint8Array): Uint8Array => {
  const data = new lifecycle.StateData();
  data.setBytes(value);
  return data.serializeBinary();
};

const integerData = (value: number): Uint8Array => {
  const data = new lifecycle.StateData();
  data.setInt64(value);
  return data.serializeBinary();
};

/** Writes to `_lifecycle` that no honest peer would endorse, under endorsements that dishonest ones give. */
describe('forged writes of _lifecycle', () => {
  let setting: TestNetwork;
  let network: EmbeddedNetwork;
  let client: LifecycleClient;
  const closers = new Closers();

  beforeAll(async () => {
    setting = await newTestNetwork('127.0.0.1:9');
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
    client = await LifecycleClient.open(network, NORTHLIGHT);
    closers.add(async () => {
      await Promise.resolve();
      client.close();
    });
  });

  afterAll(() => closers.closeAll());

  /** @returns the validation code of a transaction with these writes, endorsed by peers of these organisations. */
  async function forge(
    writes: readonly KeyWrite[],
    mspIds: readonly string[],
    chaincode = '_lifecycle',
  ): Promise<number> {
    const { signer } = client.client;
    const draft = newDraft(signer, { chaincode, args: ['Forge'] });
    const identifier = new peer.ChaincodeID();
    identifier.setName(chaincode);
    identifier.setVersion('1.0');
    const response = new peer.Response();
    response.setStatus(200);
    const action = new peer.ChaincodeAction();
    action.setChaincodeId(identifier);
    action.setResponse(response);
    action.setResults(
      encodeReadWriteSet([
        {
          namespace: '_lifecycle',
          reads: [],
          rangeQueries: [],
          writes: [...writes].sort((left, right) => compareKeys(left.key, right.key)),
          metadataWrites: [],
          collections: 0,
        },
      ]),
    );
    const payload = new peer.ProposalResponsePayload();
    payload.setExtension$(action.serializeBinary());
    payload.setProposalHash(
      createHash('sha256')
        .update(draft.header.getChannelHeader_asU8())
        .update(draft.header.getSignatureHeader_asU8())
        .update(draft.payload)
        .digest(),
    );
    const responsePayload = payload.serializeBinary();
    const endorsements: peer.Endorsement[] = [];
    for (const mspId of mspIds) {
      const endorser = newSigner(await network.enrol(mspId, 'forger', 'peer'));
      const endorsement = new peer.Endorsement();
      endorsement.setEndorser(endorser.identity);
      endorsement.setSignature(endorser.sign(Buffer.concat([responsePayload, endorser.identity])));
      endorsements.push(endorsement);
    }
    const envelope = newEnvelope(draft, [], signer, { responsePayload, endorsements });
    return client.order(envelope, draft.transactionId);
  }

  const approval: KeyWrite = { key: HELIOS_APPROVES, value: bytesData(Buffer.from('x')) };
  const sequence: KeyWrite = { key: fieldKey('lamp', 'Sequence'), value: integerData(1) };

  it.each<[string, readonly KeyWrite[], readonly string[], number]>([
    [
      'an approval of Helios by all others',
      [approval],
      [NORTHLIGHT, MERIDIAN],
      Code.ENDORSEMENT_POLICY_FAILURE,
    ],
    ['an approval of Helios by its own peer', [approval], [HELIOS], Code.VALID],
    [
      'the removal of an approval of Helios by all others',
      [{ key: HELIOS_APPROVES, value: undefined }],
      [NORTHLIGHT, MERIDIAN],
      Code.ENDORSEMENT_POLICY_FAILURE,
    ],
    [
      'an approval of an organisation that there is not',
      [{ ...approval, key: '_implicit_org_OtherMSP/namespaces/metadata/lamp#1' }],
      [NORTHLIGHT, HELIOS, MERIDIAN],
      Code.ENDORSEMENT_POLICY_FAILURE,
    ],
    [
      'an approval of a name that climbs to another policy',
      [{ ...approval, key: '_implicit_org_../namespaces/metadata/lamp#1' }],
      [NORTHLIGHT, HELIOS, MERIDIAN],
      Code.ENDORSEMENT_POLICY_FAILURE,
    ],
    ['a definition by one organisation', [sequence], [NORTHLIGHT], Code.ENDORSEMENT_POLICY_FAILURE],
    [
      'a definition and an approval of Helios by all others',
      [sequence, approval],
      [NORTHLIGHT, MERIDIAN],
      Code.ENDORSEMENT_POLICY_FAILURE,
    ],
    [
      'a definition and an approval of Helios by Helios alone',
      [sequence, approval],
      [HELIOS],
      Code.ENDORSEMENT_POLICY_FAILURE,
    ],
    ['nothing at all by one organisation', [], [HELIOS], Code.ENDORSEMENT_POLICY_FAILURE],
  ])('judges %s', async (_, writes, endorsers, expected) => {
    expect(await forge(writes, endorsers)).toBe(expected);
  });

  it('are held to the same policies when another chaincode makes them', async () => {
    const by = [NORTHLIGHT, MERIDIAN];
    expect(await forge([approval], by, 'features')).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    expect(await forge([sequence], by, 'features')).toBe(Code.VALID);
  });

  describe('that a majority has made of rubbish', () => {
    const majority = [NORTHLIGHT, HELIOS];
    const broken: Definition = { name: 'broken', version: '1', sequence: 1 };

    it.each<[string, KeyWrite]>([
      [
        'fields that do not parse',
        { key: fieldKey('broken', 'ValidationInfo'), value: Buffer.from('ffffffff', 'hex') },
      ],
      [
        'a policy that does not parse',
        {
          key: fieldKey('broken', 'ValidationInfo'),
          value: bytesData(validationInfo(Buffer.from('ffffffff', 'hex'))),
        },
      ],
      [
        'no policy',
        { key: fieldKey('broken', 'ValidationInfo'), value: bytesData(new Uint8Array()) },
      ],
      [
        'a sequence that does not parse',
        { key: fieldKey('broken', 'Sequence'), value: Buffer.from('ffffffff', 'hex') },
      ],
    ])('leave the network at work: %s', async (_, write) => {
      const writes = new Map<string, KeyWrite>([
        [
          fieldKey('broken', 'Sequence'),
          { key: fieldKey('broken', 'Sequence'), value: integerData(1) },
        ],
        [
          fieldKey('broken', 'EndorsementInfo'),
          { key: fieldKey('broken', 'EndorsementInfo'), value: bytesData(new Uint8Array()) },
        ],
        [
          'namespaces/metadata/broken',
          { key: 'namespaces/metadata/broken', value: Buffer.from('ffff', 'hex') },
        ],
        [write.key, write],
      ]);
      expect(await forge([...writes.values()], majority)).toBe(Code.VALID);
      expect(await forge([], majority, 'broken')).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      const call = { chaincode: 'broken', args: ['Features:Get', 'k'] };
      expect((await client.client.query(call)).getStatus()).toBe(500);
      const list = await client.ask('QueryChaincodeDefinitions', new Uint8Array());
      expect(list.getStatus()).toBe(200);
      expect((await client.installed()).installedChaincodesList).toHaveLength(1);
      await expect(client.commit({ ...broken, sequence: 2 })).rejects.toThrow();
    });
  });
});

function validationInfo(parameter: Uint8Array): Uint8Array {
  const info = new lifecycle.ChaincodeValidationInfo();
  info.setValidationPlugin('vscc');
  info.setValidationParameter(parameter);
  return info.serializeBinary();
}
