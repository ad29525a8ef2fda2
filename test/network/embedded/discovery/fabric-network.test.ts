import type { Contract, Gateway, Network } from 'fabric-network';

import { Closers } from '../../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../../network/src/embedded/index.ts';
import { freePort, startChaincode } from '../chaincode-process.ts';
import { CHAINCODE, CHANNEL, HELIOS, newTestNetwork, NORTHLIGHT } from '../fabric-client.ts';

jest.setTimeout(60_000);

interface Discovering {
  readonly gateway: Gateway;
  readonly network: Network;
  readonly contract: Contract;
}

describe('EmbeddedNetwork with fabric-network and discovery', () => {
  let network: EmbeddedNetwork;
  const closers = new Closers();

  const connect = async (
    profile: object,
    discovery?: { readonly enabled: boolean; readonly asLocalhost: boolean },
  ): Promise<Discovering> => {
    const fabric = await import('fabric-network');
    const mspId = NORTHLIGHT;
    const { certificate, privateKey } = await network.enrol(mspId, 'User1', 'client');
    const gateway = new fabric.Gateway();
    await gateway.connect(profile as Record<string, unknown>, {
      identity: { type: 'X.509', mspId, credentials: { certificate, privateKey } } as never,
      tlsInfo: { certificate, key: privateKey },
      ...(discovery && { discovery }),
    });
    closers.add(() => {
      gateway.disconnect();
      return Promise.resolve();
    });
    const channel = await gateway.getNetwork(CHANNEL);
    return { gateway, network: channel, contract: channel.getContract(CHAINCODE, 'Features') };
  };

  beforeAll(async () => {
    const chaincode = await startChaincode(await freePort());
    closers.add(() => chaincode.stop());
    const setting = await newTestNetwork(chaincode.address);
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
  });

  afterAll(() => closers.closeAll());

  const cases = [
    ['its defaults', undefined],
    ['names as localhost', { enabled: true, asLocalhost: true }],
    ['names as they are', { enabled: true, asLocalhost: false }],
  ] as const;

  it.each(cases)('finds the network from the own peer, with %s', async (_name, discovery) => {
    const client = await connect(network.discoveryProfile(NORTHLIGHT), discovery);
    const channel = client.network.getChannel();
    expect(channel.getEndorsers()).toHaveLength(3);
    expect(channel.getCommitters()).toHaveLength(1);
    expect(channel.getMspids().sort()).toEqual([
      'HeliosMSP',
      'MeridianMSP',
      'NorthlightMSP',
      'OrdererMSP',
    ]);
    await client.contract.submitTransaction('Put', 'found', 'by discovery');
    const value = await client.contract.evaluateTransaction('Get', 'found');
    expect(value.toString()).toBe('by discovery');
  });

  it.each(cases)('works with the static profile, too, with %s', async (_name, discovery) => {
    const client = await connect(network.connectionProfile(NORTHLIGHT), discovery);
    await client.contract.submitTransaction('Put', 'profile', 'static');
    const value = await client.contract.evaluateTransaction('Get', 'profile');
    expect(value.toString()).toBe('static');
  });

  it('endorses with the organisations that the client names', async () => {
    const { contract } = await connect(network.discoveryProfile(NORTHLIGHT));
    const alone = contract.createTransaction('Put').setEndorsingOrganizations(HELIOS);
    await expect(alone.submit('alone', 'x')).rejects.toMatchObject({
      transactionCode: 'ENDORSEMENT_POLICY_FAILURE',
    });
    const together = contract
      .createTransaction('Put')
      .setEndorsingOrganizations(HELIOS, NORTHLIGHT);
    await expect(together.submit('together', 'x')).resolves.toBeDefined();
  });

  it('tells a client of a chaincode that is not there', async () => {
    const { network: channel } = await connect(network.discoveryProfile(NORTHLIGHT));
    await expect(channel.getContract('nowhere').submitTransaction('Put', 'x', 'y')).rejects.toThrow(
      'failed constructing descriptor for chaincodes:',
    );
  });
});
