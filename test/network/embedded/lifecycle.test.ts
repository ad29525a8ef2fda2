import { common, peer } from '@hyperledger/fabric-protos';

import { Closers } from '../../../network/src/closers.ts';
import { signaturePolicy } from '../../../network/src/embedded/config-policies.ts';
import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { policyReference } from '../../../network/src/embedded/peer/definitions.ts';
import { freePort, PACKAGE_ID, startChaincode } from './chaincode-process.ts';
import { HELIOS, MERIDIAN, newTestNetwork, NORTHLIGHT, type TestNetwork } from './fabric-client.ts';
import { approvalArgs, LifecycleClient, type Definition } from './lifecycle-client.ts';
import { newPackage } from './packages.ts';
import { newEnvelope } from './raw-client.ts';

jest.setTimeout(60_000);

const { lifecycle } = peer;
const Code = peer.TxValidationCode;
const APPROVE = 'ApproveChaincodeDefinitionForMyOrg';

const first = (name: string): Definition => ({ name, version: '1.0', sequence: 1 });

describe('_lifecycle', () => {
  let setting: TestNetwork;
  let network: EmbeddedNetwork;
  let northlight: LifecycleClient;
  let helios: LifecycleClient;
  let meridian: LifecycleClient;
  let all: readonly LifecycleClient[];
  const closers = new Closers();

  beforeAll(async () => {
    const chaincode = await startChaincode(await freePort());
    closers.add(() => chaincode.stop());
    setting = await newTestNetwork(chaincode.address);
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
    northlight = await clientOf(NORTHLIGHT);
    helios = await clientOf(HELIOS);
    meridian = await clientOf(MERIDIAN);
    all = [northlight, helios, meridian];
  });

  afterAll(() => closers.closeAll());

  async function clientOf(
    mspId: string,
    role: 'admin' | 'client' | 'peer' = 'admin',
  ): Promise<LifecycleClient> {
    const client = await LifecycleClient.open(network, mspId, role);
    closers.add(async () => {
      await Promise.resolve();
      client.close();
    });
    return client;
  }

  /** Every organisation approves, then one commits. */
  async function define(definition: Definition, packageId = PACKAGE_ID): Promise<void> {
    for (const client of all) {
      expect(await client.approve(definition, packageId)).toBe(Code.VALID);
    }
    expect(await northlight.commit(definition)).toBe(Code.VALID);
  }

  const messageOf = async (answer: Promise<peer.Response>): Promise<[number, string]> => {
    const response = await answer;
    return [response.getStatus(), response.getMessage()];
  };

  describe('letting in', () => {
    const NAMES = [
      'InstallChaincode',
      'QueryInstalledChaincode',
      'QueryInstalledChaincodes',
      'GetInstalledChaincodePackage',
      APPROVE,
      'QueryApprovedChaincodeDefinition',
      'QueryApprovedChaincodeDefinitions',
    ];

    it.each(NAMES)('calls %s for administrators of its own organisation only', async (name) => {
      const client = await clientOf(NORTHLIGHT, 'client');
      expect(await messageOf(client.ask(name, new Uint8Array()))).toEqual([
        500,
        expect.stringContaining('The identity is not an admin under this MSP [NorthlightMSP]'),
      ]);
      const foreign = northlight.ask(name, new Uint8Array(), 'city', helios.peer);
      expect(await messageOf(foreign)).toEqual([
        500,
        expect.stringContaining('expected MSP ID HeliosMSP, received NorthlightMSP'),
      ]);
    });

    it.each([
      'CheckCommitReadiness',
      'CommitChaincodeDefinition',
      'QueryChaincodeDefinition',
      'QueryChaincodeDefinitions',
    ])('calls %s for writers of the channel only', async (name) => {
      const client = await clientOf(NORTHLIGHT, 'peer');
      expect(await messageOf(client.ask(name, new Uint8Array()))).toEqual([
        500,
        expect.stringContaining('Failed to authorize invocation due to failed ACL check'),
      ]);
    });

    it('wants one argument, a message, and a function that there is', async () => {
      const call = { chaincode: '_lifecycle', args: ['QueryInstalledChaincodes'] };
      expect((await northlight.client.query(call)).getMessage()).toBe(
        'lifecycle scc operations require exactly two arguments but received 1',
      );
      const [, unknown] = await messageOf(northlight.ask('Launch', new Uint8Array()));
      expect(unknown).toBe('receiver Invocation.Launch does not exist');
      const [, broken] = await messageOf(northlight.ask(APPROVE, Buffer.from('ff', 'hex')));
      expect(broken).toContain(`failed to invoke backing implementation of '${APPROVE}'`);
      const [, channel] = await messageOf(northlight.ask(APPROVE, approval(first('x')), ''));
      expect(channel).toContain('expected a channel for _lifecycle');
    });
  });

  it.each(['InstallChaincode', APPROVE, 'CommitChaincodeDefinition'])(
    'lets no contract call %s for the administrator who calls it',
    async (name) => {
      // These bytes are ASCII, so that they pass the contract as a string.
      const input = Buffer.from(approval(first('smuggled'))).toString('latin1');
      const args = ['Features:Call', '_lifecycle', '', JSON.stringify([name, input])];
      const answer = await northlight.client.query({ chaincode: 'features', args });
      expect(JSON.parse(Buffer.from(answer.getPayload_asU8()).toString())).toMatchObject({
        status: 500,
        message: `Rejecting ${name} of _lifecycle from another chaincode, original invocation for 'features'`,
      });
    },
  );

  const approval = (definition: Definition): Uint8Array =>
    approvalArgs(definition, PACKAGE_ID).serializeBinary();

  describe('keeping packages', () => {
    it('installs, lists and hands out, each peer its own', async () => {
      const { bytes, packageId } = newPackage('kept_1');
      const answer = await northlight.install(bytes);
      const result = lifecycle.InstallChaincodeResult.deserializeBinary(answer.getPayload_asU8());
      expect(result.toObject()).toEqual({ packageId, label: 'kept_1' });
      expect((await northlight.installed()).installedChaincodesList).toEqual([
        {
          packageId: PACKAGE_ID,
          label: 'features_1.0',
          referencesMap: [['city', { chaincodesList: [{ name: 'features', version: '1.0' }] }]],
        },
        { packageId, label: 'kept_1', referencesMap: [] },
      ]);
      expect((await helios.installed()).installedChaincodesList).toHaveLength(1);
      const args = new lifecycle.GetInstalledChaincodePackageArgs();
      args.setPackageId(packageId);
      const found = await northlight.ask('GetInstalledChaincodePackage', args.serializeBinary());
      expect(
        lifecycle.GetInstalledChaincodePackageResult.deserializeBinary(
          found.getPayload_asU8(),
        ).getChaincodeInstallPackage_asB64(),
      ).toBe(bytes.toString('base64'));
      expect(await messageOf(northlight.install(bytes))).toEqual([
        500,
        `failed to invoke backing implementation of 'InstallChaincode': chaincode already successfully installed (package ID '${packageId}')`,
      ]);
    });

    it('answers for one package, and tells which it has not', async () => {
      const args = new lifecycle.QueryInstalledChaincodeArgs();
      args.setPackageId(PACKAGE_ID);
      const one = await northlight.ask('QueryInstalledChaincode', args.serializeBinary(), '');
      expect(
        lifecycle.QueryInstalledChaincodeResult.deserializeBinary(one.getPayload_asU8()).toObject(),
      ).toMatchObject({ label: 'features_1.0', referencesMap: [['city', expect.anything()]] });
      args.setPackageId('nothing:00');
      const none = northlight.ask('QueryInstalledChaincode', args.serializeBinary(), '');
      expect(await messageOf(none)).toEqual([
        404,
        "chaincode install package 'nothing:00' not found",
      ]);
      const bytes = northlight.ask('GetInstalledChaincodePackage', args.serializeBinary(), '');
      expect(await messageOf(bytes)).toEqual([
        500,
        "failed to invoke backing implementation of 'GetInstalledChaincodePackage': could not load cc install package: chaincode install package 'nothing:00' not found",
      ]);
    });

    it('refuses what is no package', async () => {
      const [status, message] = await messageOf(northlight.install(Buffer.from('x')));
      expect([status, message]).toEqual([500, expect.stringContaining('expected a gzip stream')]);
    });
  });

  describe('approving', () => {
    it.each<[string, Definition, string]>([
      ['sequence 0', { ...first('new'), sequence: 0 }, 'but first definable sequence number is 1'],
      [
        'a sequence below the current one',
        { ...first('features'), sequence: 0 },
        'currently defined sequence 1 is larger than requested sequence 0',
      ],
      [
        'a sequence that is not the next',
        { ...first('features'), sequence: 3 },
        'requested sequence 3 is larger than the next available sequence number 2',
      ],
      ['a name with a dot', first('a.b'), "invalid chaincode name 'a.b'"],
      ['the name of a system chaincode', first('qscc'), 'is the name of a system chaincode'],
      [
        'a version with a slash',
        { ...first('new'), version: '1/0' },
        "invalid chaincode version '1/0'",
      ],
      [
        'a policy that does not parse',
        { ...first('new'), policy: Buffer.from('ff', 'hex') },
        'invalid endorsement policy',
      ],
      [
        'the committed sequence in another form',
        { ...first('features'), version: '1.1' },
        "attempted to redefine the current committed sequence (1) for namespace features with different parameters: expected Version '1.0' does not match passed Version '1.1'",
      ],
      [
        'the committed sequence as it is',
        first('features'),
        'attempted to redefine the current committed sequence (1) for namespace features',
      ],
    ])('refuses %s', async (_, definition, text) => {
      expect(await messageOf(northlight.ask(APPROVE, approval(definition)))).toEqual([
        500,
        expect.stringContaining(text),
      ]);
    });

    it.each<[string, (args: peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs) => void]>([
      [
        '--init-required',
        (args) => {
          args.setInitRequired(true);
        },
      ],
      [
        'endorsement plugins',
        (args) => {
          args.setEndorsementPlugin('own');
        },
      ],
      [
        'validation plugins',
        (args) => {
          args.setValidationPlugin('stake');
        },
      ],
      [
        'private data collections',
        (args) => {
          const collections = new peer.CollectionConfigPackage();
          collections.addConfig(new peer.CollectionConfig());
          args.setCollections(collections);
        },
      ],
    ])('says that %s are not served', async (what, change) => {
      const args = approvalArgs(first('new'), PACKAGE_ID);
      change(args);
      expect(await messageOf(northlight.ask(APPROVE, args.serializeBinary()))).toEqual([
        500,
        expect.stringContaining(`not served by the embedded network: ${what}`),
      ]);
    });

    it('is refused when nothing is new, and may be changed until the commit', async () => {
      const definition = first('changing');
      expect(await northlight.approve(definition, PACKAGE_ID)).toBe(Code.VALID);
      await expect(northlight.approve(definition, PACKAGE_ID)).rejects.toThrow(
        'attempted to redefine uncommitted sequence (1) for namespace changing with unchanged content',
      );
      expect(await northlight.approve(definition, 'other:01')).toBe(Code.VALID);
      expect(await northlight.approve({ ...definition, version: '2' }, 'other:01')).toBe(
        Code.VALID,
      );
      const args = new lifecycle.QueryApprovedChaincodeDefinitionArgs();
      args.setName('changing');
      const found = await northlight.ask(
        'QueryApprovedChaincodeDefinition',
        args.serializeBinary(),
      );
      expect(
        lifecycle.QueryApprovedChaincodeDefinitionResult.deserializeBinary(
          found.getPayload_asU8(),
        ).toObject(),
      ).toMatchObject({
        sequence: 1,
        version: '2',
        endorsementPlugin: 'escc',
        validationPlugin: 'vscc',
        source: { localPackage: { packageId: 'other:01' } },
      });
    });

    it('lists what an organisation has approved, and says what it has not', async () => {
      expect(await helios.approve(first('unavailable'))).toBe(Code.VALID);
      const answer = await helios.ask('QueryApprovedChaincodeDefinitions', new Uint8Array());
      const { approvedChaincodeDefinitionsList: found } =
        lifecycle.QueryApprovedChaincodeDefinitionsResult.deserializeBinary(
          answer.getPayload_asU8(),
        ).toObject();
      expect(found.map(({ name, sequence }) => [name, sequence])).toEqual([
        ['features', 1],
        ['unavailable', 1],
      ]);
      expect(found[1]?.source).toEqual({ unavailable: {}, localPackage: undefined });
      const args = new lifecycle.QueryApprovedChaincodeDefinitionArgs();
      args.setName('unavailable');
      args.setSequence(2);
      const none = helios.ask('QueryApprovedChaincodeDefinition', args.serializeBinary());
      expect((await messageOf(none))[1]).toContain(
        "could not fetch approved chaincode definition (name: 'unavailable', sequence: '2') on channel 'city'",
      );
    });

    it('of two at a time, one is in conflict', async () => {
      const submit = (version: string): Promise<number> =>
        meridian.approve({ ...first('raced'), version }, PACKAGE_ID);
      const codes = await Promise.all([submit('1'), submit('2')]);
      expect(codes.sort((left, right) => left - right)).toEqual([
        Code.VALID,
        Code.MVCC_READ_CONFLICT,
      ]);
    });
  });

  describe('committing', () => {
    it('tells who agrees, and in what the others differ', async () => {
      const definition = first('checked');
      await northlight.approve(definition, PACKAGE_ID);
      await helios.approve({ ...definition, version: '1.1' }, PACKAGE_ID);
      expect(await northlight.readiness(definition)).toEqual({
        approvalsMap: [
          [HELIOS, false],
          [MERIDIAN, false],
          [NORTHLIGHT, true],
        ],
        mismatchesMap: [
          [HELIOS, { itemsList: ['EndorsementInfo'] }],
          [MERIDIAN, { itemsList: ['ChaincodeParameters'] }],
        ],
      });
      await expect(northlight.readiness({ ...definition, sequence: 2 })).rejects.toThrow(
        'requested sequence is 2, but new definition must be sequence 1',
      );
      await expect(northlight.commit(definition)).rejects.toThrow(
        `chaincode definition not agreed to by this org (${HELIOS})`,
      );
      expect(await northlight.commit(definition, [northlight.peer])).toBe(
        Code.ENDORSEMENT_POLICY_FAILURE,
      );
    });

    it('needs a majority; who has not approved does not run it until it does', async () => {
      const definition = first('majority');
      for (const client of [northlight, helios]) {
        await client.approve(definition, PACKAGE_ID);
      }
      const nodes = [northlight.peer, helios.peer];
      expect(await northlight.commit(definition, nodes)).toBe(Code.VALID);
      const put = { chaincode: 'majority', args: ['Features:Put', 'k', 'v'] };
      await expect(northlight.invoke(put)).rejects.toThrow(
        "make sure the chaincode majority has been successfully defined on channel city and try again: chaincode definition for 'majority' at sequence 1 on channel 'city' has not yet been approved by this org",
      );
      expect(await northlight.invoke(put, nodes)).toBe(Code.VALID);
      expect(await meridian.approve(definition, PACKAGE_ID)).toBe(Code.VALID);
      expect(await northlight.invoke(put)).toBe(Code.VALID);
    });

    it('runs once the package is installed, with the package that each has approved', async () => {
      const port = await freePort();
      const { bytes, packageId } = newPackage('late', {
        connection: { address: `127.0.0.1:${port}` },
      });
      const server = await startChaincode(port, packageId);
      closers.add(() => server.stop());
      const definition = first('late');
      await northlight.approve(definition, packageId);
      await helios.approve(definition, PACKAGE_ID);
      await meridian.approve(definition, PACKAGE_ID);
      expect(await northlight.commit(definition)).toBe(Code.VALID);
      const put = { chaincode: 'late', args: ['Features:Put', 'k', 'v'] };
      await expect(northlight.invoke(put)).rejects.toThrow(
        "chaincode definition for 'late' exists, but chaincode is not installed",
      );
      expect((await northlight.install(bytes)).getStatus()).toBe(200);
      expect(await northlight.invoke(put)).toBe(Code.VALID);
      await server.stop();
      await expect(northlight.invoke(put, [northlight.peer])).rejects.toThrow(
        'error in simulation',
      );
      expect(await northlight.approve(definition, PACKAGE_ID)).toBe(Code.VALID);
      expect(await northlight.invoke(put, [northlight.peer, helios.peer])).toBe(Code.VALID);
    });

    it('takes the endorsement policy of the definition, by signatures or by its name', async () => {
      const policy = new common.ApplicationPolicy();
      policy.setSignaturePolicy(signaturePolicy(1, [{ mspId: HELIOS, role: 'peer' }]));
      await define({ ...first('signed'), policy: policy.serializeBinary() });
      const put = { chaincode: 'signed', args: ['Features:Put', 'k', 'v'] };
      expect(await northlight.invoke(put, [northlight.peer, meridian.peer])).toBe(
        Code.ENDORSEMENT_POLICY_FAILURE,
      );
      expect(await northlight.invoke(put, [helios.peer])).toBe(Code.VALID);
      await define({
        name: 'signed',
        version: '1.0',
        sequence: 2,
        policy: policyReference('/Channel/Application/MeridianMSP/Endorsement'),
      });
      expect(await northlight.invoke(put, [helios.peer])).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      expect(await northlight.invoke(put, [meridian.peer])).toBe(Code.VALID);
    });

    it('makes what was endorsed under the definition before invalid', async () => {
      await define(first('replaced'));
      const put = { chaincode: 'replaced', args: ['Features:Put', 'k', 'v'] };
      const { draft, responses } = await northlight.client.endorse(put);
      await define({ name: 'replaced', version: '2.0', sequence: 2 });
      const envelope = newEnvelope(draft, responses, northlight.client.signer);
      expect(await northlight.order(envelope, draft.transactionId)).toBe(Code.MVCC_READ_CONFLICT);
    });

    it('tells a definition that is not there with status 404', async () => {
      const args = new lifecycle.QueryChaincodeDefinitionArgs();
      args.setName('nowhere');
      const answer = northlight.ask('QueryChaincodeDefinition', args.serializeBinary());
      expect(await messageOf(answer)).toEqual([404, 'namespace nowhere is not defined']);
    });
  });

  it('keeps packages, approvals and definitions over a restart', async () => {
    const { bytes, packageId } = newPackage('restarted');
    await meridian.install(bytes);
    const before = await meridian.readiness(first('checked'));
    const { height } = network.blocks();
    await network.close();
    network = await setting.start();
    closers.add(() => network.close());
    expect(network.blocks().height).toBe(height);
    const again = await clientOf(MERIDIAN);
    const { installedChaincodesList: found } = await again.installed();
    expect(found.map((entry) => entry.packageId)).toContain(packageId);
    expect(await again.readiness(first('checked'))).toEqual(before);
  });
});
