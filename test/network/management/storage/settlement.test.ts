/** One batch against orderers that give no clear answer. */
import { LedgerError } from '../../../../network/src/ledger/ledger-error.ts';
import { Settlement } from '../../../../network/src/management/storage/settlement.ts';
import { codeOf } from '../../code-of.ts';

/** A ledger that tells of each call what a test says. */
function newLedger() {
  const calls: string[] = [];
  let count = 0;
  return {
    calls,
    send: (): string => 'VALID',
    status: (): string | undefined => undefined,
    settlement(): Settlement {
      return new Settlement({
        prepare: () => {
          calls.push('prepare');
          return Promise.resolve({ transactionId: `tx-${++count}`, envelope: new Uint8Array() });
        },
        keep: () => Promise.resolve(),
        send: ({ transactionId }) => {
          calls.push(`send ${transactionId}`);
          return Promise.resolve().then(() => this.send());
        },
        status: (transactionId) => {
          calls.push(`status ${transactionId}`);
          return Promise.resolve().then(() => this.status());
        },
      });
    },
  };
}

const failing = (code: string, maybeOrdered: boolean) => (): string => {
  throw new LedgerError(code, 'no', { maybeOrdered });
};

describe('a settlement', () => {
  it('asks for the status of what is in doubt before it sends it again', async () => {
    const ledger = newLedger();
    const settlement = ledger.settlement();
    ledger.send = failing('UNAVAILABLE', true);
    expect(await codeOf(() => settlement.attempt())).toBe('UNAVAILABLE');
    expect(settlement.isUndecided).toBe(true);
    ledger.send = () => 'VALID';
    expect(await settlement.attempt()).toBe('tx-1');
    expect(ledger.calls).toEqual(['prepare', 'send tx-1', 'status tx-1', 'send tx-1']);
  });

  it('is over when the status tells that it is committed', async () => {
    const ledger = newLedger();
    const settlement = ledger.settlement();
    ledger.send = failing('TIMEOUT', true);
    expect(await codeOf(() => settlement.attempt())).toBe('TIMEOUT');
    ledger.status = () => 'VALID';
    expect(await settlement.attempt()).toBe('tx-1');
    expect(ledger.calls).toEqual(['prepare', 'send tx-1', 'status tx-1']);
  });

  it('makes another transaction at once of one that all orderers refuse', async () => {
    const ledger = newLedger();
    const settlement = ledger.settlement();
    ledger.send = failing('ORDERER_REFUSED', false);
    expect(await codeOf(() => settlement.attempt())).toBe('ORDERER_REFUSED');
    expect(settlement.isUndecided).toBe(false);
    ledger.send = () => 'VALID';
    expect(await settlement.attempt()).toBe('tx-2');
    expect(ledger.calls).toEqual(['prepare', 'send tx-1', 'prepare', 'send tx-2']);
  });

  it('gives up one that orderers refuse again and again while another does not answer', async () => {
    const ledger = newLedger();
    const settlement = ledger.settlement();
    ledger.send = failing('ORDERER_REFUSED', true);
    for (let refusals = 1; refusals <= 8; refusals += 1) {
      expect(await codeOf(() => settlement.attempt())).toBe('ORDERER_REFUSED');
      expect(settlement.isUndecided).toBe(refusals < 8);
    }
    ledger.send = () => 'VALID';
    expect(await settlement.attempt()).toBe('tx-2');
  });
});
