/**
 * Finds what convicts a peer among the answers to one proposal (design §5, "Misconduct"): the contract's own reading of evidence
 * decides, so nothing is reported that it would not accept for its content. Answers that rest on other reads come of other heights
 * and prove nothing. Pure, and bounded by the number of answers that are looked at.
 */
import { common } from '@hyperledger/fabric-protos';
import {
  readSignedResponse,
  weighEvidence,
  type Court,
  type Evidence,
  type Finding,
  type MisconductKind,
  type MisconductReport,
  type ResponseBytes,
  type SignedResponse,
} from '@lamplighter/chaincode/stake';

import type { SignedProposal } from '../proposal.ts';

/** Answers to one proposal that are compared: several rounds of a few dozen peers. */
const MOST_ANSWERS = 256;

export interface Misconduct {
  readonly finding: Finding;
  readonly report: MisconductReport;
}

export interface Answers {
  readonly proposal: Pick<SignedProposal, 'header' | 'payload'>;
  readonly responses: readonly ResponseBytes[];
  readonly court: Court;
  /** Whether organisations hold more than the threshold. */
  readonly passes: (mspIds: readonly string[]) => boolean;
}

interface Read {
  readonly bytes: ResponseBytes;
  readonly signed: SignedResponse;
}

/** One case for each peer at most, equivocation before divergence. */
export function findMisconduct({
  proposal,
  responses,
  court,
  passes,
}: Answers): readonly Misconduct[] {
  const answers = readAll(responses);
  const header = common.Header.deserializeBinary(proposal.header);
  const parts = {
    channelHeader: header.getChannelHeader_asU8(),
    signatureHeader: header.getSignatureHeader_asU8(),
    proposal: proposal.payload,
  };
  const cases = new Map<string, Misconduct>();
  const consider = (kind: MisconductKind, answers: readonly Read[]): void => {
    const evidence = { kind, ...parts, responses: answers.map(({ bytes }) => bytes) };
    const finding = weighed(evidence, court);
    if (finding === null || cases.has(finding.id)) return;
    cases.set(finding.id, { finding, report: reportOf(evidence) });
  };
  for (const answer of answers) {
    const second = answers.find((other) => isSamePeer(answer, other) && differs(answer, other));
    if (second !== undefined) consider('equivocation', [answer, second]);
  }
  for (const answer of answers) {
    const witnesses = witnessesAgainst(answer, answers, passes);
    if (witnesses !== undefined) consider('divergence', [answer, ...witnesses]);
  }
  return [...cases.values()];
}

/** What can not be read, or is not signed by whom it names, is no evidence. */
function readAll(responses: readonly ResponseBytes[]): readonly Read[] {
  return responses.slice(0, MOST_ANSWERS).flatMap((bytes) => {
    try {
      return [{ bytes, signed: readSignedResponse(bytes) }];
    } catch {
      return [];
    }
  });
}

function weighed(evidence: Evidence, court: Court): Finding | null {
  try {
    return weighEvidence(evidence, court);
  } catch {
    return null;
  }
}

function isSamePeer({ signed: left }: Read, { signed: right }: Read): boolean {
  return left.mspId === right.mspId && left.certificate === right.certificate;
}

function differs({ signed: left }: Read, { signed: right }: Read): boolean {
  return left.basis === right.basis && left.outcome !== right.outcome;
}

/** One answer of each organisation of the first group that contradicts the accused and holds the threshold without it. */
function witnessesAgainst(
  accused: Read,
  answers: readonly Read[],
  passes: Answers['passes'],
): readonly Read[] | undefined {
  const against = answers.filter(
    (other) => other.signed.mspId !== accused.signed.mspId && differs(accused, other),
  );
  const outcomes = new Set(against.map(({ signed }) => signed.outcome));
  for (const outcome of outcomes) {
    const agreeing = against.filter(({ signed }) => signed.outcome === outcome);
    const witnesses = new Map(agreeing.map((answer) => [answer.signed.mspId, answer]));
    if (passes([...witnesses.keys()])) return [...witnesses.values()];
  }
  return undefined;
}

function reportOf({
  kind,
  channelHeader,
  signatureHeader,
  proposal,
  responses,
}: Evidence): MisconductReport {
  return {
    kind,
    channelHeader: hexOf(channelHeader),
    signatureHeader: hexOf(signatureHeader),
    proposal: hexOf(proposal),
    responses: responses.map(({ payload, endorser, signature }) => ({
      payload: hexOf(payload),
      endorser: hexOf(endorser),
      signature: hexOf(signature),
    })),
  };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
