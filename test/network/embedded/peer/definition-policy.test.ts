import { common } from '@hyperledger/fabric-protos';

import { ChannelPolicies } from '../../../../network/src/embedded/channel-policies.ts';
import { signaturePolicy } from '../../../../network/src/embedded/config-policies.ts';
import { configOf, newGenesisBlock } from '../../../../network/src/embedded/genesis.ts';
import { definedPolicies } from '../../../../network/src/embedded/peer/definition-policy.ts';
import { policyReference } from '../../../../network/src/embedded/peer/definitions.ts';
import { NOW } from '../../membership/certificates.ts';
import { newDefinition } from '../channels.ts';
import { coded } from '../../coded.ts';

const endorser = (mspId: string) => ({ mspId, role: 'peer' as const, fingerprint: mspId });

describe('definedPolicies', () => {
  const definition = (validationParameter: Uint8Array) => ({
    name: 'cc',
    version: '1',
    sequence: 1,
    validationPlugin: 'vscc',
    validationParameter,
  });

  async function policyOf(validationParameter: Uint8Array) {
    const block = newGenesisBlock(await newDefinition(), { createdAt: NOW });
    const policies = new ChannelPolicies(configOf(block).getChannelGroup()!);
    return definedPolicies(policies)(definition(validationParameter));
  }

  it('follows a reference to the configuration of the channel', async () => {
    const policy = await policyOf(policyReference('/Channel/Application/Endorsement'));
    const [one, two] = ['NorthlightMSP', 'HeliosMSP'].map(endorser);
    expect(policy.evaluate([one!]).valid).toBe(false);
    expect(policy.evaluate([one!, two!]).valid).toBe(true);
  });

  it('rejects everybody when the reference leads nowhere', async () => {
    const policy = await policyOf(policyReference('/Channel/Application/Nowhere'));
    expect(policy.evaluate([endorser('NorthlightMSP')])).toEqual({
      valid: false,
      reason: 'expected endorsements that satisfy /Channel/Application/Nowhere, got 1',
    });
  });

  it('takes a signature policy', async () => {
    const own = new common.ApplicationPolicy();
    own.setSignaturePolicy(signaturePolicy(1, [{ mspId: 'HeliosMSP', role: 'peer' }]));
    const policy = await policyOf(own.serializeBinary());
    expect(policy.evaluate([endorser('HeliosMSP')]).valid).toBe(true);
    expect(policy.evaluate([endorser('NorthlightMSP')]).valid).toBe(false);
  });

  it('refuses what is no policy', async () => {
    await expect(policyOf(Buffer.from('ffff', 'hex'))).rejects.toThrow(coded('MESSAGE_MALFORMED'));
  });
});
