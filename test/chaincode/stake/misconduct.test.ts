/** What convicts a peer, and that nothing convicts an honest one (design §5). */
import fc from 'fast-check';
import type { MisconductReport } from '../../../chaincode/src/stake/records.ts';
import {
  aReport as aStatusReport,
  aDevice,
  aManager,
  aModel,
  anAssignment,
  signedAssignment,
} from '../city.ts';
import { newIdentity } from '../identities.ts';
import { codeOf } from '../memory-ledger.ts';
import { peerCertificateOf } from '../peer-certificates.ts';
import {
  aProposal,
  aReport,
  executeHonestly,
  signAnswer,
  type Answer,
  type Proposal,
  type ProposalOptions,
} from './endorsing-peer.ts';
import { MSPS, NAMES, StakeCity, type Name } from './stake-city.ts';

type Response = MisconductReport['responses'][number];

const other = (answer: Answer): Answer => ({ ...answer, response: '"another"' });

class Court {
  readonly city: StakeCity;
  readonly proposal: Proposal;
  readonly honest: Answer;

  private constructor(city: StakeCity, proposal: Proposal, honest: Answer) {
    this.city = city;
    this.proposal = proposal;
    this.honest = honest;
  }

  static async open(options: Partial<ProposalOptions> = {}): Promise<Court> {
    const city = await StakeCity.founded();
    const seconds = city.time;
    const args = [
      'Stake:OfferShares',
      JSON.stringify({ id: 'o-9', shares: '1', buyer: '', price: '' }),
    ];
    const client = city.people.northlight.administrator;
    const proposal = aProposal(client, args, { seconds, ...options });
    const answer = await executeHonestly(city.ledger, aProposal(client, args, { seconds }));
    if (answer === null) throw new Error('expected the contract to accept');
    return new Court(city, proposal, answer);
  }

  sign(name: Name, answer: Answer, options?: { readonly highS?: boolean }): Response {
    return signAnswer(this.city.peers[name], this.proposal.hash, answer, options);
  }

  report(kind: MisconductReport['kind'], ...responses: readonly Response[]): Promise<string> {
    return this.submit(aReport(kind, this.proposal, responses));
  }

  submit(report: MisconductReport, reporter: Name = 'meridian'): Promise<string> {
    return codeOf(this.city.member(reporter, 'ReportMisconduct', JSON.stringify(report)));
  }

  /** Two answers of one peer. */
  equivocation(name: Name = 'northlight'): MisconductReport {
    const answers = [this.sign(name, this.honest), this.sign(name, other(this.honest))];
    return aReport('equivocation', this.proposal, answers);
  }
}

describe('equivocation', () => {
  it('burns the stake and bars the organisation, and its validator is replaced', async () => {
    const court = await Court.open();
    expect(await court.submit(court.equivocation())).toBe('accepted');
    expect(court.city.holder('northlight')).toMatchObject({ shares: 0n, barred: true });
    expect(court.city.table.validator).toBe(MSPS.helios);
    expect(await court.city.weights()).toEqual({ [MSPS.helios]: 30, [MSPS.meridian]: 25 });
    expect(await court.city.query('Cases', '10', '')).toMatchObject({
      items: [
        {
          kind: 'equivocation',
          accused: MSPS.northlight,
          burned: '45',
          state: 'burned',
          reporter: MSPS.meridian,
          transaction: 'Stake:OfferShares',
        },
      ],
    });
    expect(court.city.ledger.events.at(-1)?.name).toBe('MisconductProven');
  });

  it.each([
    ['writes', (answer: Answer): Answer => ({ ...answer, writes: [['stake:offer:o-9', null]] })],
    ['event', (answer: Answer): Answer => ({ ...answer, event: null })],
    ['response', other],
  ])('shows in the %s', async (_, lie) => {
    const court = await Court.open();
    const responses = [court.sign('helios', court.honest), court.sign('helios', lie(court.honest))];
    expect(await court.report('equivocation', ...responses)).toBe('accepted');
    expect(court.city.holder('helios').barred).toBe(true);
  });

  it('convicts once for one answer', async () => {
    const court = await Court.open();
    await court.submit(court.equivocation());
    expect(await court.submit(court.equivocation(), 'helios')).toBe('EVIDENCE_USED');
  });

  it('can not be shown by answers of two peers', async () => {
    const court = await Court.open();
    const responses = [
      court.sign('northlight', court.honest),
      court.sign('helios', other(court.honest)),
    ];
    expect(await court.report('equivocation', ...responses)).toBe('EVIDENCE_INVALID');
  });
});

describe('divergence', () => {
  it('bars the organisation, until a stake majority lifts it', async () => {
    const court = await Court.open();
    const { city } = court;
    const responses = [
      court.sign('meridian', other(court.honest)),
      court.sign('northlight', court.honest),
      court.sign('helios', court.honest),
    ];
    expect(await court.report('divergence', ...responses)).toBe('accepted');
    expect(city.holder('meridian')).toMatchObject({ shares: 25n, barred: true });
    const withoutMeridian = { [MSPS.northlight]: 45, [MSPS.helios]: 30 };
    expect(await city.weights()).toEqual(withoutMeridian);
    const { items } = await city.query<{ items: { id: string }[] }>('Cases', '10', '');
    const id = items[0]?.id ?? '';
    await city.administrator('northlight', 'LiftBar', id);
    expect(city.holder('meridian').barred).toBe(true);
    expect(await codeOf(city.administrator('meridian', 'LiftBar', id))).toBe('STAKE_BARRED');
    await city.administrator('helios', 'LiftBar', id);
    expect(city.holder('meridian').barred).toBe(false);
    expect(await city.weights()).toEqual({ ...withoutMeridian, [MSPS.meridian]: 25 });
    expect(await codeOf(city.administrator('helios', 'LiftBar', id))).toBe('CASE_CLOSED');
  });

  it('burns by a vote of the stake majority only, and what is burned can be issued again', async () => {
    const court = await Court.open();
    const { city } = court;
    const witnesses = [court.sign('northlight', court.honest), court.sign('helios', court.honest)];
    await court.report('divergence', court.sign('meridian', other(court.honest)), ...witnesses);
    const { items } = await city.query<{ items: { id: string }[] }>('Cases', '10', '');
    const id = items[0]?.id ?? '';
    await city.administrator('northlight', 'VoteBurn', id);
    expect(city.holder('meridian').shares).toBe(25n);
    await city.administrator('helios', 'VoteBurn', id);
    expect(city.holder('meridian').shares).toBe(0n);
    expect(await codeOf(city.administrator('helios', 'VoteBurn', id))).toBe('CASE_CLOSED');
    const allocation = JSON.stringify([
      { mspId: 'AtlasMSP', shares: '20' },
      { mspId: MSPS.helios, shares: '5' },
    ]);
    await city.administrator('northlight', 'Reissue', allocation);
    await city.administrator('helios', 'Reissue', allocation);
    expect(await city.weights()).toEqual({ [MSPS.northlight]: 45, [MSPS.helios]: 35 });
    expect(city.table.organisations.find(({ mspId }) => mspId === 'AtlasMSP')?.shares).toBe(20n);
  });

  it('needs witnesses above the threshold, the accused left out', async () => {
    const court = await Court.open();
    const few = [court.sign('northlight', other(court.honest)), court.sign('helios', court.honest)];
    expect(await court.report('divergence', ...few)).toBe('EVIDENCE_INVALID');
    const twice = [...few, court.sign('helios', court.honest)];
    expect(await court.report('divergence', ...twice)).toBe('EVIDENCE_INVALID');
    const self = [
      ...few,
      court.sign('northlight', court.honest),
      court.sign('meridian', court.honest),
    ];
    expect(await court.report('divergence', ...self)).toBe('EVIDENCE_INVALID');
  });

  it('needs witnesses who agree', async () => {
    const court = await Court.open();
    const responses = [
      court.sign('meridian', other(court.honest)),
      court.sign('northlight', court.honest),
      court.sign('helios', { ...court.honest, response: '"a third"' }),
    ];
    expect(await court.report('divergence', ...responses)).toBe('EVIDENCE_INVALID');
  });
});

describe('evidence', () => {
  it.each([
    ['answers that are the same', (answer: Answer): Answer => answer],
    [
      'other reads',
      (answer: Answer): Answer => ({ ...other(answer), reads: [['stake:table', 99]] }),
    ],
    [
      'another version of the chaincode',
      (answer: Answer): Answer => ({ ...other(answer), version: '2' }),
    ],
    ['another chaincode', (answer: Answer): Answer => ({ ...other(answer), chaincode: 'other' })],
    ['another definition', (answer: Answer): Answer => ({ ...other(answer), sequenceBlock: 2 })],
    [
      'no look at the definition',
      (answer: Answer): Answer => ({ ...other(answer), sequenceBlock: null }),
    ],
  ])('does not count with %s', async (_, change) => {
    const court = await Court.open();
    const responses = [
      court.sign('helios', court.honest),
      court.sign('helios', change(court.honest)),
    ];
    expect(await court.report('equivocation', ...responses)).toBe('EVIDENCE_INVALID');
    expect(court.city.holder('helios').barred).toBe(false);
  });

  it.each([
    ['another channel', { channel: 'town' }],
    ['another chaincode', { chaincode: 'other' }],
    ['a proposal of another type', { type: 1 }],
  ])('does not count for %s', async (_, options) => {
    const court = await Court.open(options);
    expect(await court.submit(court.equivocation())).toBe('EVIDENCE_INVALID');
  });

  it('does not count for a query, which may read history', async () => {
    const court = await Court.open();
    const proposal = aProposal(court.proposal.client, ['Stake:Elections'], {
      seconds: court.city.time,
    });
    const responses = [court.honest, other(court.honest)].map((answer) =>
      signAnswer(court.city.peers.helios, proposal.hash, answer),
    );
    expect(await court.submit(aReport('equivocation', proposal, responses))).toBe(
      'EVIDENCE_INVALID',
    );
  });

  it('does not count for answers to another proposal', async () => {
    const court = await Court.open();
    const report = court.equivocation();
    const proposal = aProposal(court.proposal.client, court.proposal.args, {
      seconds: court.city.time,
      nonce: 'm',
    });
    expect(await court.submit(aReport('equivocation', proposal, report.responses))).toBe(
      'EVIDENCE_INVALID',
    );
  });

  it('does not count when the same bytes are cut at other places', async () => {
    const court = await Court.open();
    const report = court.equivocation();
    const joined = report.channelHeader + report.signatureHeader;
    const recut = { ...report, channelHeader: joined, signatureHeader: '' };
    expect(await court.submit(recut)).toBe('EVIDENCE_INVALID');
  });

  it('does not count with a changed signature, nor with a high s', async () => {
    const court = await Court.open();
    const [first, second] = court.equivocation().responses;
    if (!first || !second) throw new Error('expected two answers');
    const forged = { ...second, signature: first.signature };
    expect(await court.report('equivocation', first, forged)).toBe('EVIDENCE_INVALID');
    const high = court.sign('northlight', other(court.honest), { highS: true });
    expect(await court.report('equivocation', first, high)).toBe('EVIDENCE_INVALID');
  });

  it('does not count with a certificate that no vendor of the organisation registered', async () => {
    const court = await Court.open();
    const stranger = await newIdentity(MSPS.northlight, 'peer9.northlight', 'peer');
    const responses = [court.honest, other(court.honest)].map((answer) =>
      signAnswer(stranger, court.proposal.hash, answer),
    );
    expect(await court.report('equivocation', ...responses)).toBe('CERTIFICATE_NOT_REGISTERED');
    const foreign = [court.honest, other(court.honest)].map((answer) =>
      signAnswer(
        { ...court.city.peers.northlight, mspId: MSPS.helios },
        court.proposal.hash,
        answer,
      ),
    );
    expect(await court.report('equivocation', ...foreign)).toBe('CERTIFICATE_NOT_REGISTERED');
  });

  it('counts for a week', async () => {
    const court = await Court.open();
    court.city.wait(8 * 86_400);
    expect(await court.submit(court.equivocation())).toBe('EVIDENCE_OUTDATED');
    const early = await Court.open();
    early.city.wait(-3600);
    expect(await early.submit(early.equivocation())).toBe('EVIDENCE_OUTDATED');
  });

  it('counts after the peer’s certificate was replaced', async () => {
    const court = await Court.open();
    const { city } = court;
    const vendor = JSON.parse(
      Buffer.from(city.ledger.state.get('vendor:northlight') ?? []).toString(),
    ) as { id: string; url: string; signingKey: string };
    const { id, url, signingKey } = vendor;
    const peerCertificates = [peerCertificateOf('its next peer')];
    const rotated = JSON.stringify({ id, url, signingKey, peerCertificates });
    await city.submit(
      city.people.northlight.administrator,
      'DeviceRegistry:RegisterVendor',
      rotated,
    );
    expect(await court.submit(court.equivocation())).toBe('accepted');
  });

  it.each([
    ['no JSON', '{'],
    ['one answer', { responses: [] }],
    ['another kind', { kind: 'silence' }],
    ['odd hex', { proposal: 'abc' }],
  ])('is refused with %s', async (_, change) => {
    const court = await Court.open();
    const json =
      typeof change === 'string' ? change : JSON.stringify({ ...court.equivocation(), ...change });
    expect(await codeOf(court.city.member('helios', 'ReportMisconduct', json))).toBe(
      'ARGUMENT_INVALID',
    );
  });

  it('is refused with any one byte changed', async () => {
    const court = await Court.open();
    const report = court.equivocation();
    const fields = ['channelHeader', 'signatureHeader', 'proposal'] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...fields),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (field, at, by) => {
          const bytes = Buffer.from(report[field], 'hex');
          const index = at % bytes.length;
          bytes[index] = (bytes[index] ?? 0) ^ by;
          expect(await court.submit({ ...report, [field]: bytes.toString('hex') })).toBe(
            'EVIDENCE_INVALID',
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** What clients ask for while an honest peer answers the same proposal twice. */
const CALLS: readonly ((city: StakeCity, n: number) => readonly [string, ...string[]])[] = [
  () => ['Stake:ElectValidator'],
  (city) => ['Stake:SkipValidator', city.table.validator, String(city.table.epoch), 'slow'],
  () => ['Stake:Return'],
  (_, n) => [
    'Stake:OfferShares',
    JSON.stringify({ id: `o-${n % 3}`, shares: '1', buyer: '', price: '' }),
  ],
  (_, n) => ['Stake:AcceptOffer', `o-${n % 3}`],
  (_, n) => ['Stake:WithdrawOffer', `o-${n % 3}`],
  (_, n) => ['DeviceRegistry:RegisterDevice', JSON.stringify(aDevice(`d-${n % 4}`, 'prime'))],
  (_, n) => [
    'DeviceRegistry:AssignDevice',
    signedAssignment(
      'northlight',
      anAssignment(`d-${n % 4}`, 'gate', { serial: n % 3, epoch: 1 + (n % 3) }),
    ),
    '600',
  ],
  (_, n) => ['DeviceRegistry:SuspendDevice', `d-${n % 4}`, 'stolen'],
  (_, n) => [
    'StatusLog:ReportStatuses',
    JSON.stringify([aStatusReport(`d-${n % 4}`, { n: 1 + (n % 5) })]),
  ],
];

describe('an honest peer', () => {
  it('is never convicted, whatever a client sends, whichever transactions commit between its answers', async () => {
    const call = fc.tuple(
      fc.constantFrom(...CALLS),
      fc.nat(30),
      fc.constantFrom(...NAMES),
      fc.boolean(),
    );
    let pairs = 0;
    await fc.assert(
      fc.asyncProperty(call, fc.array(call, { maxLength: 6 }), async (asked, between) => {
        const city = await StakeCity.founded();
        const { administrator, manager } = city.people.northlight;
        await city.submit(
          administrator,
          'DeviceRegistry:RegisterModel',
          JSON.stringify(aModel('prime', 'northlight')),
        );
        await city.submit(
          administrator,
          'DeviceRegistry:RegisterManagementNode',
          JSON.stringify(aManager('gate', manager)),
        );
        await city.submit(
          administrator,
          'DeviceRegistry:RegisterDevices',
          JSON.stringify([aDevice('d-0', 'prime'), aDevice('d-1', 'prime')]),
        );
        const callerOf = (name: Name, isAdministrator: boolean): typeof manager =>
          isAdministrator ? city.people[name].administrator : city.people[name].manager;
        const [make, n, name, byAdministrator] = asked;
        const proposal = aProposal(callerOf(name, byAdministrator), make(city, n), {
          seconds: city.time + 90,
        });
        const answers = [await executeHonestly(city.ledger, proposal)];
        for (const [next, number, from, isAdministrator] of between) {
          const [transaction, ...args] = next(city, number);
          await codeOf(city.submit(callerOf(from, isAdministrator), transaction, ...args));
          answers.push(await executeHonestly(city.ledger, proposal));
        }
        const signed = answers
          .filter((answer) => answer !== null)
          .map((answer) => signAnswer(city.peers.helios, proposal.hash, answer));
        for (const second of signed.slice(1)) {
          pairs += 1;
          const report = aReport('equivocation', proposal, [signed[0] ?? second, second]);
          expect(
            await codeOf(city.member('meridian', 'ReportMisconduct', JSON.stringify(report))),
          ).toBe('EVIDENCE_INVALID');
        }
        expect(city.holder('helios').barred).toBe(false);
      }),
      { numRuns: 30 },
    );
    expect(pairs).toBeGreaterThan(0);
  });
});
