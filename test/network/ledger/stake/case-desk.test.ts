import type { MisconductKind } from '../../../../chaincode/src/stake/index.ts';
import { LedgerError } from '../../../../network/src/ledger/index.ts';
import { CaseDesk } from '../../../../network/src/ledger/stake/case-desk.ts';
import type { Misconduct } from '../../../../network/src/ledger/stake/misconduct.ts';

const aCase = (id: string, accused: string, kind: MisconductKind = 'divergence'): Misconduct =>
  ({ finding: { id, accused, kind }, report: { kind } }) as unknown as Misconduct;

class Office {
  readonly closing = new AbortController();
  readonly filed: string[] = [];
  readonly found: string[] = [];
  tries = 0;
  under = 0;
  most = 0;
  answers: string[] = [];
  readonly convicted = new Set<string>();
  readonly desk = new CaseDesk({
    signal: this.closing.signal,
    file: async () => {
      this.tries++;
      this.most = Math.max(this.most, ++this.under);
      await new Promise(setImmediate);
      this.under--;
      const code = this.answers.shift() ?? 'VALID';
      if (code !== 'VALID') throw new LedgerError(code, 'no');
    },
    isWorthReporting: ({ accused }) => !this.convicted.has(accused),
    onFound: ({ finding }) => this.found.push(finding.id),
    onFiled: ({ finding }, code) => this.filed.push(`${finding.id} ${code}`),
  });

  async settled(): Promise<void> {
    while (this.desk.open.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('desk of cases', () => {
  it('files each case once, one after the other', async () => {
    const office = new Office();
    const cases = [aCase('1', 'AMSP'), aCase('2', 'BMSP'), aCase('3', 'CMSP')];
    office.desk.add(cases);
    office.desk.add(cases);
    await office.settled();
    office.desk.add(cases);
    expect(office.filed).toEqual(['1 VALID', '2 VALID', '3 VALID']);
    expect([office.tries, office.most]).toEqual([3, 1]);
  });

  it('tries again while the ledger is away, and leaves what it will never take', async () => {
    const office = new Office();
    office.answers = ['UNAVAILABLE', 'CERTIFICATE_NOT_REGISTERED', 'VALID', 'EVIDENCE_USED'];
    office.desk.add([aCase('1', 'AMSP')]);
    await office.settled();
    office.desk.add([aCase('2', 'BMSP')]);
    await office.settled();
    expect(office.filed).toEqual(['1 VALID', '2 EVIDENCE_USED']);
  });

  it('is content with one conviction for the same, but not for less', async () => {
    const office = new Office();
    office.desk.add([aCase('1', 'AMSP')]);
    await office.settled();
    office.desk.add([aCase('2', 'AMSP'), aCase('3', 'AMSP', 'equivocation')]);
    await office.settled();
    office.desk.add([aCase('4', 'AMSP'), aCase('5', 'AMSP', 'equivocation')]);
    await office.settled();
    expect(office.filed).toEqual(['1 VALID', '3 VALID']);
  });

  it('asks the ledger nothing about whom another has convicted meanwhile', async () => {
    const office = new Office();
    office.desk.add([aCase('1', 'AMSP'), aCase('2', 'BMSP')]);
    office.convicted.add('AMSP');
    office.convicted.add('BMSP');
    await office.settled();
    expect(office.tries).toBe(0);
    expect(office.filed).toEqual(['1 STAKE_BARRED', '2 STAKE_BARRED']);
  });

  it('keeps a bounded number, and room for other organisations', () => {
    const office = new Office();
    const ids = Array.from({ length: 100 }, (_, index) => index);
    office.desk.add(ids.map((id) => aCase(`a${id}`, 'AMSP')));
    expect(office.desk.open).toHaveLength(4);
    office.desk.add(ids.map((id) => aCase(`b${id}`, `B${id}MSP`)));
    expect(office.desk.open).toHaveLength(32);
    office.closing.abort();
  });

  it('ends with the client', async () => {
    const office = new Office();
    office.answers = Array<string>(100).fill('UNAVAILABLE');
    office.desk.add([aCase('1', 'AMSP')]);
    setTimeout(() => {
      office.closing.abort();
    }, 20);
    await office.settled();
    expect(office.filed).toEqual(['1 UNAVAILABLE']);
  });
});
