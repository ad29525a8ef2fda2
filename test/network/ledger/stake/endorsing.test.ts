/** Endorsing by stake, with peers that answer as a test tells them. */
import { msp, peer } from '@hyperledger/fabric-protos';

import { encodeStakeTable, type StakeTable } from '../../../../chaincode/src/stake/index.ts';
import type { CommitFeed } from '../../../../network/src/ledger/commit-feed.ts';
import { LedgerError } from '../../../../network/src/ledger/ledger-error.ts';
import type { Nodes, PeerNode } from '../../../../network/src/ledger/nodes.ts';
import type { SignedProposal } from '../../../../network/src/ledger/proposal.ts';
import type { ProposalAnswer } from '../../../../network/src/ledger/proposal-answer.ts';
import { Endorsing } from '../../../../network/src/ledger/stake/endorsing.ts';
import type { MisconductWatch } from '../../../../network/src/ledger/stake/misconduct-watch.ts';
import { PeerStanding } from '../../../../network/src/ledger/stake/peer-standing.ts';
import { StakeWatch } from '../../../../network/src/ledger/stake/stake-watch.ts';
import type { ValidatorCare } from '../../../../network/src/ledger/stake/validator-care.ts';
import { aHolder, aTable } from '../../../chaincode/stake/tables.ts';
import { codeOf } from '../../code-of.ts';

type Behaviour = (times: number) => Uint8Array | Promise<Uint8Array>;

function answering(mspId: string, payload: string): Uint8Array {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(mspId);
  identity.setIdBytes(Buffer.from('certificate'));
  const endorsement = new peer.Endorsement();
  endorsement.setEndorser(identity.serializeBinary());
  endorsement.setSignature(Buffer.from('signature'));
  const response = new peer.Response();
  response.setStatus(200);
  const answer = new peer.ProposalResponse();
  answer.setPayload(Buffer.from(payload));
  answer.setResponse(response);
  answer.setEndorsement(endorsement);
  return answer.serializeBinary();
}

function refusing(text: string): Uint8Array {
  const response = new peer.Response();
  response.setStatus(500);
  response.setMessage(text);
  const answer = new peer.ProposalResponse();
  answer.setResponse(response);
  return answer.serializeBinary();
}

const SILENT: Behaviour = () => new Promise(() => undefined);
const BROKEN: Behaviour = () => Promise.reject(new Error('14 UNAVAILABLE'));

const SEVEN = ['AMSP', 'BMSP', 'CMSP', 'DMSP', 'EMSP', 'FMSP', 'GMSP'];
const PROPOSAL = { transactionId: 'tx', message: Buffer.from('m') } as unknown as SignedProposal;

class Channel {
  table: StakeTable;
  readonly asked = new Map<string, number>();
  readonly learnt: string[] = [];
  readonly behaviours = new Map<string, Behaviour>();
  readonly endorsing: Endorsing;
  readonly stake: StakeWatch;
  readonly closing = new AbortController();

  constructor(table: StakeTable) {
    this.table = table;
    const peers = table.organisations.map(({ mspId }) => this.#peer(mspId));
    this.stake = new StakeWatch({ read: () => Promise.resolve(encodeStakeTable(this.table)) });
    const learn = (text: string): void => {
      if (this.learnt.at(-1) !== text) this.learnt.push(text);
    };
    this.endorsing = new Endorsing({
      nodes: {
        peers,
        peersOf: (mspId: string) => peers.filter((one) => one.mspId === mspId),
      } as unknown as Nodes,
      feed: { caughtUp: () => Promise.resolve() } as unknown as CommitFeed,
      stake: this.stake,
      standing: new PeerStanding(),
      care: {
        served: () => {
          learn('served');
        },
        failed: (_: StakeTable, trouble: string) => {
          learn(trouble);
        },
      } as unknown as ValidatorCare,
      watch: {
        suspect: () => {
          learn('suspect');
        },
        audit: () => undefined,
      } as unknown as MisconductWatch,
      seen: () => 0,
      closing: this.closing.signal,
    });
  }

  #peer(mspId: string): PeerNode {
    const call = async (): Promise<Uint8Array> => {
      const times = (this.asked.get(mspId) ?? 0) + 1;
      this.asked.set(mspId, times);
      return (this.behaviours.get(mspId) ?? (() => answering(mspId, 'y')))(times);
    };
    const client = { name: mspId, isConnected: true, call };
    return { mspId, client: client as unknown as PeerNode['client'] };
  }

  endorse(
    transaction = 'StatusLog:ReportStatuses',
    timeoutMs = 10_000,
  ): Promise<readonly ProposalAnswer[]> {
    return this.endorsing.endorse({
      proposal: PROPOSAL,
      transaction,
      timeoutMs,
      signal: undefined,
    });
  }
}

const names = (answers: readonly ProposalAnswer[]): readonly string[] =>
  answers.map(({ connection }) => connection.name).sort();
const seven = (): Channel => new Channel(aTable(SEVEN.map((mspId) => aHolder(mspId, 10))));
const three = (): Channel =>
  new Channel(aTable([aHolder('AMSP', 45), aHolder('BMSP', 30), aHolder('CMSP', 25)]));

describe('endorsing by stake', () => {
  it('asks the validator, as few as pass, and one spare', async () => {
    const channel = seven();
    const chosen = names(await channel.endorse());
    expect(chosen).toHaveLength(5);
    expect(chosen).toContain('AMSP');
    expect([...channel.asked.keys()].sort()).toEqual(chosen);
    expect(channel.learnt).toEqual(['served']);
  });

  it('asks the others when those that were chosen fail', async () => {
    const channel = seven();
    for (const mspId of ['BMSP', 'CMSP', 'DMSP']) channel.behaviours.set(mspId, BROKEN);
    for (let round = 0; round < 5; round++) {
      expect(names(await channel.endorse())).toEqual(['AMSP', 'EMSP', 'FMSP', 'GMSP']);
    }
  });

  it('waits a moment only for one that is silent, and then leaves it alone', async () => {
    const channel = three();
    channel.behaviours.set('CMSP', SILENT);
    expect(names(await channel.endorse())).toEqual(['AMSP', 'BMSP']);
    expect(names(await channel.endorse())).toEqual(['AMSP', 'BMSP']);
    expect(channel.asked.get('CMSP')).toBe(1);
  });

  it('asks again until the validator, a block behind, agrees', async () => {
    const channel = three();
    channel.behaviours.set('AMSP', (times) =>
      times < 3 ? refusing('VENDOR_NOT_FOUND: no vendor') : answering('AMSP', 'y'),
    );
    expect(names(await channel.endorse())).toEqual(['AMSP', 'BMSP', 'CMSP']);
    expect(channel.learnt).toEqual(['refuses', 'served']);
  });

  it('goes on with the next validator as soon as the table says so', async () => {
    const channel = three();
    channel.behaviours.set('AMSP', (times) => {
      if (times === 3) {
        channel.table = { ...channel.table, validator: 'BMSP' };
        channel.stake.outdate();
      }
      return refusing('no');
    });
    expect(names(await channel.endorse())).toEqual(['BMSP', 'CMSP']);
  });

  it('does without the validator to pass it over', async () => {
    const channel = three();
    channel.behaviours.set('AMSP', () => refusing('no'));
    expect(names(await channel.endorse('Stake:SkipValidator'))).toEqual(['BMSP', 'CMSP']);
    expect(channel.learnt).toEqual([]);
  });

  it('counts nobody who answers in the name of another', async () => {
    const channel = three();
    channel.behaviours.set('CMSP', () => answering('AMSP', 'y'));
    channel.behaviours.set('AMSP', BROKEN);
    expect(await codeOf(() => channel.endorse('a:B', 400))).toBe('UNAVAILABLE');
    expect(names(await channel.endorse('Stake:ReportMisconduct').catch(() => []))).toEqual([]);
  });

  it('asks nobody who is barred or has no shares, in no round', async () => {
    const mute = [aHolder('DMSP', 10, { barred: true }), aHolder('EMSP', 0)];
    const table = aTable([aHolder('AMSP', 40), aHolder('BMSP', 30), aHolder('CMSP', 20), ...mute]);
    const channel = new Channel(table);
    channel.behaviours.set('AMSP', (times) =>
      times < 3 ? refusing('VENDOR_NOT_FOUND: no vendor') : answering('AMSP', 'y'),
    );
    await channel.endorse();
    await channel.endorsing.probe(PROPOSAL, 1_000);
    expect([...channel.asked.keys()].sort()).toEqual(['AMSP', 'BMSP', 'CMSP']);
  });

  it('ends with the client, though a validator is waited for', async () => {
    const channel = three();
    channel.behaviours.set('AMSP', (times) => {
      if (times === 3) channel.closing.abort(new LedgerError('CLOSED', 'closed'));
      return refusing('no');
    });
    expect(await codeOf(() => channel.endorse('a:B', 3_600_000))).toBe('CLOSED');
    expect(channel.asked.get('AMSP')).toBe(3);
  });

  it('suspects those whose answers differ, and submits what passes', async () => {
    const channel = three();
    channel.behaviours.set('BMSP', () => answering('BMSP', 'x'));
    expect(names(await channel.endorse())).toEqual(['AMSP', 'CMSP']);
    expect(channel.learnt).toEqual(['served', 'suspect']);
  });

  it.each<[string, Record<string, Behaviour>, string]>([
    [
      'what a stake majority refuses, at once',
      {
        BMSP: () => refusing('DEVICE_NOT_FOUND: x'),
        CMSP: () => refusing('DEVICE_NOT_FOUND: x'),
      },
      'DEVICE_NOT_FOUND',
    ],
    [
      'answers that all differ',
      { BMSP: () => answering('BMSP', 'b'), CMSP: () => answering('CMSP', 'c') },
      'ENDORSEMENTS_DIFFER',
    ],
    ['too little stake', { BMSP: BROKEN, CMSP: BROKEN }, 'UNAVAILABLE'],
    ['a validator that does not come back', { AMSP: () => refusing('no') }, 'UNAVAILABLE'],
  ])('fails with %s', async (_, behaviours, code) => {
    const channel = three();
    for (const [mspId, one] of Object.entries(behaviours)) channel.behaviours.set(mspId, one);
    expect(await codeOf(() => channel.endorse('a:B', 2_000))).toBe(code);
  });
});
