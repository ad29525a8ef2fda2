import type { ContractEvent } from 'fabric-network';

import { Closers } from '../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { freePort, startChaincode } from './chaincode-process.ts';
import {
  connectClient,
  HELIOS,
  MERIDIAN,
  newTestNetwork,
  NORTHLIGHT,
  type Client,
  type TestNetwork,
} from './fabric-client.ts';

jest.setTimeout(60_000);

describe('EmbeddedNetwork with fabric-network and fabric-shim', () => {
  let setting: TestNetwork;
  let network: EmbeddedNetwork;
  let client: Client;
  const closers = new Closers();

  beforeAll(async () => {
    const chaincode = await startChaincode(await freePort());
    closers.add(() => chaincode.stop());
    setting = await newTestNetwork(chaincode.address);
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
    client = await connectClient(network, NORTHLIGHT);
    closers.add(async () => {
      await Promise.resolve();
      client.close();
    });
  });

  afterAll(() => closers.closeAll());

  const submit = async (name: string, ...args: string[]): Promise<string> =>
    (await client.contract.submitTransaction(name, ...args)).toString();
  const evaluate = async (name: string, ...args: string[]): Promise<string> =>
    (await client.contract.evaluateTransaction(name, ...args)).toString();

  it('commits a transaction and reads it back through every organisation', async () => {
    await submit('Put', 'greeting', 'hello');
    for (const mspId of [NORTHLIGHT, HELIOS, MERIDIAN]) {
      const reader = await connectClient(network, mspId);
      expect((await reader.contract.evaluateTransaction('Get', 'greeting')).toString()).toBe(
        'hello',
      );
      reader.close();
    }
  });

  it('gives one of two conflicting transactions MVCC_READ_CONFLICT', async () => {
    await submit('Put', 'counter', '0');
    const outcomes = await Promise.allSettled([
      submit('Increment', 'counter'),
      submit('Increment', 'counter'),
    ]);
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(failed).toHaveLength(1);
    expect(failed[0]?.reason).toMatchObject({ transactionCode: 'MVCC_READ_CONFLICT' });
    expect(await evaluate('Get', 'counter')).toBe('1');
  });

  it('refuses a transaction that one organisation of three endorsed', async () => {
    const transaction = client.contract.createTransaction('Put');
    transaction.setEndorsingPeers(client.network.getChannel().getEndorsers(NORTHLIGHT));
    await expect(transaction.submit('alone', 'x')).rejects.toMatchObject({
      transactionCode: 'ENDORSEMENT_POLICY_FAILURE',
    });
    expect(await evaluate('Get', 'alone')).toBe('');
  });

  it('delivers chaincode events with their payload', async () => {
    const events: ContractEvent[] = [];
    const heard = new Promise<void>((resolve) => {
      void client.contract.addContractListener(
        (event) => {
          events.push(event);
          resolve();
          return Promise.resolve();
        },
        { type: 'full' },
      );
    });
    await submit('Emit', 'Lit', 'payload');
    await heard;
    expect(events[0]?.eventName).toBe('Lit');
    expect(events[0]?.payload?.toString()).toBe('payload');
  });

  it('has the same state after a restart from the block files', async () => {
    await submit('Put', 'kept', 'value');
    const before = network.blocks();
    client.close();
    await network.close();
    network = await setting.start();
    client = await connectClient(network, NORTHLIGHT);
    expect(network.blocks()).toEqual(before);
    expect(await evaluate('Get', 'kept')).toBe('value');
    expect(await evaluate('Get', 'counter')).toBe('1');
    await submit('Put', 'kept', 'changed');
    expect(await evaluate('Get', 'kept')).toBe('changed');
  });
});
