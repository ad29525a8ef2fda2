/** The SDKs for Node on the network under test: transactions, their errors, and listeners from a block on. */
import {
  CommitStatusError,
  EndorseError,
  GatewayError,
  type Contract,
} from '@hyperledger/fabric-gateway';
import { peer } from '@hyperledger/fabric-protos';
import type { BlockEvent, ContractEvent } from 'fabric-network';

import { Closers } from '../../../network/src/closers.ts';
import { connectGateway, connectNetwork, type NetworkClient } from '../target/clients.ts';
import { newChecks } from './checks.ts';
import type { Suite } from './suite.ts';

const Code = peer.TxValidationCode;

export function testClients(suite: Suite): void {
  const { key, submit } = newChecks(suite);

  describe.each([
    ['the peers of its profile', false],
    ['discovery', true],
  ])('fabric-network with %s', (_, discovery) => {
    const closers = new Closers();
    const name = (text: string): string => key(`${text}-${String(discovery)}`);
    let client: NetworkClient;

    beforeAll(async () => {
      client = await connectNetwork(suite.target, closers, discovery);
    });

    afterAll(() => closers.closeAll());

    it('submits and evaluates', async () => {
      await client.contract.submitTransaction('Put', name('sdk'), 'v');
      const answer = await client.contract.evaluateTransaction('Get', name('sdk'));
      expect(answer.toString()).toBe('v');
    });

    it('is told of a conflict', async () => {
      const outcomes = await Promise.allSettled(
        [1, 2, 3].map(() => client.contract.submitTransaction('Increment', name('counted'))),
      );
      const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(failed.length).toBeGreaterThan(0);
      for (const { reason } of failed) {
        expect(reason).toMatchObject({ transactionCode: 'MVCC_READ_CONFLICT' });
      }
    });

    it('is told what the contract says', async () => {
      const asked = client.contract.evaluateTransaction('Fail', 'LAMP_BROKEN: no light');
      await expect(asked).rejects.toThrow('LAMP_BROKEN: no light');
    });

    it.each(['filtered', 'full', 'private'] as const)(
      'hears %s blocks from a number on, in order',
      async (type) => {
        const verdict = await suite.target.verdict(await submit('Put', name(type), 'v'));
        await submit('Put', name(type), 'w');
        const heard: BlockEvent[] = [];
        await new Promise<void>((resolve) => {
          const listener = (event: BlockEvent): Promise<void> => {
            heard.push(event);
            if (heard.length === 2) {
              resolve();
            }
            return Promise.resolve();
          };
          const options = { type, startBlock: verdict.blockNumber };
          void client.network.addBlockListener(listener, options);
        });
        const numbers = heard.map(({ blockNumber }) => Number(blockNumber));
        expect(numbers).toEqual([verdict.blockNumber, verdict.blockNumber + 1]);
      },
    );

    it('hears the events of valid transactions only, with their payloads', async () => {
      const first = await submit('Emit', 'Lit', name('first'));
      const { blockNumber } = await suite.target.verdict(first);
      const invalid = await suite.target.submitWith(
        { endorsements: [] },
        'Emit',
        'Lit',
        name('invalid'),
      );
      expect(invalid).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      await submit('Emit', 'Lit', name('second'));
      const heard: ContractEvent[] = [];
      await new Promise<void>((resolve) => {
        const listener = (event: ContractEvent): Promise<void> => {
          heard.push(event);
          if (heard.length === 2) {
            resolve();
          }
          return Promise.resolve();
        };
        const options = { startBlock: blockNumber, type: 'full' } as const;
        void client.contract.addContractListener(listener, options);
      });
      expect(heard.map(({ eventName, payload }) => [eventName, payload?.toString()])).toEqual([
        ['Lit', name('first')],
        ['Lit', name('second')],
      ]);
    });
  });

  describe('fabric-gateway', () => {
    const closers = new Closers();
    let contract: Contract;
    let network: ReturnType<ReturnType<typeof connectGateway>['getNetwork']>;

    beforeAll(() => {
      network = connectGateway(suite.target, closers).getNetwork(suite.target.channel);
      contract = network.getContract(suite.target.names.chaincode, 'Features');
    });

    afterAll(() => closers.closeAll());

    it('submits and evaluates', async () => {
      await contract.submitTransaction('Put', key('gateway'), 'v');
      const answer = await contract.evaluateTransaction('Get', key('gateway'));
      expect(Buffer.from(answer).toString()).toBe('v');
    });

    it('is told the code of a commit', async () => {
      const options = { arguments: [key('gateway-count')] };
      // Both are endorsed on the same state before either is ordered.
      const endorsed = [
        await contract.newProposal('Increment', options).endorse(),
        await contract.newProposal('Increment', options).endorse(),
      ];
      const submitted = [await endorsed[0]!.submit(), await endorsed[1]!.submit()];
      const statuses = await Promise.all(submitted.map((commit) => commit.getStatus()));
      const codes = statuses.map(({ code }) => code as number);
      expect(codes).toEqual([Code.VALID, Code.MVCC_READ_CONFLICT]);
      for (const { transactionId, blockNumber, code } of statuses) {
        const verdict = await suite.target.verdict(transactionId);
        expect([Number(blockNumber), code]).toEqual([verdict.blockNumber, verdict.code]);
      }
    });

    it('is told by each peer what the contract says', async () => {
      const failed: unknown = await contract
        .submitTransaction('Fail', 'LAMP_BROKEN: no light')
        .catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(EndorseError);
      const { details, code, transactionId } = failed as EndorseError;
      expect(code).toBe(10);
      expect(transactionId).toMatch(/^[0-9a-f]{64}$/);
      expect(details.length).toBeGreaterThan(0);
      for (const detail of details) {
        expect(detail.message).toContain('LAMP_BROKEN: no light');
        expect(suite.target.organisations.map(({ mspId }) => mspId)).toContain(detail.mspId);
      }
    });

    it('is told why an evaluation failed', async () => {
      const failed: unknown = await contract
        .evaluateTransaction('Fail', 'LAMP_BROKEN: no light')
        .catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(GatewayError);
      expect((failed as GatewayError).code).toBe(2);
      expect((failed as GatewayError).details[0]!.message).toContain('LAMP_BROKEN: no light');
    });

    it('is told when endorsers disagree', async () => {
      const failed: unknown = await contract
        .submitTransaction('Disagree')
        .catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(EndorseError);
      expect((failed as EndorseError).code).toBe(10);
      expect((failed as EndorseError).details[0]!.message).toContain('do not match');
    });

    it('waits for the commit of a transaction that is still to come', async () => {
      const proposal = contract.newProposal('Put', { arguments: [key('late'), 'v'] });
      const transaction = await proposal.endorse();
      const commit = await transaction.submit();
      const status = await commit.getStatus().catch((error: unknown) => error);
      expect(status).not.toBeInstanceOf(CommitStatusError);
      expect(status).toMatchObject({ successful: true });
    });

    it('hears the events of valid transactions only, from a block on', async () => {
      const first = await submit('Emit', 'Lit', key('gateway-first'));
      const { blockNumber } = await suite.target.verdict(first);
      await suite.target.submitWith({ endorsements: [] }, 'Emit', 'Lit', key('gateway-invalid'));
      const second = await submit('Emit', 'Lit', key('gateway-second'));
      const events = await network.getChaincodeEvents(suite.target.names.chaincode, {
        startBlock: BigInt(blockNumber),
      });
      const heard: unknown[] = [];
      for await (const { eventName, payload, transactionId } of events) {
        heard.push([eventName, Buffer.from(payload).toString(), transactionId]);
        if (heard.length === 2) {
          break;
        }
      }
      events.close();
      expect(heard).toEqual([
        ['Lit', key('gateway-first'), first],
        ['Lit', key('gateway-second'), second],
      ]);
    });
  });
}
