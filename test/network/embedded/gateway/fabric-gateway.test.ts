import { peer } from '@hyperledger/fabric-protos';

import { Closers } from '../../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../../network/src/embedded/index.ts';
import { freePort, startChaincode } from '../chaincode-process.ts';
import { HELIOS, MERIDIAN, newTestNetwork, NORTHLIGHT } from '../fabric-client.ts';
import { connectGateway, type ConnectOptions, type GatewayClient } from '../gateway-client.ts';

jest.setTimeout(60_000);

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

describe('EmbeddedNetwork with fabric-gateway', () => {
  let network: EmbeddedNetwork;
  let client: GatewayClient;
  const closers = new Closers();
  const connected = async (mspId: string, options?: ConnectOptions): Promise<GatewayClient> => {
    const opened = await connectGateway(network, mspId, options);
    closers.add(() => {
      opened.close();
      return Promise.resolve();
    });
    return opened;
  };

  beforeAll(async () => {
    const chaincode = await startChaincode(await freePort());
    closers.add(() => chaincode.stop());
    const setting = await newTestNetwork(chaincode.address);
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
    client = await connected(NORTHLIGHT);
  });

  afterAll(() => closers.closeAll());

  it('submits a transaction and evaluates through every organisation', async () => {
    await client.contract.submitTransaction('Put', 'greeting', 'hello');
    for (const mspId of [NORTHLIGHT, HELIOS, MERIDIAN]) {
      const reader = await connected(mspId);
      await expect(reader.contract.evaluateTransaction('Get', 'greeting').then(text)).resolves.toBe(
        'hello',
      );
    }
  });

  it('returns the result of a submitted transaction, its block and its code', async () => {
    const commit = await client.contract.submitAsync('Increment', { arguments: ['counted'] });
    expect(text(commit.getResult())).toBe('1');
    const verdict = await commit.getStatus();
    expect(verdict).toMatchObject({ successful: true, code: peer.TxValidationCode.VALID });
    // Asked again, when the transaction is in a block already.
    await expect(commit.getStatus()).resolves.toEqual(verdict);
  });
});
