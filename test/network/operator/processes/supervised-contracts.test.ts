import { OperatorError } from '../../../../network/src/operator/errors.ts';
import type { Child } from '../../../../network/src/operator/processes/child.ts';
import type { ContractProcessOptions } from '../../../../network/src/operator/processes/contract-process.ts';
import { SupervisedContracts } from '../../../../network/src/operator/processes/supervised-contracts.ts';

/** Processes that end when the test says so. */
class FakeProcesses {
  readonly ends: ((error: OperatorError) => void)[] = [];
  closed = 0;
  /** Why the next start fails. */
  failure: OperatorError | undefined;

  readonly start = ({ onUnexpectedEnd }: ContractProcessOptions): Promise<Child> => {
    this.ends.push(onUnexpectedEnd);
    const child = {
      isRunning: () => true,
      process: { pid: this.ends.length },
      close: () => {
        this.closed++;
        return Promise.resolve();
      },
    };
    return this.failure ? Promise.reject(this.failure) : Promise.resolve(child as unknown as Child);
  };

  /** The newest process ends by itself. */
  end(): void {
    this.ends.at(-1)?.(new OperatorError('PROCESS_ENDED', 'it ended'));
  }
}

describe('supervised contracts', () => {
  async function newSetting() {
    const processes = new FakeProcesses();
    const told: string[] = [];
    const contracts = await SupervisedContracts.start({
      port: 1,
      packageId: 'lamplighter_0.1.0:ab',
      onRestart: () => told.push('restart'),
      onGivenUp: ({ code }) => told.push(`given up: ${code}`),
      pausesMs: [1, 2],
      startProcess: processes.start,
    });
    return { processes, told, contracts };
  }
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
  };

  it('are started again when their process ends', async () => {
    const { processes, told, contracts } = await newSetting();
    processes.end();
    await until(() => contracts.processId === 2);
    expect(told).toEqual(['restart']);
    await contracts.close();
    expect(processes.closed).toBe(1);
  });

  it('are not started again once they are closing', async () => {
    const { processes, contracts } = await newSetting();
    processes.end();
    await contracts.close();
    expect(processes.ends).toHaveLength(1);
  });

  it('are given up when they end, or do not start, again and again', async () => {
    const { processes, told, contracts } = await newSetting();
    processes.end();
    await until(() => contracts.processId === 2);
    processes.failure = new OperatorError('PROCESS_ENDED', 'no such module');
    processes.end();
    await until(() => told.length === 3);
    expect(told).toEqual(['restart', 'restart', 'given up: PROCESS_ENDED']);
    expect(processes.ends).toHaveLength(3);
    await contracts.close();
  });

  it('fail to start when the first process does', async () => {
    const processes = new FakeProcesses();
    processes.failure = new OperatorError('PROCESS_ENDED', 'no such module');
    const never = jest.fn();
    const started = SupervisedContracts.start({
      port: 1,
      packageId: 'lamplighter_0.1.0:ab',
      onRestart: never,
      onGivenUp: never,
      startProcess: processes.start,
    });
    await expect(started).rejects.toThrow('no such module');
    processes.end();
    expect(never).not.toHaveBeenCalled();
  });
});
