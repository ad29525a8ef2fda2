import { LedgerError } from '../../../network/src/ledger/ledger-error.ts';
import { judgeFailure } from '../../../network/src/management/ledger-failures.ts';

describe('a failed submission', () => {
  it.each([
    ['UNAVAILABLE', 100, 'retry'],
    ['TIMEOUT', 100, 'retry'],
    ['MVCC_READ_CONFLICT', 0, 'retry'],
    ['MVCC_READ_CONFLICT', 8, 'refused'],
    ['ENDORSEMENT_POLICY_FAILURE', 7, 'retry'],
    ['REPORT_DUPLICATE', 0, 'recorded'],
    ['DEVICE_NOT_ASSIGNED', 0, 'refused'],
  ])('with %s after %i tries is judged', (code, attempt, verdict) => {
    expect(judgeFailure(new LedgerError(code, code), attempt)).toBe(verdict);
  });

  it('that is a fault of our own is not repeated', () => {
    expect(judgeFailure(new TypeError('bug'), 0)).toBe('refused');
  });
});
