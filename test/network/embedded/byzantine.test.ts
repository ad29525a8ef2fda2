/** Peers that misbehave, and what it costs them: everything by the real contracts, on every peer. */
import type { peer } from '@hyperledger/fabric-protos';

import { reportOf, StakeNetwork, vendorOf, type Endorsed, type Name } from './stake-client.ts';

jest.setTimeout(120_000);

const ALL: readonly Name[] = ['northlight', 'helios', 'meridian'];
const payloadOf = (response: peer.ProposalResponse | undefined): string =>
  Buffer.from(response!.getPayload_asU8()).toString('hex');

/** @returns some of the answers, for an envelope or a report. */
function only({ draft, responses }: Endorsed, ...indexes: readonly number[]): Endorsed {
  return { draft, responses: indexes.map((index) => responses[index]!) };
}

const MODELS = {
  transaction: 'DeviceRegistry:RegisterModel',
  of: (id: string): string =>
    JSON.stringify({ id, vendor: 'northlight', kind: 'end', slotBytes: 1024, approvals: 1 }),
};

async function holderOf(network: StakeNetwork, mspId: string): Promise<unknown> {
  const { organisations } = await network.table();
  return organisations.find((holder) => holder.mspId === mspId);
}

describe('a peer that diverges', () => {
  let network: StakeNetwork;
  beforeAll(async () => {
    network = await StakeNetwork.start({ byzantine: { MeridianMSP: 'diverge' } });
  }, 120_000);
  afterAll(() => network[Symbol.asyncDispose]());

  const write = (id: string): Promise<Endorsed> =>
    network.endorse('northlight', ALL, MODELS.transaction, MODELS.of(id));

  it('gets nothing committed that it forged', async () => {
    const forged = await write('prime');
    const [honest, same, other] = forged.responses.map(payloadOf);
    expect(same).toBe(honest);
    expect(other).not.toBe(honest);
    expect(await network.commit('northlight', only(forged, 2))).toBe('ENDORSEMENT_POLICY_FAILURE');
    // Signatures of the others stand under another answer.
    const again = await write('prime');
    const mixed = only(again, 2, 0, 1);
    expect(await network.commit('northlight', mixed)).toBe('ENDORSEMENT_POLICY_FAILURE');
    const good = await write('prime');
    expect(await network.commit('northlight', only(good, 0, 1))).toBe('VALID');
  });

  it('is barred by the answers of a majority of stake, and counts no more', async () => {
    const evidence = only(await write('second'), 2, 0, 1);
    const report = reportOf('divergence', evidence);
    const honest: readonly Name[] = ['northlight', 'helios'];
    expect(await network.submit('helios', honest, 'Stake:ReportMisconduct', report)).toBe('VALID');
    expect(await holderOf(network, 'MeridianMSP')).toMatchObject({ barred: true, shares: 25n });
    const without = network.submit('northlight', honest, MODELS.transaction, MODELS.of('third'));
    expect(await without).toBe('VALID');
  });
});

describe('a peer that equivocates', () => {
  let network: StakeNetwork;
  beforeAll(async () => {
    network = await StakeNetwork.start({ byzantine: { HeliosMSP: 'equivocate' } });
  }, 120_000);
  afterAll(() => network[Symbol.asyncDispose]());

  it('loses its stake and its voice by two answers to one proposal', async () => {
    const twice: readonly Name[] = ['helios', 'helios'];
    const evidence = await network.endorse(
      'meridian',
      twice,
      'Stake:OfferShares',
      JSON.stringify({ id: 'o-1', shares: '5', buyer: '', price: '' }),
    );
    const [first, second] = evidence.responses.map(payloadOf);
    expect(first).not.toBe(second);
    const report = reportOf('equivocation', evidence);
    const honest: readonly Name[] = ['northlight', 'meridian'];
    const reported = network.submit('meridian', honest, 'Stake:ReportMisconduct', report);
    expect(await reported).toBe('VALID');
    expect(await holderOf(network, 'HeliosMSP')).toMatchObject({ barred: true, shares: 0n });
    expect(await network.table()).toMatchObject({ issued: 100n });
    const cases = await network.query('northlight', 'Stake:Cases', '10', '');
    expect(JSON.parse(Buffer.from(cases.getPayload_asU8()).toString())).toMatchObject({
      items: [{ kind: 'equivocation', accused: 'HeliosMSP', burned: '30', state: 'burned' }],
    });
    const again = await network.endorse('meridian', honest, 'Stake:ReportMisconduct', report);
    expect(again.responses.map((response) => response.getResponse()!.getStatus())).toEqual([
      500, 500,
    ]);
  });

  it('can no longer help the others over the threshold', async () => {
    const args = [MODELS.transaction, MODELS.of('prime')];
    const endorsed = await network.endorse('northlight', ['northlight', 'helios'], ...args);
    expect(await network.commit('northlight', only(endorsed, 0))).toBe(
      'ENDORSEMENT_POLICY_FAILURE',
    );
    const honest: readonly Name[] = ['northlight', 'meridian'];
    expect(await network.submit('northlight', honest, ...args)).toBe('VALID');
  });
});

describe('peers that refuse, and peers of yesterday', () => {
  let network: StakeNetwork;
  beforeAll(async () => {
    const byzantine = { HeliosMSP: 'refuse', MeridianMSP: 'stale' } as const;
    network = await StakeNetwork.start({ byzantine }, false);
  }, 120_000);
  afterAll(() => network[Symbol.asyncDispose]());

  it('endorse nothing, or what conflicts with the present, and answer queries', async () => {
    const register = ['DeviceRegistry:RegisterVendor', vendorOf('northlight')];
    const { responses } = await network.endorse('northlight', ALL, ...register);
    const [honest, refused, stale] = responses;
    expect(honest!.getResponse()!.getStatus()).toBe(200);
    expect(refused!.getResponse()!.getMessage()).toContain('told to endorse nothing');
    expect(refused!.hasEndorsement()).toBe(false);
    // It still lives before stake was founded, where contracts refuse.
    expect(stale!.getResponse()!.getMessage()).toContain('STAKE_NOT_INITIALISED');
    for (const name of ALL) {
      expect((await network.query(name, 'Stake:ReadTable')).getStatus()).toBe(200);
    }
  });
});

describe('the option', () => {
  it('is for organisations of the network', async () => {
    await expect(StakeNetwork.start({ byzantine: { NobodyMSP: 'refuse' } })).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
    });
  });

  it('is said aloud', async () => {
    const said: object[] = [];
    const ignore = (): void => undefined;
    const warn = (facts: object, message: string): void => {
      said.push({ ...facts, message });
    };
    const logger = { debug: ignore, info: ignore, error: ignore, warn };
    await using network = await StakeNetwork.start(
      { logger, byzantine: { HeliosMSP: 'refuse' } },
      false,
    );
    expect(network).toBeDefined();
    expect(said).toContainEqual({
      peer: 'peer0.helios.example',
      mode: 'refuse',
      message: 'THIS PEER MISBEHAVES, as it was told to',
    });
  });
});
