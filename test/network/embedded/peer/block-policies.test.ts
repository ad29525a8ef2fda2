import { common, msp } from '@hyperledger/fabric-protos';
import { encodeStakeTable, STAKE_TABLE_KEY } from '@lamplighter/chaincode/stake';

import type {
  EndorsedWrites,
  EndorserPolicy,
} from '../../../../network/src/embedded/endorsement-policy.ts';
import { MemoryState } from '../../../../network/src/embedded/ledger/memory-state.ts';
import {
  decodeReadWriteSet,
  type NamespaceSet,
} from '../../../../network/src/embedded/ledger/read-write-set.ts';
import { Simulator } from '../../../../network/src/embedded/ledger/simulator.ts';
import {
  BlockPolicies,
  VALIDATION_PARAMETER,
} from '../../../../network/src/embedded/peer/block-policies.ts';
import {
  DEFAULT_POLICY,
  definitionStructure,
  LIFECYCLE,
  policyReference,
  STAKE_PLUGIN,
} from '../../../../network/src/embedded/peer/definitions.ts';
import { writeStructure } from '../../../../network/src/embedded/peer/lifecycle-state.ts';
import { aHolder, aTable } from '../../../chaincode/stake/tables.ts';

const NAMESPACE = 'features';
const MSP_IDS = ['HeliosMSP', 'MeridianMSP', 'NorthlightMSP'];

const endorser = (mspId: string) => ({ mspId, role: 'peer', fingerprint: mspId }) as const;
const HELIOS = [endorser('HeliosMSP')];
const NORTHLIGHT = [endorser('NorthlightMSP')];

/** Met by Northlight alone. */
const CHAINCODE: EndorserPolicy = {
  evaluate: (endorsers) =>
    endorsers.some(({ mspId }) => mspId === 'NorthlightMSP')
      ? { valid: true }
      : { valid: false, reason: 'expected Northlight' },
};

/** @returns serialised common.SignaturePolicyEnvelope: a peer of Helios. */
function heliosPolicy(): Uint8Array {
  const role = new msp.MSPRole();
  role.setMspIdentifier('HeliosMSP');
  role.setRole(msp.MSPRole.MSPRoleType.PEER);
  const principal = new msp.MSPPrincipal();
  principal.setPrincipalClassification(msp.MSPPrincipal.Classification.ROLE);
  principal.setPrincipal(role.serializeBinary());
  const rule = new common.SignaturePolicy();
  rule.setSignedBy(0);
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setRule(rule);
  envelope.setIdentitiesList([principal]);
  return envelope.serializeBinary();
}

const nothing = (): EndorsedWrites => ({ transaction: '', keys: [], elsewhere: false });

const writing = (keys: readonly string[], metadataKeys: readonly string[] = []): NamespaceSet => ({
  namespace: NAMESPACE,
  reads: [],
  rangeQueries: [],
  writes: keys.map((key) => ({ key, value: Buffer.from('v') })),
  metadataWrites: metadataKeys.map((key) => ({ key, entries: new Map() })),
  collections: 0,
});

describe('BlockPolicies', () => {
  let policies: BlockPolicies;

  beforeEach(async () => {
    const state = new MemoryState();
    const version = { blockNumber: 0, transactionNumber: 0 };
    const stored = (key: string, parameter?: Uint8Array) => ({
      namespace: NAMESPACE,
      key,
      entry: {
        value: Buffer.from('v'),
        version,
        metadata: new Map(parameter ? [[VALIDATION_PARAMETER, parameter]] : []),
      },
    });
    await state.apply(0, [
      stored('guarded', heliosPolicy()),
      stored('plain'),
      stored('emptied', new Uint8Array()),
      stored('broken', Buffer.from('policy')),
    ]);
    policies = new BlockPolicies(state.view(), { policyOf: () => CHAINCODE, mspIds: [] });
  });

  const judge = async (set: NamespaceSet | undefined, by: typeof HELIOS): Promise<boolean> =>
    (await policies.judge(CHAINCODE, set, by, nothing)).valid;

  it.each([
    ['a key of its own policy', ['guarded'], false, true],
    ['a key without policy', ['plain'], true, false],
    ['a new key', ['new'], true, false],
    ['a key whose policy was taken away', ['emptied'], true, false],
    ['both kinds of keys', ['guarded', 'plain'], false, false],
    ['a key whose policy cannot be read', ['broken'], false, false],
    ['no key', [], true, false],
  ])('holds a write of %s to the right policy', async (_, keys, byChaincode, byKey) => {
    expect(await judge(writing(keys), NORTHLIGHT)).toBe(byChaincode);
    expect(await judge(writing(keys), HELIOS)).toBe(byKey);
    expect(await judge(writing([], keys), NORTHLIGHT)).toBe(byChaincode);
  });

  it('meets both policies with both endorsers', async () => {
    expect(await judge(writing(['guarded', 'plain']), [...HELIOS, ...NORTHLIGHT])).toBe(true);
  });

  it('asks the chaincode where nothing is written', async () => {
    expect(await judge(undefined, NORTHLIGHT)).toBe(true);
    expect(await judge(undefined, HELIOS)).toBe(false);
  });

  it('refuses a key whose policy an earlier transaction of the block changed', async () => {
    expect(await judge(writing([], ['guarded']), NORTHLIGHT)).toBe(false);
    expect(await judge(writing(['guarded']), HELIOS)).toBe(true);
    expect(await judge(writing([], ['guarded']), HELIOS)).toBe(true);
    expect(await judge(writing(['guarded']), HELIOS)).toBe(false);
    expect(await judge(writing(['plain']), NORTHLIGHT)).toBe(true);
  });
});

describe('BlockPolicies where stake decides', () => {
  const version = { blockNumber: 0, transactionNumber: 0 };
  const TABLE = aTable([
    aHolder('HeliosMSP', 30),
    aHolder('MeridianMSP', 25),
    aHolder('NorthlightMSP', 45),
  ]);
  const table = (validator: string): Uint8Array => encodeStakeTable({ ...TABLE, validator });
  const peers = (...names: readonly string[]) => names.map((name) => endorser(`${name}MSP`));

  /** @param value - of the stake table */
  async function stateWith(plugin: string, value?: Uint8Array): Promise<MemoryState> {
    const state = new MemoryState();
    const simulator = new Simulator(state.view());
    const structure = definitionStructure({
      name: NAMESPACE,
      version: '1',
      sequence: 1,
      validationPlugin: plugin,
      validationParameter: policyReference(DEFAULT_POLICY),
    });
    await writeStructure(simulator, structure);
    const [set] = decodeReadWriteSet(simulator.results());
    const defined = (set?.writes ?? []).map(({ key, value: field }) => ({
      namespace: LIFECYCLE,
      key,
      entry: field && { value: field, metadata: new Map<string, Uint8Array>(), version },
    }));
    const entry = value && { value, metadata: new Map<string, Uint8Array>(), version };
    const guard = {
      value: Buffer.from('v'),
      metadata: new Map([[VALIDATION_PARAMETER, heliosPolicy()]]),
      version,
    };
    await state.apply(0, [
      ...defined,
      { namespace: NAMESPACE, key: STAKE_TABLE_KEY, entry },
      { namespace: NAMESPACE, key: 'guarded', entry: guard },
    ]);
    return state;
  }

  async function judge(
    state: MemoryState,
    by: ReturnType<typeof peers>,
    set: NamespaceSet | undefined = writing(['plain']),
    writes: () => EndorsedWrites = nothing,
  ): Promise<string> {
    const policies = new BlockPolicies(state.view(), {
      policyOf: () => CHAINCODE,
      mspIds: MSP_IDS,
    });
    const policy = await policies.chaincodePolicy(NAMESPACE);
    const verdict = await policies.judge(policy!, set, by, writes);
    return verdict.valid ? 'valid' : verdict.reason;
  }

  it("asks the table in the definition's place", async () => {
    const state = await stateWith(STAKE_PLUGIN, table('HeliosMSP'));
    expect(await judge(state, peers('Helios', 'Meridian'))).toBe('valid');
    expect(await judge(state, peers('Northlight', 'Meridian'))).toMatch(/^VALIDATOR_MISSING: /);
    expect(await judge(state, peers('Northlight', 'Northlight'))).toMatch(/^STAKE_TOO_SMALL: /);
  });

  it('asks it for transactions that write nothing, too', async () => {
    const state = await stateWith(STAKE_PLUGIN, table('HeliosMSP'));
    expect(await judge(state, peers('Helios', 'Meridian'), undefined)).toBe('valid');
    expect(await judge(state, peers('Helios'), undefined)).toMatch(/^STAKE_TOO_SMALL: /);
  });

  it('spares what elects, skips or accuses the validator', async () => {
    const state = await stateWith(STAKE_PLUGIN, table('HeliosMSP'));
    const by = peers('Northlight', 'Meridian');
    const skip = { transaction: 'Stake:SkipValidator', keys: ['stake:table'], elsewhere: false };
    const judged = (change: Partial<EndorsedWrites>): Promise<string> =>
      judge(state, by, writing(['stake:table']), () => ({ ...skip, ...change }));
    expect(await judged({})).toBe('valid');
    expect(await judged({ keys: ['stake:table', 'plain'] })).toMatch(/^VALIDATOR_MISSING: /);
    expect(await judged({ elsewhere: true })).toMatch(/^VALIDATOR_MISSING: /);
    expect(await judged({ transaction: 'Stake:Reissue' })).toMatch(/^VALIDATOR_MISSING: /);
  });

  it("asks a key's own policy besides", async () => {
    const state = await stateWith(STAKE_PLUGIN, table('NorthlightMSP'));
    const guarded = writing(['guarded']);
    expect(await judge(state, peers('Helios', 'Northlight'), guarded)).toBe('valid');
    expect(await judge(state, peers('Northlight', 'Meridian'), guarded)).toMatch(/policy of key/);
    expect(await judge(state, peers('Helios'), guarded)).toMatch(/^STAKE_TOO_SMALL: /);
  });

  it('takes a majority while there is no table, or none that parses', async () => {
    for (const value of [undefined, Buffer.from('{}')]) {
      const state = await stateWith(STAKE_PLUGIN, value);
      expect(await judge(state, peers('Helios', 'Meridian'))).toBe('valid');
      expect(await judge(state, peers('Helios'))).toMatch(/^NO_MAJORITY: /);
    }
  });

  it('counts peers only', async () => {
    const state = await stateWith(STAKE_PLUGIN, table('HeliosMSP'));
    const clients = peers('Helios', 'Meridian').map((one) => ({ ...one, role: 'client' as const }));
    expect(await judge(state, clients as never)).toMatch(/endorsed by nobody/);
  });

  it('takes the table before the block for all of its transactions', async () => {
    const state = await stateWith(STAKE_PLUGIN, table('HeliosMSP'));
    const policies = new BlockPolicies(state.view(), {
      policyOf: () => CHAINCODE,
      mspIds: MSP_IDS,
    });
    const first = await policies.chaincodePolicy(NAMESPACE);
    const entry = {
      value: table('NorthlightMSP'),
      metadata: new Map<string, Uint8Array>(),
      version,
    };
    await state.apply(1, [{ namespace: NAMESPACE, key: STAKE_TABLE_KEY, entry }]);
    expect(await policies.chaincodePolicy(NAMESPACE)).toBe(first);
    expect(await judge(state, peers('Northlight', 'Meridian'))).toBe('valid');
  });

  it('asks for a majority of stake, too, where its definition is replaced', async () => {
    const state = await stateWith(STAKE_PLUGIN, table('HeliosMSP'));
    const replacing = (key: string): NamespaceSet => ({ ...writing([key]), namespace: LIFECYCLE });
    const judged = async (key: string, ...names: readonly string[]): Promise<string> => {
      const policies = new BlockPolicies(state.view(), {
        policyOf: () => ({ evaluate: () => ({ valid: true }) }),
        mspIds: MSP_IDS,
      });
      const policy = await policies.chaincodePolicy(LIFECYCLE);
      const verdict = await policies.judge(policy!, replacing(key), peers(...names), nothing);
      return verdict.valid ? 'valid' : verdict.reason;
    };
    for (const key of [
      `namespaces/fields/${NAMESPACE}/Sequence`,
      `namespaces/fields/${NAMESPACE}/ValidationInfo`,
      `namespaces/metadata/${NAMESPACE}`,
    ]) {
      expect(await judged(key, 'Helios')).toMatch(/^STAKE_TOO_SMALL: /);
      expect(await judged(key, 'Northlight', 'Meridian')).toBe('valid');
    }
    expect(await judged('namespaces/fields/other/Sequence', 'Helios')).toBe('valid');
    const approval = `_implicit_org_HeliosMSP/namespaces/fields/${NAMESPACE}#2/Sequence`;
    expect(await judged(approval, 'Helios')).toBe('valid');
  });

  it('lets nobody meet a plugin that it does not have', async () => {
    const state = await stateWith('another', table('HeliosMSP'));
    expect(await judge(state, peers('Helios', 'Meridian', 'Northlight'))).toBe(
      'features is validated by another, which this network does not have',
    );
  });
});
