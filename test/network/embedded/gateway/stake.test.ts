/** Stock clients where stake decides: the gateway, and discovery for fabric-network, choose the validator along. */
import { setTimeout as delay } from 'node:timers/promises';

import type { Contract } from '@hyperledger/fabric-gateway';
import { common, gateway as messages, msp, peer } from '@hyperledger/fabric-protos';
import { decodeStakeTable } from '@lamplighter/chaincode/stake';

import { Closers } from '../../../../network/src/closers.ts';
import { TestNetwork } from '../../ledger/test-network.ts';
import { HELIOS, MERIDIAN, NORTHLIGHT } from '../fabric-client.ts';
import { connectGateway } from '../gateway-client.ts';
import { vendorOf } from '../stake-client.ts';

jest.setTimeout(120_000);

const ALL = [NORTHLIGHT, HELIOS, MERIDIAN];
const closers = new Closers();
const contracts = new Map<string, Contract>();

let city: TestNetwork;

beforeAll(async () => {
  city = await TestNetwork.start();
  closers.add(() => city[Symbol.asyncDispose]());
  for (const mspId of ALL) {
    const client = await connectGateway(city.network, mspId, { user: 'Admin', role: 'admin' });
    closers.add(() => {
      client.close();
      return Promise.resolve();
    });
    contracts.set(mspId, client.network.getContract('lamplighter'));
  }
}, 120_000);
afterAll(() => closers.closeAll());

const contractOf = (mspId: string): Contract => contracts.get(mspId)!;

function endorsersOf(transaction: { getBytes(): Uint8Array }): readonly string[] {
  const prepared = messages.PreparedTransaction.deserializeBinary(transaction.getBytes());
  const payload = common.Payload.deserializeBinary(prepared.getEnvelope()!.getPayload_asU8());
  const [action] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  const { endorsementsList } = peer.ChaincodeActionPayload.deserializeBinary(
    action!.getPayload_asU8(),
  )
    .getAction()!
    .toObject();
  return endorsementsList
    .map(({ endorser }) =>
      msp.SerializedIdentity.deserializeBinary(Buffer.from(String(endorser), 'base64')).getMspid(),
    )
    .sort();
}

/** Every peer has what was committed: a gateway asks by the table that its own peer has. */
async function settled(): Promise<void> {
  while (new Set(city.network.heights().values()).size > 1) await delay(5);
}

/** @returns who endorsed. Fails when the transaction is found invalid. */
async function register(as: string, id: string): Promise<readonly string[]> {
  const proposal = contractOf(as).newProposal('DeviceRegistry:RegisterVendor', {
    arguments: [vendorOf(id)],
  });
  const transaction = await proposal.endorse();
  const submitted = await transaction.submit();
  expect(await submitted.getStatus()).toMatchObject({ successful: true });
  return endorsersOf(transaction);
}

async function validator(): Promise<{ readonly name: string; readonly epoch: number }> {
  const bytes = await contractOf(NORTHLIGHT).evaluateTransaction('Stake:ReadTable');
  const table = decodeStakeTable(bytes)!;
  return { name: table.validator, epoch: table.epoch };
}

it.each(ALL)('asks the validator for members of %s', async (mspId) => {
  await settled();
  expect((await validator()).name).toBe(NORTHLIGHT);
  for (const round of [1, 2, 3]) {
    const endorsers = await register(mspId, `${mspId.toLowerCase()}-${round}`);
    expect(endorsers).toContain(NORTHLIGHT);
    expect(endorsers).toHaveLength(2);
  }
});

it('does without it where the members say who endorses, and asks the next one then', async () => {
  const { name, epoch } = await validator();
  for (const mspId of [HELIOS, MERIDIAN]) {
    await contractOf(mspId).submit('Stake:SkipValidator', {
      arguments: [name, String(epoch), 'silent'],
      endorsingOrganizations: [HELIOS, MERIDIAN],
    });
    await settled();
  }
  const next = (await validator()).name;
  expect(next).toBe(HELIOS);
  for (const mspId of ALL) {
    expect(await register(mspId, `${mspId.toLowerCase()}-after`)).toContain(next);
    await settled();
  }
});
