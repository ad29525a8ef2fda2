import { LedgerError } from '../../../network/src/ledger/ledger-error.ts';
import { judgeFailure } from '../../../network/src/management/ledger-failures.ts';

describe('a failed submission', () => {
  it.each([
    ['UNAVAILABLE', 'retry'],
    ['TIMEOUT', 'retry'],
    ['MVCC_READ_CONFLICT', 'retry'],
    ['ENDORSEMENT_POLICY_FAILURE', 'retry'],
    ['CONTRACT_FAILED', 'retry'],
    ['REPORT_DUPLICATE', 'recorded'],
    ['REPORT_CONFLICT', 'refused'],
    ['DEVICE_NOT_ASSIGNED', 'refused'],
  ])('with %s is judged', (code, verdict) => {
    expect(judgeFailure(new LedgerError(code, code))).toBe(verdict);
  });

  it('that is a fault of our own is not repeated', () => {
    expect(judgeFailure(new TypeError('bug'))).toBe('refused');
  });
});
