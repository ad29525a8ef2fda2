import { peer } from '@hyperledger/fabric-protos';

import { signaturePolicy } from '../../../../network/src/embedded/config-policies.ts';
import { interestOf } from '../../../../network/src/embedded/gateway/interest-of-response.ts';
import {
  encodeReadWriteSet,
  type NamespaceSet,
} from '../../../../network/src/embedded/ledger/read-write-set.ts';
import type { StateView } from '../../../../network/src/embedded/ledger/state.ts';

const POLICY = signaturePolicy(1, [{ mspId: 'HeliosMSP', role: 'peer' }]);

/** A state where `features` has a key `guarded` with a policy of its own, and one whose policy does not parse. */
const VIEW = {
  get: (namespace: string, key: string) => {
    const policies: Readonly<Record<string, Uint8Array>> = {
      guarded: POLICY.serializeBinary(),
      broken: Buffer.from('ffffffff', 'hex'),
      cleared: new Uint8Array(),
    };
    const policy = namespace === 'features' ? policies[key] : undefined;
    return Promise.resolve(
      policy && { value: new Uint8Array(), metadata: new Map([['VALIDATION_PARAMETER', policy]]) },
    );
  },
} as unknown as StateView;

function setOf(namespace: string, more: Partial<NamespaceSet> = {}): NamespaceSet {
  const nothing = { reads: [], rangeQueries: [], writes: [], metadataWrites: [], collections: 0 };
  return { namespace, ...nothing, reads: [{ key: 'read', version: undefined }], ...more };
}

function payloadOf(...sets: readonly NamespaceSet[]): Uint8Array {
  const action = new peer.ChaincodeAction();
  action.setResults(encodeReadWriteSet(sets));
  const payload = new peer.ProposalResponsePayload();
  payload.setExtension$(action.serializeBinary());
  return payload.serializeBinary();
}

const writing = (...keys: readonly string[]): Partial<NamespaceSet> => ({
  writes: keys.map((key) => ({ key, value: Buffer.from('x') })),
});

describe('interestOf', () => {
  it('names every chaincode that was read or written, and no system chaincode', async () => {
    const payload = payloadOf(setOf('_lifecycle'), setOf('features', writing('a')), setOf('other'));
    await expect(interestOf(payload, VIEW)).resolves.toEqual([
      { name: 'features', keyPolicies: [], keyPoliciesOnly: false, collections: [] },
      { name: 'other', keyPolicies: [], keyPoliciesOnly: false, collections: [] },
    ]);
  });

  it('is empty when nothing was touched', async () => {
    await expect(interestOf(payloadOf(), VIEW)).resolves.toEqual([]);
  });

  it('takes the policy of a written key in place of the chaincode, unless other keys are written', async () => {
    const [only] = await interestOf(payloadOf(setOf('features', writing('guarded'))), VIEW);
    expect(only).toMatchObject({ name: 'features', keyPoliciesOnly: true });
    expect(only!.keyPolicies.map((policy) => policy.toObject())).toEqual([POLICY.toObject()]);
    const [both] = await interestOf(payloadOf(setOf('features', writing('a', 'guarded'))), VIEW);
    expect(both).toMatchObject({ keyPoliciesOnly: false });
    expect(both!.keyPolicies).toHaveLength(1);
  });

  it('counts a change of metadata as a write', async () => {
    const metadataWrites = [{ key: 'guarded', entries: new Map([['a', Buffer.from('x')]]) }];
    const [call] = await interestOf(payloadOf(setOf('features', { metadataWrites })), VIEW);
    expect(call).toMatchObject({ keyPoliciesOnly: true });
  });

  it('takes a key whose policy was removed for one without', async () => {
    const [call] = await interestOf(payloadOf(setOf('features', writing('cleared'))), VIEW);
    expect(call).toMatchObject({ keyPolicies: [], keyPoliciesOnly: false });
  });

  it('fails for a policy or a payload that does not parse', async () => {
    const broken = interestOf(payloadOf(setOf('features', writing('broken'))), VIEW);
    await expect(broken).rejects.toMatchObject({ code: 'MESSAGE_MALFORMED' });
    const garbage = interestOf(Buffer.from('ffffffff', 'hex'), VIEW);
    await expect(garbage).rejects.toMatchObject({ code: 'MESSAGE_MALFORMED' });
  });
});
