/** What the client takes for evidence, with answers signed by real keys; the contract's own reading judges it again. */
import { common } from '@hyperledger/fabric-protos';
import fc from 'fast-check';

import { weighEvidence, type ResponseBytes } from '../../../../chaincode/src/stake/index.ts';
import {
  findMisconduct,
  type Misconduct,
} from '../../../../network/src/ledger/stake/misconduct.ts';
import { newIdentity, type SigningIdentity } from '../../../chaincode/identities.ts';
import {
  aProposal,
  signAnswer,
  type Answer,
  type Proposal,
} from '../../../chaincode/stake/endorsing-peer.ts';

const COURT = { channel: 'city', chaincode: 'lamplighter' };
const SHARES: Readonly<Record<string, number>> = { AMSP: 45, BMSP: 30, CMSP: 25 };
const MSP_IDS = Object.keys(SHARES);
const HONEST: Answer = {
  reads: [['device:x', 3]],
  writes: [['device:x', '00']],
  response: '"well"',
  event: null,
  chaincode: 'lamplighter',
  version: '1',
  sequenceBlock: 1,
};
const LIE: Answer = { ...HONEST, response: '"another"' };
const LATE: Answer = { ...HONEST, reads: [['device:x', 2]], response: '"older"' };

let proposal: Proposal;
const peers = new Map<string, SigningIdentity>();

beforeAll(async () => {
  for (const mspId of MSP_IDS) peers.set(mspId, await newIdentity(mspId, 'peer', 'peer'));
  const client = await newIdentity('AMSP', 'somebody', 'client');
  const args = ['DeviceRegistry:SuspendDevice', 'x', 'y'];
  proposal = aProposal(client, args, { seconds: 1_000 });
});

const passes = (mspIds: readonly string[]): boolean =>
  mspIds.length > 1 && mspIds.reduce((sum, mspId) => sum + (SHARES[mspId] ?? 0), 0) > 50;

function bytesOf(mspId: string, answer: Answer, hash = proposal.hash): ResponseBytes {
  const { payload, endorser, signature } = signAnswer(peers.get(mspId)!, hash, answer);
  const [one, two, three] = [payload, endorser, signature].map((hex) => Buffer.from(hex, 'hex'));
  return { payload: one!, endorser: two!, signature: three! };
}

function find(...responses: readonly ResponseBytes[]): readonly Misconduct[] {
  const header = new common.Header();
  header.setChannelHeader(proposal.channelHeader);
  header.setSignatureHeader(proposal.signatureHeader);
  const parts = { header: header.serializeBinary(), payload: proposal.payload };
  return findMisconduct({ proposal: parts, responses, court: COURT, passes });
}

const verdicts = (cases: readonly Misconduct[]): readonly string[] =>
  cases.map(({ finding: { kind, accused } }) => `${kind} ${accused}`);

describe('misconduct among answers', () => {
  it('is none when all say the same', () => {
    expect(find(...MSP_IDS.map((mspId) => bytesOf(mspId, HONEST)))).toEqual([]);
  });

  it('is equivocation when one peer says two things', () => {
    const cases = find(bytesOf('BMSP', HONEST), bytesOf('CMSP', HONEST), bytesOf('BMSP', LIE));
    expect(verdicts(cases)).toEqual(['equivocation BMSP']);
  });

  it('is divergence against those who hold the threshold without the accused', () => {
    const cases = find(bytesOf('AMSP', LIE), bytesOf('BMSP', HONEST), bytesOf('CMSP', HONEST));
    expect(verdicts(cases)).toEqual(['divergence AMSP']);
    expect(cases[0]?.finding.witnesses).toEqual(['BMSP', 'CMSP']);
    expect(cases[0]?.report.responses).toHaveLength(3);
  });

  it('is nothing that too few contradict', () => {
    expect(find(bytesOf('AMSP', LIE), bytesOf('BMSP', HONEST))).toEqual([]);
  });

  it('is not being a block behind', () => {
    const late = bytesOf('AMSP', LATE);
    expect(find(late, bytesOf('BMSP', HONEST), bytesOf('CMSP', HONEST))).toEqual([]);
    // Nor asking again after the block.
    expect(find(late, bytesOf('AMSP', HONEST))).toEqual([]);
  });

  it('is not what somebody else signed, or nobody', () => {
    const lie = bytesOf('AMSP', LIE);
    const forged = { ...lie, signature: bytesOf('AMSP', HONEST).signature };
    const rest = [bytesOf('BMSP', HONEST), bytesOf('CMSP', HONEST)];
    expect(find(forged, ...rest)).toEqual([]);
    expect(find({ ...lie, endorser: Buffer.from('ff', 'hex') }, ...rest)).toEqual([]);
    expect(find(bytesOf('AMSP', LIE, Buffer.alloc(32)), ...rest)).toEqual([]);
  });

  it('never accuses a peer that answers honestly, whatever the others say and when', () => {
    const ANSWERS = { HONEST, LIE, LATE, LATER: { ...HONEST, writes: [] } };
    const signed = new Map(
      MSP_IDS.flatMap((mspId) =>
        Object.entries(ANSWERS).map(([name, one]) => [`${mspId} ${name}`, bytesOf(mspId, one)]),
      ),
    );
    const others = fc.constantFrom(...[...signed.keys()].filter((name) => !name.startsWith('C')));
    // A, the largest, and B may lie; but not the two together, which is a majority.
    const liar = fc.constantFrom('AMSP', 'BMSP');
    fc.assert(
      fc.property(liar, fc.array(others, { maxLength: 6 }), fc.boolean(), (mspId, told, late) => {
        const said = told.filter((name) => name.startsWith(mspId));
        const honest = ['AMSP', 'BMSP', 'CMSP'].filter((one) => one !== mspId);
        const answers = [
          ...said,
          ...honest.flatMap((one) => (late ? [`${one} LATE`] : []).concat(`${one} HONEST`)),
        ];
        const cases = find(...answers.map((name) => signed.get(name) as ResponseBytes));
        for (const { finding, report } of cases) {
          expect(finding.accused).toBe(mspId);
          const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');
          const evidence = {
            kind: report.kind,
            channelHeader: hex(report.channelHeader),
            signatureHeader: hex(report.signatureHeader),
            proposal: hex(report.proposal),
            responses: report.responses.map((one) => ({
              payload: hex(one.payload),
              endorser: hex(one.endorser),
              signature: hex(one.signature),
            })),
          };
          expect(weighEvidence(evidence, COURT)).toEqual(finding);
        }
      }),
      { numRuns: 40 },
    );
  });
});
