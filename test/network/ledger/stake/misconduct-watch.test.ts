/** Whom the client compares: those who have a voice to lose. */
import { CaseDesk } from '../../../../network/src/ledger/stake/case-desk.ts';
import type { Inquiry } from '../../../../network/src/ledger/stake/inquiry.ts';
import { MisconductWatch } from '../../../../network/src/ledger/stake/misconduct-watch.ts';
import type { PeerNode } from '../../../../network/src/ledger/nodes.ts';
import type { SignedProposal } from '../../../../network/src/ledger/proposal.ts';
import { StakePolicy } from '../../../../network/src/ledger/stake/stake-policy.ts';
import { aHolder, aTable } from '../../../chaincode/stake/tables.ts';

const POLICY = new StakePolicy(
  aTable([
    aHolder('AMSP', 45),
    aHolder('BMSP', 30),
    aHolder('CMSP', 25, { barred: true }),
    aHolder('DMSP', 0),
    aHolder('EMSP', 0, { barred: true }),
  ]),
);
const PEERS = ['AMSP', 'BMSP', 'CMSP', 'DMSP', 'NobodyMSP'].map((mspId) => ({ mspId }) as PeerNode);

function asking(how: 'audit' | 'suspect'): readonly string[] {
  const asked: string[] = [];
  const inquiry = {
    isIdle: true,
    responses: [],
    until: () => Promise.resolve(),
    ask: (peers: readonly PeerNode[]) => asked.push(...peers.map(({ mspId }) => mspId)),
  } as unknown as Inquiry;
  const watch = new MisconductWatch({
    court: { channel: 'city', chaincode: 'lamplighter' },
    desk: new CaseDesk({
      file: () => Promise.resolve(),
      onFound: () => undefined,
      onFiled: () => undefined,
      signal: AbortSignal.abort(),
    }),
    policy: () => POLICY,
    auditEveryMs: 1,
  });
  watch[how]({} as SignedProposal, inquiry, PEERS);
  return asked;
}

describe('watch for misconduct', () => {
  it.each(['audit', 'suspect'] as const)('asks by %s only those who have a voice', (how) => {
    expect(asking(how)).toEqual(['AMSP', 'BMSP']);
  });

  it.each([
    ['AMSP', 'divergence', true],
    ['AMSP', 'equivocation', true],
    // The bar is there, the shares are not burned yet.
    ['CMSP', 'divergence', false],
    ['CMSP', 'equivocation', true],
    ['DMSP', 'divergence', false],
    ['EMSP', 'equivocation', false],
    ['NobodyMSP', 'equivocation', false],
  ] as const)('holds a report against %s of %s for worth it: %s', (accused, kind, isWorth) => {
    expect(POLICY.isWorthReporting({ accused, kind })).toBe(isWorth);
  });
});
