/** The shape of the arguments of the contract Stake; the types are in records.ts. */
import { ContractError } from '../errors.ts';
import { checkId, checkReason, id } from '../arguments.ts';
import { hex, integer, list, object, oneOf, parseJson, text, where } from '../shape.ts';
import type { Evidence } from './evidence.ts';
import type {
  FractionText,
  MisconductReport,
  StakeAllocation,
  StakeFounding,
  StakeOffer,
} from './records.ts';
import type { Founding } from './shares.ts';
import { isMspId, MAXIMUM_ORGANISATIONS, MAXIMUM_SHARES, type Fraction } from './table.ts';

const SECONDS_A_DAY = 86_400;
/** Bytes; a read-write set of a batch of 500 devices has some 300 kB. */
const RESPONSE_BYTES = 1_048_576;
const REPORT_CHARACTERS = 16_777_216;
const JSON_CHARACTERS = 65_536;
const PRICE_CHARACTERS = 200;

const mspId = where(text(/^.{1,64}$/, 'an MSP id'), isMspId, 'an MSP id');
const shares = where(
  text(/^[1-9][0-9]{0,19}$/, 'a number of shares in decimals'),
  (value) => BigInt(value) <= MAXIMUM_SHARES,
  `at most ${MAXIMUM_SHARES} shares`,
);
const bytes = (limit: number): ReturnType<typeof text> =>
  where(
    text(/^([0-9a-f]{2})*$/, 'bytes in lower-case hex'),
    ({ length }) => length <= 2 * limit,
    `at most ${limit} bytes`,
  );

/** More than nothing and less than all, such as 1/2. */
const fraction = where(
  object<FractionText>({ num: shares, den: shares }),
  ({ num, den }) => BigInt(num) < BigInt(den),
  'a fraction below one',
);
const atLeastHalf = where(
  fraction,
  ({ num, den }) => 2n * BigInt(num) >= BigInt(den),
  'at least 1/2',
);
const atMostHalf = where(
  fraction,
  ({ num, den }) => 2n * BigInt(num) <= BigInt(den),
  'at most 1/2',
);

const allocations = (
  minimum: number,
): ((value: unknown, path: string) => readonly StakeAllocation[]) =>
  where(
    list(object<StakeAllocation>({ mspId, shares }), minimum, MAXIMUM_ORGANISATIONS),
    (items) => new Set(items.map((item) => item.mspId)).size === items.length,
    'a list that names each organisation once',
  );

const founding = object<StakeFounding>({
  epochSeconds: integer(1, SECONDS_A_DAY),
  threshold: atLeastHalf,
  cap: atMostHalf,
  organisations: allocations(3),
});

const offer = object<StakeOffer>({
  id,
  shares,
  buyer: text(/^.{0,64}$/, 'an MSP id or nothing'),
  price: text(new RegExp(`^[\\x20-\\x7e]{0,${PRICE_CHARACTERS}}$`), 'printable ASCII characters'),
});

const report = object<MisconductReport>({
  kind: oneOf('equivocation', 'divergence'),
  channelHeader: bytes(RESPONSE_BYTES),
  signatureHeader: bytes(RESPONSE_BYTES),
  proposal: bytes(RESPONSE_BYTES),
  responses: list(
    object<MisconductReport['responses'][number]>({
      payload: bytes(RESPONSE_BYTES),
      endorser: bytes(RESPONSE_BYTES),
      signature: bytes(RESPONSE_BYTES),
    }),
    2,
    MAXIMUM_ORGANISATIONS,
  ),
});

const fractionOf = ({ num, den }: FractionText): Fraction => ({
  num: BigInt(num),
  den: BigInt(den),
});
const bytesOf = (value: string): Uint8Array => Buffer.from(value, 'hex');
const allocationOf = (items: readonly StakeAllocation[]): ReadonlyMap<string, bigint> =>
  new Map(items.map((item) => [item.mspId, BigInt(item.shares)]));

export function parseFounding(json: string): Founding {
  const { epochSeconds, threshold, cap, organisations } = parseJson(
    json,
    founding,
    JSON_CHARACTERS,
  );
  return {
    epochSeconds,
    threshold: fractionOf(threshold),
    cap: fractionOf(cap),
    shares: allocationOf(organisations),
  };
}

export function parseOffer(json: string): StakeOffer {
  const parsed = parseJson(json, offer, JSON_CHARACTERS);
  if (parsed.buyer !== '') mspId(parsed.buyer, 'json.buyer');
  return parsed;
}

export function parseAllocation(json: string): ReadonlyMap<string, bigint> {
  return allocationOf(parseJson(json, allocations(1), JSON_CHARACTERS));
}

export function parseReport(json: string): Evidence {
  const { kind, channelHeader, signatureHeader, proposal, responses } = parseJson(
    json,
    report,
    REPORT_CHARACTERS,
  );
  return {
    kind,
    channelHeader: bytesOf(channelHeader),
    signatureHeader: bytesOf(signatureHeader),
    proposal: bytesOf(proposal),
    responses: responses.map((response) => ({
      payload: bytesOf(response.payload),
      endorser: bytesOf(response.endorser),
      signature: bytesOf(response.signature),
    })),
  };
}

const caseId = hex(32);
const setDigest = hex(32);
const epochText = text(/^(0|[1-9][0-9]{0,15})$/, 'the number of an epoch');

export const checkOfferId = (value: string): string => checkId(value, 'id');
export const checkMspId = (value: string): string => mspId(value, 'mspId');
export const checkSet = (value: string): string => setDigest(value, 'set');
export const checkCaseId = (value: string): string => caseId(value, 'case');

export function checkEpoch(value: string): number {
  const epoch = Number(epochText(value, 'epoch'));
  if (Number.isSafeInteger(epoch)) return epoch;
  throw new ContractError('ARGUMENT_INVALID', `epoch must be a safe integer, got ${value}`);
}

export { checkReason };
