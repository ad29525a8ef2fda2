import { followLink } from '@lamplighter/sdk/protocol';
import { encodeValidatorSet } from '@lamplighter/sdk/wire';
import { createHash } from 'node:crypto';
import { Contracts } from '../../../../network/src/ledger/index.ts';
import { ValidatorChain } from '../../../../network/src/management/proofs/validator-chain.ts';
import { peerCertificateOf } from '../../../chaincode/peer-certificates.ts';
import { KeptValidators, MSPS, PIN, ProvingCity } from './proving-city.ts';

const links = ({ peers }: ProvingCity): number =>
  peers.asked.filter((asked) => asked === 'Stake:ProveValidators').length;

describe('validator chain', () => {
  it('links every set that could decide to the next', async () => {
    const city = await ProvingCity.start();
    const chain = city.chain();
    expect(chain.newest).toBeUndefined();
    await chain.catchUp();
    expect(chain.newest).toMatchObject({ digest: await city.digest(3), set: { epoch: 3 } });
    // Northlight alone has 45 of 100 shares.
    expect(chain.linkFrom(await city.digest(1))).toBeNull();
    const link = chain.linkFrom(await city.digest(2))!;
    expect(followLink(link, PIN, await city.set(2))).toEqual(await city.set(3));
    expect(chain.linkFrom(await city.digest(3))).toBeNull();
    expect(chain.linkFrom('ab'.repeat(32))).toBeUndefined();
    const name = createHash('sha256').update(link).digest('hex');
    expect(chain.link(name)).toEqual(link);
    expect(chain.link('ab'.repeat(32))).toBeUndefined();
  });

  it('makes a link as soon as the set moves, of two thirds where one third is silent', async () => {
    const city = await ProvingCity.start();
    const chain = city.chain();
    await chain.catchUp();
    city.peers.lies.set(MSPS.helios, () => null);
    await city.sell('5');
    await chain.catchUp();
    const link = chain.linkFrom(await city.digest(3))!;
    expect(followLink(link, PIN, await city.set(3))).toEqual(await city.set(4));
  });

  it('keeps links whose signers are gone, and asks for none twice', async () => {
    const city = await ProvingCity.start();
    const store = new KeptValidators();
    await city.chain(store).catchUp();
    await city.sell('5');
    await city.chain(store).catchUp();
    const made = links(city);
    for (const name of ['northlight', 'helios', 'meridian'] as const) {
      await city.rotate(name, peerCertificateOf(`next ${name}`));
    }
    const late = city.chain(store);
    expect(late.linkFrom(await city.digest(3))).toBeInstanceOf(Uint8Array);
    await late.catchUp();
    // Old keys sign still, and three of three are in set 4; those of 5 and 6 lack them one by one.
    expect(links(city)).toBeGreaterThan(made);
    const link = late.linkFrom(await city.digest(3))!;
    expect(followLink(link, PIN, await city.set(3))).toEqual(await city.set(4));
    const again = links(city);
    await late.catchUp();
    expect(links(city)).toBe(again);
  });

  it('is not misled by liars', async () => {
    const city = await ProvingCity.start();
    city.peers.lies.set(MSPS.northlight, (answer) => ({
      ...answer,
      response: answer.response.replace('"epoch":3', '"epoch":9'),
    }));
    const chain = city.chain();
    await chain.catchUp();
    const from = await city.digest(2);
    // Helios and Northlight were needed for set 2.
    expect(chain.linkFrom(from)).toBeNull();
  });

  it('waits for the first set', async () => {
    const city = await ProvingCity.start();
    city.stake.ledger.state.delete('stake:validators');
    const chain = city.chain();
    await chain.catchUp();
    expect(chain.newest).toBeUndefined();
  });

  it('holds no more sets than a device may be behind', async () => {
    const city = await ProvingCity.start();
    const [validator] = [
      {
        mspId: 'AMSP',
        cert: new Uint8Array(32),
        key: new Uint8Array(65),
        shares: 1,
      },
    ];
    let head = 401;
    const read: number[] = [];
    const stake = {
      validators: () => Promise.resolve({ epoch: head }),
      validatorSet: (epoch: number) => {
        read.push(epoch);
        const set = { epoch, num: 1, den: 2, total: 1, validators: [validator] };
        return Promise.resolve({ set: Buffer.from(encodeValidatorSet(set)).toString('hex') });
      },
    };
    const contracts = { stake, ledger: city.contracts.ledger } as unknown as Contracts;
    const store = new KeptValidators();
    const source = { ...PIN, ask: () => Promise.resolve([]) };
    const { signal } = new AbortController();
    const chain = new ValidatorChain({ contracts, source, store, signal });
    await chain.catchUp();
    expect([read[0], read.length]).toEqual([1, 401]);
    head = 403;
    await chain.catchUp();
    expect(read.slice(401)).toEqual([402, 403]);
    expect(store.known.map(({ epoch }) => epoch)).toEqual(
      Array.from({ length: 401 }, (_, index) => index + 3),
    );
  });

  it('refuses a store that mixes up its sets', async () => {
    const city = await ProvingCity.start();
    const store = new KeptValidators();
    await store.keep(7, { epoch: 7, set: await city.set(3), link: null });
    expect(() => city.chain(store)).toThrow('expected the set of epoch 7, got that of 3');
  });
});
