import { peer } from '@hyperledger/fabric-protos';

import type { ExecutionRequest } from '../../../../network/src/embedded/chaincode/execution.ts';
import { LIMITS } from '../../../../network/src/embedded/limits.ts';
import { EmbeddedError } from '../../../../network/src/embedded/errors.ts';
import {
  ChaincodeRunner,
  type ChaincodeRunnerOptions,
  type TransactionRun,
} from '../../../../network/src/embedded/peer/chaincode-runner.ts';

const input = (): peer.ChaincodeInput => new peer.ChaincodeInput();
const RUN = {
  proposal: { channelId: 'city', transactionId: 'tx', chaincode: 'cc1', input: input() },
  caller: { mspId: 'NorthlightMSP', role: 'client' },
  simulator: { height: 1 },
} as unknown as TransactionRun;

/** `cc1` calls `cc2`, and so on, up to the last one. */
function runner(last: number, more: Partial<ChaincodeRunnerOptions> = {}) {
  const ran: string[] = [];
  const execute = async (name: string, { scope }: ExecutionRequest) => {
    ran.push(name);
    const number = Number(name.slice(2));
    if (number < last) {
      const signal = new AbortController().signal;
      await scope.call({ chaincode: `cc${number + 1}`, channelId: '', input: input(), signal });
    }
    return { response: new peer.Response(), event: undefined };
  };
  const find = (name: string) =>
    Promise.resolve({
      name,
      version: '1',
      link: { execute: (request: ExecutionRequest) => execute(name, request) },
    });
  const options = {
    channel: 'city',
    access: { assertWriter: () => undefined },
    systemChaincodes: [],
    chaincodes: { find },
    ...more,
  } as unknown as ChaincodeRunnerOptions;
  const made = new ChaincodeRunner(options);
  const run = async () => made.run(RUN, await made.find('cc1', RUN.simulator));
  return { ran, run };
}

describe('ChaincodeRunner', () => {
  it('lets as many chaincodes call each other as there may be', async () => {
    const { ran, run } = runner(LIMITS.callDepth);
    await run();
    expect(ran).toHaveLength(LIMITS.callDepth);
  });

  it('refuses one more', async () => {
    const { ran, run } = runner(LIMITS.callDepth + 1);
    await expect(run()).rejects.toThrow('expected up to 16 chaincodes that call each other');
    expect(ran).toHaveLength(LIMITS.callDepth);
  });

  it('asks whether the caller may write before any other chaincode runs', async () => {
    const access = {
      assertWriter: () => {
        throw new EmbeddedError('ACCESS_DENIED', 'a peer may not write to this channel');
      },
    } as unknown as ChaincodeRunnerOptions['access'];
    const { ran, run } = runner(2, { access });
    await expect(run()).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    expect(ran).toEqual(['cc1']);
  });
});
