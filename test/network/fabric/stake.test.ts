/** Stake on Fabric's own programs, with the plugin and without; counts as skipped where they are not. */
import { peer } from '@hyperledger/fabric-protos';

import type { Validation } from '../../../network/src/fabric/index.ts';
import type { Signer } from '../../../network/src/membership/signer.ts';
import { reportOf, vendorOf, type Endorsed, type Name } from '../embedded/stake-client.ts';
import { judge, NO_VALIDATOR, titled, VALID } from '../stake-rows.ts';
import { describeWithFabric } from './binaries.ts';
import { until } from './programs.ts';
import { pluginFile, StakeFabric } from './stake-fabric.ts';

jest.setTimeout(600_000);

const FAILURE = 'ENDORSEMENT_POLICY_FAILURE';
const PAIRS =
  "OR(AND('NorthlightMSP.peer','HeliosMSP.peer'),AND('NorthlightMSP.peer','MeridianMSP.peer')," +
  "AND('HeliosMSP.peer','MeridianMSP.peer'))";
const WITHOUT_HELIOS = "OR(AND('NorthlightMSP.peer','MeridianMSP.peer'))";

/** What its operator can make a peer say besides: another answer to the same proposal. */
function lie(response: peer.ProposalResponse, signer: Signer): peer.ProposalResponse {
  const payload = peer.ProposalResponsePayload.deserializeBinary(response.getPayload_asU8());
  const action = peer.ChaincodeAction.deserializeBinary(payload.getExtension_asU8());
  action.getResponse()!.setPayload(Buffer.from('another answer'));
  payload.setExtension$(action.serializeBinary());
  const bytes = payload.serializeBinary();
  const endorsement = new peer.Endorsement();
  endorsement.setEndorser(signer.identity);
  endorsement.setSignature(signer.sign(Buffer.concat([bytes, signer.identity])));
  const forged = response.cloneMessage();
  forged.setPayload(bytes);
  forged.setEndorsement(endorsement);
  return forged;
}

/** Not every one of two that are sent together comes into one block. */
const ROUNDS = 10;

let writes = 0;
const write = (city: StakeFabric, ...by: readonly Name[]): Promise<string> =>
  city.stake.submit(by[0]!, by, 'DeviceRegistry:RegisterVendor', vendorOf(`more-${++writes}`));

/** Answers of Helios to one proposal that no two honest peers give: two of its own, or one beside those of the others. */
async function misconductOf(
  city: StakeFabric,
  kind: 'equivocation' | 'divergence',
): Promise<Endorsed> {
  const by: readonly Name[] = ['helios', 'northlight', 'meridian'];
  const vendor = vendorOf('evidence');
  const endorsed = await city.stake.endorse('helios', by, 'DeviceRegistry:RegisterVendor', vendor);
  const [own, ...others] = endorsed.responses;
  const lied = lie(own!, city.signerOf('helios'));
  return { ...endorsed, responses: kind === 'equivocation' ? [own!, lied] : [lied, ...others] };
}

async function convict(city: StakeFabric, kind: 'equivocation' | 'divergence'): Promise<string> {
  const report = reportOf(kind, await misconductOf(city, kind));
  const by: readonly Name[] = ['northlight', 'meridian'];
  return city.stake.submit('meridian', by, 'Stake:ReportMisconduct', report);
}

async function heliosOnTheLedger(city: StakeFabric): Promise<object> {
  const { organisations, issued } = await city.stake.table();
  const { shares, barred } = organisations.find(({ mspId }) => mspId === 'HeliosMSP')!;
  return { shares, barred, issued };
}

/** @returns the network, once it runs */
function suite(validation: Validation): () => StakeFabric {
  let city: StakeFabric | undefined;
  beforeAll(async () => {
    city = await StakeFabric.start(validation);
    await city.found();
    await city.register();
  });
  afterAll(async () => {
    await city?.[Symbol.asyncDispose]();
  });
  return () => city!;
}

const plugin = pluginFile();
const describeWithPlugin = plugin === undefined ? describe.skip : describeWithFabric;

describeWithPlugin('stake by the plugin', () => {
  const city = suite({ kind: 'plugin', file: plugin ?? '' });

  it('is asked for replacing contracts too, once administrators have signed it', async () => {
    const plan = city().file('update.pb');
    const planned = { engine: 'fabric', policy: PAIRS, file: plan };
    expect(await city().command({ plan })).toEqual({ ...planned, written: true });
    await city().signAndSend(plan);
    await until(async () => {
      const { written } = (await city().command({ plan })) as { readonly written: boolean };
      return !written;
    });
    const settled = { kind: 'plugin', policy: PAIRS, lifecycleChanged: false, missing: [] };
    expect(await city().command()).toEqual({ engine: 'fabric', ...settled });
  });

  it.each(titled)('%s', async (_title, row) => {
    const { endorsed, code } = await judge(city().stake, row);
    const [expected = '', reason = ''] = row.verdict.split(': ');
    expect(code).toBe(expected);
    expect(await (row.check?.(city().stake, code === VALID) ?? true)).toBe(true);
    const words = city().wordsOn('meridian', endorsed.draft.transactionId).join('\n');
    expect(words).toContain(reason === '' ? '' : `${reason}: endorsed by`);
  });

  it('is lost by who gives two answers, and its voice with it', async () => {
    expect(await convict(city(), 'equivocation')).toBe(VALID);
    expect(await heliosOnTheLedger(city())).toEqual({ shares: 0n, barred: true, issued: 100n });
    expect(await write(city(), 'northlight', 'helios')).toBe(FAILURE);
    expect(await write(city(), 'northlight', 'meridian')).toBe(VALID);
    const changed = { policy: WITHOUT_HELIOS, sequence: undefined, lifecycleChanged: true };
    expect(await city().applyStake()).toMatchObject(changed);
  });

  it('decides who replaces contracts', async () => {
    const commit = await city().approveAgain();
    await expect(commit('northlight', 'helios')).rejects.toThrow(FAILURE);
    await expect(commit('northlight', 'meridian')).resolves.toBeUndefined();
    expect(await write(city(), 'northlight', 'meridian')).toBe(VALID);
  });

  // Fabric's own validation would wait for ever. Streams of filtered blocks end with it, so nothing comes after this.
  it('is asked on where a block holds what nobody can read', async () => {
    const { stake } = city();
    const by: readonly Name[] = ['northlight', 'meridian'];
    for (let round = 0; round < ROUNDS; round++) {
      const vendor = vendorOf(`beside-${round}`);
      const unreadable = await stake.endorse('helios', by, 'Stake:ReadTable');
      const good = await stake.endorse('helios', by, 'DeviceRegistry:RegisterVendor', vendor);
      await stake.send('helios', unreadable, (payload) => {
        payload.setData(Buffer.from('unreadable'));
      });
      await stake.send('helios', good, () => undefined);
      await until(async () => {
        const read = ['DeviceRegistry:ReadVendor', `beside-${round}`] as const;
        const answers = await Promise.all(by.map((name) => stake.query(name, ...read)));
        return answers.every((answer) => answer.getStatus() === 200);
      });
    }
    expect((await stake.table()).organisations).toHaveLength(3);
  });
});

describeWithFabric('stake on stock peers', () => {
  const city = suite({ kind: 'coalitions' });

  it('becomes a policy', async () => {
    const applied = { kind: 'coalitions', policy: PAIRS, missing: [] };
    expect(await city().applyStake()).toEqual({ ...applied, sequence: 2, lifecycleChanged: true });
    const again = { ...applied, sequence: undefined, lifecycleChanged: false };
    expect(await city().applyStake()).toEqual(again);
  });

  // The validator's clause is what a policy cannot say.
  it.each(titled.filter(([, { verdict }]) => verdict !== NO_VALIDATOR))(
    '%s',
    async (_title, row) => {
      const { code } = await judge(city().stake, row);
      expect(code).toBe(row.verdict.split(': ')[0]);
      expect(await (row.check?.(city().stake, code === VALID) ?? true)).toBe(true);
    },
  );

  it('is silenced by who diverges, once the policy follows', async () => {
    expect(await convict(city(), 'divergence')).toBe(VALID);
    expect(await heliosOnTheLedger(city())).toEqual({ shares: 30n, barred: true, issued: 100n });
    const changed = { policy: WITHOUT_HELIOS, sequence: 3, lifecycleChanged: true };
    expect(await city().applyStake()).toMatchObject(changed);
    expect(await write(city(), 'northlight', 'helios')).toBe(FAILURE);
    expect(await write(city(), 'northlight', 'meridian')).toBe(VALID);
  });

  it('is lost by who gives two answers', async () => {
    expect(await convict(city(), 'equivocation')).toBe(VALID);
    expect(await heliosOnTheLedger(city())).toEqual({ shares: 0n, barred: true, issued: 100n });
    const settled = { policy: WITHOUT_HELIOS, sequence: undefined, lifecycleChanged: false };
    expect(await city().applyStake()).toMatchObject(settled);
  });

  it('is asked for replacing contracts, whatever the count of organisations', async () => {
    const commit = await city().approveAgain();
    await expect(commit('northlight', 'helios')).rejects.toThrow(FAILURE);
    await expect(commit('northlight', 'meridian')).resolves.toBeUndefined();
    expect(await write(city(), 'northlight', 'meridian')).toBe(VALID);
  });
});
