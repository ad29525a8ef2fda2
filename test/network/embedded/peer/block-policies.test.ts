import { common, msp } from '@hyperledger/fabric-protos';

import type { EndorsementPolicy } from '../../../../network/src/embedded/endorsement-policy.ts';
import { MemoryState } from '../../../../network/src/embedded/ledger/memory-state.ts';
import type { NamespaceSet } from '../../../../network/src/embedded/ledger/read-write-set.ts';
import {
  BlockPolicies,
  VALIDATION_PARAMETER,
} from '../../../../network/src/embedded/peer/block-policies.ts';

const NAMESPACE = 'features';

const endorser = (mspId: string) => ({ mspId, role: 'peer', fingerprint: mspId }) as const;
const HELIOS = [endorser('HeliosMSP')];
const NORTHLIGHT = [endorser('NorthlightMSP')];

/** Met by Northlight alone. */
const CHAINCODE: EndorsementPolicy = {
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
    policies = new BlockPolicies(state.view(), () => CHAINCODE);
  });

  const judge = async (set: NamespaceSet | undefined, by: typeof HELIOS): Promise<boolean> =>
    (await policies.judge(CHAINCODE, set, by)).valid;

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
