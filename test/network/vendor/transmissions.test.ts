import type { Transmission } from '@lamplighter/chaincode';

import { LedgerError } from '../../../network/src/ledger/index.ts';
import { TransmissionRecorder } from '../../../network/src/vendor/transmissions.ts';

const transmission = (id: string): Transmission => ({
  id,
  release: '00'.repeat(32),
  manager: 'gateway-north',
  bytes: 1,
  observed: '2026-11-22T00:00:00.000Z',
});

/** A ledger that answers with the outcomes given, then with success. */
function recorder(
  outcomes: readonly (Error | undefined)[],
  capacity?: number,
): { transmissions: TransmissionRecorder; batches: string[][] } {
  const batches: string[][] = [];
  const left = [...outcomes];
  const transmissions = new TransmissionRecorder({
    record: (batch) => {
      batches.push(batch.map(({ id }) => id));
      const failure = left.shift();
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
    ...(capacity === undefined ? {} : { capacity }),
  });
  return { transmissions, batches };
}

describe('transmissions', () => {
  it('go to the ledger in batches of up to 500, in order', async () => {
    const { transmissions, batches } = recorder([]);
    for (let id = 0; id < 1_100; id += 1) transmissions.add(transmission(`t${id}`));
    await transmissions.close();
    expect(batches.map(({ length }) => length)).toEqual([500, 500, 100]);
    expect(batches.flat()[501]).toBe('t501');
  });

  it.each([
    ['an outage', new LedgerError('UNAVAILABLE', 'no orderer')],
    ['a conflict', new LedgerError('MVCC_READ_CONFLICT', 'twice')],
    ['an unexpected error', new Error('?')],
  ])('wait through %s', async (_, failure) => {
    const { transmissions, batches } = recorder([failure]);
    transmissions.add(transmission('t1'));
    await transmissions.flush();
    expect(transmissions.pending).toBe(1);
    await transmissions.close();
    expect(transmissions.pending).toBe(0);
    expect(batches).toEqual([['t1'], ['t1']]);
  });

  it('that the ledger refuses for good do not hold up the others', async () => {
    const refusal = new LedgerError('TRANSMISSION_EXISTS', 'again');
    const { transmissions, batches } = recorder([refusal, refusal]);
    for (const id of ['t1', 't2', 't3']) transmissions.add(transmission(id));
    await transmissions.close();
    expect(batches).toEqual([['t1', 't2', 't3'], ['t1'], ['t2'], ['t3']]);
    expect(transmissions.pending).toBe(0);
  });

  it('are bounded', async () => {
    const { transmissions } = recorder([], 2);
    transmissions.add(transmission('t1'));
    expect(transmissions.full).toBe(false);
    transmissions.add(transmission('t2'));
    expect(transmissions.full).toBe(true);
    await transmissions.close();
    expect(transmissions.full).toBe(false);
  });
});
