/**
 * Writes test/vectors/stake-policy.json: who endorsed, with which stake, and the verdict (design: the rule of stake). The verdicts
 * are written down here by hand, letter by letter; the implementations in TypeScript and Go are held to them. `npm run vectors`.
 */
import { writeFileSync } from 'node:fs';

const VERDICT = {
  V: 'VALID',
  N: 'NO_MAJORITY',
  S: 'STAKE_TOO_SMALL',
  O: 'ONE_ORGANISATION',
  M: 'VALIDATOR_MISSING',
};
/** Who endorses, in the order of the letters of each expectation below. */
const SUBSETS = ['', 'A', 'B', 'C', 'AB', 'AC', 'BC', 'ABC'];
const CHANNEL = ['A', 'B', 'C'];
const NORMAL = 'StatusLog:ReportStatuses';
const ELECT = 'Stake:ElectValidator';

const holder = (mspId, shares, change = {}) => ({
  absent: false,
  barred: false,
  coinAge: '0',
  mspId,
  shares: String(shares),
  skips: 0,
  ...change,
});
const fraction = (num, den) => ({ den: String(den), num: String(num) });

/** Canonical JSON: the keys are in order as they stand here. */
const table = (organisations, change = {}) =>
  JSON.stringify({
    cap: fraction(1, 2),
    docType: 'stakeTable',
    epoch: 29916666,
    epochSeconds: 60,
    issued: '100',
    organisations,
    previous: '',
    schema: 1,
    threshold: fraction(1, 2),
    validator: 'A',
    ...change,
  });

const three = (a, b, c, [forA, forB, forC] = []) => [
  holder('A', a, forA),
  holder('B', b, forB),
  holder('C', c, forC),
];
const TWO_TO_63 = (2n ** 63n).toString();
const BELOW_TWO_TO_63 = (2n ** 63n - 1n).toString();
const LAST_UINT64 = (2n ** 64n - 1n).toString();

/** name, table, verdicts of an ordinary transaction, verdicts of an election */
const TABLES = [
  ['validator A', table(three(40, 35, 25)), 'SSSSVVMV', 'SSSSVVVV'],
  ['validator B', table(three(40, 35, 25), { validator: 'B' }), 'SSSSVMVV', 'SSSSVVVV'],
  ['validator A, before it B', table(three(40, 35, 25), { previous: 'B' }), 'SSSSVVVV', 'SSSSVVVV'],
  ['validator A, before it C', table(three(40, 35, 25), { previous: 'C' }), 'SSSSVVVV', 'SSSSVVVV'],
  ['the same validator twice', table(three(40, 35, 25), { previous: 'A' }), 'SSSSVVMV', 'SSSSVVVV'],
  ['exactly half', table(three(50, 30, 20)), 'SSSSVVSV', 'SSSSVVSV'],
  ['one holds more than half', table(three(60, 25, 15)), 'SOSSVVSV', 'SOSSVVSV'],
  ['zero stake is no second organisation', table(three(60, 40, 0)), 'SOSSVOSV', 'SOSSVOSV'],
  ['all in one hand', table(three(100, 0, 0)), 'SOSSOOSO', 'SOSSOOSO'],
  [
    'A barred',
    table(three(40, 35, 25, [{ barred: true }]), { validator: 'B' }),
    'SSSSSSVV',
    'SSSSSSVV',
  ],
  [
    'the validator barred and nobody elected in its place',
    table(three(40, 35, 25, [{ barred: true }])),
    'SSSSSSMM',
    'SSSSSSVV',
  ],
  [
    'the validator before barred',
    table(three(40, 35, 25, [{}, { barred: true }]), { previous: 'B' }),
    'SSSSSVSV',
    'SSSSSVSV',
  ],
  [
    'A burned, its shares still issued',
    table(three(0, 35, 25, [{ barred: true }]), { validator: 'B' }),
    'SSSSSSVV',
    'SSSSSSVV',
  ],
  [
    'burned until exactly half is left',
    table(three(0, 30, 20, [{ barred: true }]), { validator: 'B' }),
    'SSSSSSSS',
    'SSSSSSSS',
  ],
  [
    'nearly all burned: the last one does not decide alone',
    table(three(0, 60, 0, [{ barred: true }, {}, { barred: true }]), { validator: 'B' }),
    'SSOSOSOO',
    'SSOSOSOO',
  ],
  [
    'everybody burned',
    table(three(0, 0, 0, [{ barred: true }, { barred: true }, { barred: true }]), {
      validator: '',
    }),
    'SSSSSSSS',
    'SSSSSSSS',
  ],
  [
    'A skipped, B took over',
    table(three(40, 35, 25, [{ absent: true, skips: 1 }]), { validator: 'B' }),
    'SSSSVMVV',
    'SSSSVVVV',
  ],
  [
    'the validator before skipped: its word is not enough',
    table(three(40, 35, 25, [{ absent: true, skips: 1 }]), { validator: 'C' }),
    'SSSSMVVV',
    'SSSSVVVV',
  ],
  ['no validator', table(three(40, 35, 25), { validator: '' }), 'SSSSMMMM', 'SSSSVVVV'],
  [
    'no validator but one before',
    table(three(40, 35, 25), { validator: '', previous: 'C' }),
    'SSSSMVVV',
    'SSSSVVVV',
  ],
  [
    'a threshold of two thirds',
    table(three(40, 35, 25), { threshold: fraction(2, 3) }),
    'SSSSVSSV',
    'SSSSVSSV',
  ],
  [
    'exactly two thirds',
    table(three(1, 1, 1), { issued: '3', threshold: fraction(2, 3) }),
    'SSSSSSSV',
    'SSSSSSSV',
  ],
  [
    'shares of 64 bits',
    table(three(BELOW_TWO_TO_63, BELOW_TWO_TO_63, 1), { issued: LAST_UINT64, validator: 'C' }),
    'SSSSMVVV',
    'SSSSVVVV',
  ],
  [
    'all 2^64 - 1 shares, and one more than half of them',
    table(three(TWO_TO_63, BELOW_TWO_TO_63, 0), { issued: LAST_UINT64 }),
    'SOSSVOSV',
    'SOSSVOSV',
  ],
  [
    'a fraction of 64 bits',
    table(three(40, 35, 25), { threshold: fraction(TWO_TO_63, LAST_UINT64) }),
    'SSSSVVMV',
    'SSSSVVVV',
  ],
];

const good = table(three(40, 35, 25));
/** Not what the contract writes: as if there were no table. */
const MALFORMED = [
  ['nothing', ''],
  ['no JSON', '{'],
  ['null', 'null'],
  ['an array', '[]'],
  ['a space at the end', `${good} `],
  ['a space within', good.replace(',', ', ')],
  ['keys in another order', JSON.stringify({ validator: 'A', ...JSON.parse(good) })],
  ['another document', good.replace('stakeTable', 'stakeChair')],
  ['another schema', good.replace('"schema":1', '"schema":2')],
  ['a field more', good.replace('"docType"', '"d":1,"docType"')],
  ['a field less', good.replace('"epochSeconds":60,', '')],
  ['a field twice', good.replace('"epochSeconds":60', '"epochSeconds":60,"epochSeconds":60')],
  ['a field in capitals', good.replace('"validator"', '"Validator"')],
  ['shares as a number', good.replace('"shares":"40"', '"shares":40')],
  ['shares with a leading zero', good.replace('"shares":"40"', '"shares":"040"')],
  ['shares with a sign', good.replace('"shares":"40"', '"shares":"+40"')],
  ['negative shares', good.replace('"shares":"40"', '"shares":"-40"')],
  ['shares of 2^64', table(three((2n ** 64n).toString(), 1, 1), { issued: LAST_UINT64 })],
  ['more shares than issued', table(three(40, 35, 26))],
  ['an organisation twice', table([holder('A', 40), holder('A', 35), holder('C', 25)])],
  ['organisations out of order', table([holder('B', 40), holder('A', 35), holder('C', 25)])],
  ['an unknown validator', table(three(40, 35, 25), { validator: 'D' })],
  ['an unknown validator before', table(three(40, 35, 25), { previous: 'D' })],
  ['an escaped name', good.replace('"validator":"A"', '"validator":"\\u0041"')],
  ['an epoch with a point', good.replace('29916666', '29916666.0')],
  ['an epoch with an exponent', good.replace('29916666', '2.9916666e7')],
  ['an epoch beyond 2^53', good.replace('29916666', '9007199254740993')],
  ['a negative epoch', good.replace('29916666', '-1')],
  ['epochs of no length', good.replace('"epochSeconds":60', '"epochSeconds":0')],
  ['a threshold below a half', table(three(40, 35, 25), { threshold: fraction(1, 3) })],
  ['a threshold of all', table(three(40, 35, 25), { threshold: fraction(1, 1) })],
  ['a cap of nothing', table(three(40, 35, 25), { cap: fraction(0, 2) })],
  ['a cap above a half', table(three(40, 35, 25), { cap: fraction(2, 3) })],
  ['a coin age of minus zero', good.replace('"coinAge":"0"', '"coinAge":"-0"')],
  ['a flag that is a number', good.replace('"barred":false', '"barred":0')],
  ['65 organisations', table(Array.from({ length: 65 }, (_, n) => holder(`A${100 + n}`, 1)))],
  ['a name that is no ASCII', good.replaceAll('"A"', '"Ä"')],
];

/** For stake-only kinds: the name, what is written, whether elsewhere too, and the verdict when B and C endorse. */
const KINDS = [
  [ELECT, ['stake:table'], false, 'V'],
  ['Stake:SkipValidator', ['stake:table', 'stake:vote:skip:A'], false, 'V'],
  ['Stake:ReportMisconduct', ['stake:case:00', 'stake:table'], false, 'V'],
  [ELECT, [], false, 'V'],
  [ELECT, ['stake:'], false, 'V'],
  [ELECT, ['stake:table', 'device:lamp-1'], false, 'M'],
  [ELECT, ['stake'], false, 'M'],
  [ELECT, ['stakes:table'], false, 'M'],
  [ELECT, ['Stake:table'], false, 'M'],
  [ELECT, ['xstake:table'], false, 'M'],
  [ELECT, [''], false, 'M'],
  [ELECT, ['stake:table'], true, 'M'],
  ['Stake:SkipValidator', ['status:lamp-1'], false, 'M'],
  ['Stake:ReportMisconduct', ['release:00'], false, 'M'],
  ['stake:ElectValidator', ['stake:table'], false, 'M'],
  ['Stake:ElectValidator ', ['stake:table'], false, 'M'],
  ['ElectValidator', ['stake:table'], false, 'M'],
  ['Stake:VoteBurn', ['stake:table'], false, 'M'],
  ['Stake:Return', ['stake:table'], false, 'M'],
  ['Stake:AcceptOffer', ['stake:table'], false, 'M'],
  ['', ['stake:table'], false, 'M'],
];

/** More endorsers than organisations, or other ones. */
const ENDORSERS = [
  ['one organisation twice', good, ['A', 'A'], 'S'],
  ['one organisation three times', good, ['A', 'A', 'A'], 'S'],
  ['two organisations, one twice', good, ['A', 'B', 'A'], 'V'],
  ['a stranger', good, ['A', 'X'], 'S'],
  ['strangers only', good, ['X', 'Y', 'Z'], 'S'],
  ['a stranger beside enough', good, ['A', 'C', 'X'], 'V'],
  ['another case', good, ['a', 'b', 'c'], 'S'],
  ['a name without a letter', good, ['', 'A'], 'S'],
  ['one holder of more than half, twice', table(three(60, 25, 15)), ['A', 'A'], 'O'],
  ['one organisation twice, no table', null, ['A', 'A'], 'N'],
  ['a stranger, no table', null, ['A', 'X'], 'N'],
  ['two and a stranger, no table', null, ['A', 'B', 'X'], 'V'],
];

const flight = (validator, previous) =>
  table([holder('A', 30), holder('B', 30), holder('C', 20), holder('D', 20)], {
    validator,
    previous,
  });
/** A transaction that A endorsed as validator, judged one, and two elections later. */
const IN_FLIGHT = [
  ['endorsed by the validator', flight('A', ''), ['A', 'C', 'D'], 'V'],
  ['an election later', flight('B', 'A'), ['A', 'C', 'D'], 'V'],
  ['two elections later', flight('C', 'B'), ['A', 'D', 'B'], 'V'],
  ['two elections later, without either', flight('D', 'B'), ['A', 'C'], 'S'],
  ['two elections later, with enough stake', flight('D', 'C'), ['A', 'B'], 'M'],
  ['an election later, skipped meanwhile', flight('B', ''), ['A', 'C', 'D'], 'M'],
];

const cases = [];
const add = (name, given, letter) => {
  cases.push({
    name,
    channel: CHANNEL,
    transaction: NORMAL,
    writes: ['status:lamp-1'],
    writesElsewhere: false,
    ...given,
    verdict: VERDICT[letter],
  });
};
const election = { transaction: ELECT, writes: ['stake:table'] };

for (const [name, text, ordinary, elections] of TABLES) {
  SUBSETS.forEach((endorsers, index) => {
    const given = { table: text, endorsers: [...endorsers] };
    add(`${name}: by ${endorsers || 'nobody'}`, given, ordinary[index]);
    add(
      `${name}: election by ${endorsers || 'nobody'}`,
      { ...given, ...election },
      elections[index],
    );
  });
}
SUBSETS.forEach((endorsers, index) => {
  add(
    `no table: by ${endorsers || 'nobody'}`,
    { table: null, endorsers: [...endorsers] },
    'NNNNVVVV'[index],
  );
  add(
    `no table, four organisations: by ${endorsers || 'nobody'}`,
    { table: null, channel: ['A', 'B', 'C', 'D'], endorsers: [...endorsers] },
    'NNNNNNNV'[index],
  );
});
for (const [name, text] of MALFORMED) {
  add(`malformed: ${name}: by A`, { table: text, endorsers: ['A'] }, 'N');
  add(`malformed: ${name}: by B and C`, { table: text, endorsers: ['B', 'C'] }, 'V');
}
for (const [transaction, writes, writesElsewhere, letter] of KINDS) {
  const given = { table: good, transaction, writes, writesElsewhere, endorsers: ['B', 'C'] };
  const where = writesElsewhere ? ' and elsewhere' : '';
  add(`${JSON.stringify(transaction)} writes ${JSON.stringify(writes)}${where}`, given, letter);
}
for (const [name, text, endorsers, letter] of [...ENDORSERS, ...IN_FLIGHT]) {
  add(name, { table: text, endorsers }, letter);
}

const vectors = {
  format: 'lamplighter.stake-policy.v1',
  fields: 'as EndorsedTransaction in chaincode/src/stake/rule.ts; table in UTF-8, null for none',
  cases,
};
const file = new URL('stake-policy.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(vectors, null, 1)}\n`);
