import { common } from '@hyperledger/fabric-protos';

import { Closers } from '../../../../network/src/closers.ts';
import { signaturePolicy } from '../../../../network/src/embedded/config-policies.ts';
import type { EmbeddedNetwork } from '../../../../network/src/embedded/index.ts';
import { freePort, PACKAGE_ID, startChaincode } from '../chaincode-process.ts';
import { CHAINCODE, CHANNEL, MERIDIAN, newTestNetwork, NORTHLIGHT } from '../fabric-client.ts';
import { connectGateway } from '../gateway-client.ts';

jest.setTimeout(60_000);

const OTHER_PACKAGE = `other_1.0:${'cd'.repeat(32)}`;

/** Only one organisation may endorse it, and it is not the client's. */
function meridianOnly(): Uint8Array {
  const policy = new common.ApplicationPolicy();
  policy.setSignaturePolicy(signaturePolicy(1, [{ mspId: MERIDIAN, role: 'peer' }]));
  return policy.serializeBinary();
}

describe('a transaction that writes in two chaincodes', () => {
  let network: EmbeddedNetwork;
  const closers = new Closers();

  beforeAll(async () => {
    const [first, second] = await Promise.all([
      startChaincode(await freePort()),
      startChaincode(await freePort(), OTHER_PACKAGE),
    ]);
    closers.add(() => first.stop());
    closers.add(() => second.stop());
    const definition = { version: '1.0', sequence: 1 };
    const setting = await newTestNetwork(first.address, {
      chaincodes: [
        { name: CHAINCODE, ...definition, packageId: PACKAGE_ID, address: first.address },
        {
          name: 'other',
          ...definition,
          packageId: OTHER_PACKAGE,
          address: second.address,
          endorsementPolicy: meridianOnly(),
        },
      ],
    });
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
  });

  afterAll(() => closers.closeAll());

  it('is endorsed for both, chosen by the gateway', async () => {
    const client = await connectGateway(network, NORTHLIGHT);
    // Were the second policy not seen, one time in two another organisation would be chosen.
    for (const value of ['1', '2', '3', '4', '5', '6']) {
      await client.contract.submitTransaction('PutHereAndThere', 'other', 'through-gateway', value);
    }
    const there = client.network.getContract('other', 'Features');
    const count = await there.evaluateTransaction('Get', 'through-gateway');
    expect(Buffer.from(count).toString()).toBe('6');
    client.close();
  });

  it('is endorsed for both, chosen by fabric-network that is told of both', async () => {
    const fabric = await import('fabric-network');
    const mspId = NORTHLIGHT;
    const { certificate, privateKey } = await network.enrol(mspId, 'User1', 'client');
    const gateway = new fabric.Gateway();
    await gateway.connect(network.discoveryProfile(mspId), {
      identity: { type: 'X.509', mspId, credentials: { certificate, privateKey } } as never,
      tlsInfo: { certificate, key: privateKey },
    });
    const channel = await gateway.getNetwork(CHANNEL);
    const contract = channel.getContract(CHAINCODE, 'Features');
    contract.addDiscoveryInterest({ name: 'other' });
    await contract.submitTransaction('PutHereAndThere', 'other', 'through-discovery', '1');
    const there = channel.getContract('other', 'Features');
    const count = await there.evaluateTransaction('Get', 'through-discovery');
    expect(count.toString()).toBe('1');
    gateway.disconnect();
  });
});
