import 'reflect-metadata';
import { decodeValidatorSet, encodeValidatorSet, type ValidatorSet } from '@lamplighter/sdk/wire';
import { X509CertificateGenerator } from '@peculiar/x509';
import { createHash, webcrypto } from 'node:crypto';
import type {
  ValidatorHeadRecord,
  ValidatorLinkStatement,
  ValidatorSetRecord,
} from '../../../chaincode/src/stake/records.ts';
import { validatorSetOf } from '../../../chaincode/src/stake/validators.ts';
import { aVendor } from '../city.ts';
import { newIdentity } from '../identities.ts';
import { codeOf, type Execution } from '../memory-ledger.ts';
import { certificateDigestOf, peerCertificateOf, peerKeyOf } from '../peer-certificates.ts';
import { FOUNDING, MSPS, StakeCity, type Name } from './stake-city.ts';
import { aHolder, aTable } from './tables.ts';

const headOf = (city: StakeCity): Promise<ValidatorHeadRecord> => city.query('Validators');

async function setOf(city: StakeCity, epoch: number): Promise<ValidatorSet> {
  const { set, digest } = await city.query<ValidatorSetRecord>('ValidatorSet', String(epoch));
  const bytes = Buffer.from(set, 'hex');
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
  return decodeValidatorSet(bytes);
}

const namesIn = ({ validators }: ValidatorSet): Record<string, number> =>
  Object.fromEntries(validators.map(({ mspId, shares }) => [mspId, shares]));

function register(
  city: StakeCity,
  name: Name,
  peerCertificates: readonly string[],
  vendor: string = name,
): Promise<Execution> {
  return city.submit(
    city.people[name].administrator,
    'DeviceRegistry:RegisterVendor',
    JSON.stringify(aVendor(vendor, { peerCertificates })),
  );
}

async function sell(city: StakeCity, seller: Name, buyer: Name, shares: string): Promise<void> {
  await city.administrator(
    seller,
    'OfferShares',
    JSON.stringify({ id: 'o', shares, buyer: '', price: '' }),
  );
  await city.administrator(buyer, 'AcceptOffer', 'o');
}

describe('the validator set', () => {
  it('begins with the first registered peer, and counts its changes', async () => {
    const city = await StakeCity.unfounded();
    await city.administrator('northlight', 'Initialise', JSON.stringify(FOUNDING));
    expect(await codeOf(headOf(city))).toBe('VALIDATORS_NOT_FOUND');
    const first = await register(city, 'helios', [peerCertificateOf('h')]);
    expect(first.event).toEqual({
      name: 'ValidatorsChanged',
      payload: expect.any(String) as string,
    });
    expect(await headOf(city)).toMatchObject({ epoch: 1 });
    const set = await setOf(city, 1);
    expect(set).toEqual({
      epoch: 1,
      num: 1,
      den: 2,
      total: 100,
      validators: [
        {
          mspId: MSPS.helios,
          cert: new Uint8Array(Buffer.from(certificateDigestOf(peerCertificateOf('h')), 'hex')),
          key: new Uint8Array(Buffer.from(peerKeyOf('h'), 'hex')),
          shares: 30,
        },
      ],
    });
    await register(city, 'meridian', [peerCertificateOf('m')]);
    expect(namesIn(await setOf(city, 2))).toEqual({ [MSPS.helios]: 30, [MSPS.meridian]: 25 });
    expect(namesIn(await setOf(city, 1))).toEqual({ [MSPS.helios]: 30 });
  });

  it('stays while nothing in it changes', async () => {
    const city = await StakeCity.founded();
    const before = await headOf(city);
    const again = await register(city, 'helios', [city.peers.helios.der]);
    expect(again.event).toBeNull();
    expect(again.reads).not.toContain('stake:table');
    city.wait(60);
    await city.member('helios', 'ElectValidator');
    expect(await headOf(city)).toEqual(before);
  });

  it('follows rotation: the old certificate is evidence only', async () => {
    const city = await StakeCity.founded();
    await register(city, 'helios', [peerCertificateOf('next')]);
    const { epoch } = await headOf(city);
    const { validators } = await setOf(city, epoch);
    expect(
      validators
        .filter(({ mspId }) => mspId === MSPS.helios)
        .map(({ cert }) => Buffer.from(cert).toString('hex')),
    ).toEqual([certificateDigestOf(peerCertificateOf('next'))]);
    const old = `peerCertificate:${MSPS.helios}:${city.peers.helios.digest}`;
    expect(city.ledger.state.has(old)).toBe(true);
  });

  it('holds the peers of all vendors of an organisation', async () => {
    const city = await StakeCity.founded();
    await register(city, 'helios', [peerCertificateOf('two')], 'helios-two');
    const { epoch } = await headOf(city);
    const { validators } = await setOf(city, epoch);
    expect(validators.filter(({ mspId }) => mspId === MSPS.helios)).toHaveLength(2);
  });

  it('holds a peer once, and for as long as one vendor has it', async () => {
    const city = await StakeCity.founded();
    const { epoch } = await headOf(city);
    await register(city, 'helios', [city.peers.helios.der], 'helios-two');
    expect(await headOf(city)).toMatchObject({ epoch });
    await register(city, 'helios', [peerCertificateOf('next')]);
    const { validators } = await setOf(city, epoch + 1);
    expect(
      validators
        .filter(({ mspId }) => mspId === MSPS.helios)
        .map(({ cert }) => Buffer.from(cert).toString('hex'))
        .sort(),
    ).toEqual([city.peers.helios.digest, certificateDigestOf(peerCertificateOf('next'))].sort());
  });

  it('follows shares that are sold', async () => {
    const city = await StakeCity.founded();
    const { epoch } = await headOf(city);
    await sell(city, 'northlight', 'meridian', '5');
    expect(await headOf(city)).toMatchObject({ epoch: epoch + 1 });
    expect(await city.weights()).toEqual({
      [MSPS.northlight]: 40,
      [MSPS.helios]: 30,
      [MSPS.meridian]: 30,
    });
  });

  it('leaves out who has sold all', async () => {
    const city = await StakeCity.founded();
    const buyer = await newIdentity('AtlasMSP', 'Admin', 'admin');
    const offer = JSON.stringify({ id: 'o', shares: '25', buyer: '', price: '' });
    await city.administrator('meridian', 'OfferShares', offer);
    await city.submit(buyer, 'Stake:AcceptOffer', 'o');
    // The buyer has registered no peer.
    expect(await city.weights()).toEqual({ [MSPS.northlight]: 45, [MSPS.helios]: 30 });
    const vendor = aVendor('atlas', { peerCertificates: [peerCertificateOf('atlas')] });
    await city.submit(buyer, 'DeviceRegistry:RegisterVendor', JSON.stringify(vendor));
    expect(await city.weights()).toMatchObject({ AtlasMSP: 25 });
  });
});

describe('validatorSetOf', () => {
  const peer = (name: string): { vendor: string; certificate: string; key: string } => ({
    vendor: 'v',
    certificate: certificateDigestOf(peerCertificateOf(name)),
    key: peerKeyOf(name),
  });

  it('leaves out the barred and the burned, whose shares stay in the total', () => {
    const table = aTable(
      [aHolder('a', 40, { barred: true }), aHolder('b', 0, { barred: true }), aHolder('c', 30)],
      { issued: 100n },
    );
    const peers = new Map(['a', 'b', 'c'].map((name) => [name, [peer(name)]]));
    const set = validatorSetOf(table, peers, 1);
    expect(set?.total).toBe(100);
    expect(set?.validators.map(({ mspId }) => mspId)).toEqual(['c']);
  });

  it('has every organisation in before one is in twice', () => {
    const names = Array.from({ length: 40 }, (_, index) => `o${String(index).padStart(2, '0')}`);
    const table = aTable(names.map((name) => aHolder(name, 1)));
    const peers = new Map(names.map((name) => [name, [peer(`${name}a`), peer(`${name}b`)]]));
    const set = validatorSetOf(table, peers, 1);
    expect(set?.validators).toHaveLength(64);
    expect(new Set(set?.validators.map(({ mspId }) => mspId)).size).toBe(40);
    expect(encodeValidatorSet(set!).length).toBeLessThan(10_000);
  });

  it('rounds what the wire can not hold against those who prove', () => {
    const half = 2n ** 63n;
    const table = aTable([aHolder('a', half - 1n), aHolder('b', 1)], {
      issued: 2n ** 64n - 1n,
      threshold: { num: half + 1n, den: 2n ** 64n - 1n },
    });
    const peers = new Map(['a', 'b'].map((name) => [name, [peer(name)]]));
    const set = validatorSetOf(table, peers, 1);
    expect(set?.validators).toHaveLength(1);
    const { num, den, total, validators } = set!;
    const shares = BigInt(validators[0]!.shares);
    expect(shares * 2n ** 12n <= half - 1n).toBe(true);
    expect(BigInt(total) * 2n ** 12n >= 2n ** 64n - 1n).toBe(true);
    expect(BigInt(num) * (2n ** 64n - 1n) >= (half + 1n) * BigInt(den)).toBe(true);
    expect(() => encodeValidatorSet(set!)).not.toThrow();
  });

  it('is none without peers', () => {
    expect(validatorSetOf(aTable([aHolder('a', 1)]), new Map(), 1)).toBeNull();
  });
});

describe('ProveValidators', () => {
  it('says which set came after which', async () => {
    const city = await StakeCity.founded();
    const older = await headOf(city);
    await sell(city, 'northlight', 'meridian', '5');
    const newer = await headOf(city);
    const execution = await city.ledger.execute(city.people.helios.manager, [
      'Stake:ProveValidators',
      older.digest,
      newer.digest,
    ]);
    const statement: ValidatorLinkStatement = {
      channel: 'city',
      docType: 'validatorLink',
      epoch: newer.epoch,
      from: older.digest,
      schema: 1,
      to: newer.digest,
    };
    expect(execution.payload).toBe(JSON.stringify(statement));
    expect(execution).toMatchObject({ writes: [], queries: [] });
  });

  it('refuses what is no step forward', async () => {
    const city = await StakeCity.founded();
    const older = await headOf(city);
    await sell(city, 'northlight', 'meridian', '5');
    const newer = await headOf(city);
    const prove = (from: string, to: string): Promise<string> =>
      codeOf(city.query('ProveValidators', from, to));
    expect(await prove(newer.digest, older.digest)).toBe('ARGUMENT_INVALID');
    expect(await prove(newer.digest, newer.digest)).toBe('ARGUMENT_INVALID');
    expect(await prove('ab'.repeat(32), newer.digest)).toBe('VALIDATORS_NOT_FOUND');
    expect(await prove(older.digest, 'ab'.repeat(32))).toBe('VALIDATORS_NOT_FOUND');
    expect(await prove('', newer.digest)).toBe('ARGUMENT_INVALID');
    expect(await prove(older.digest.toUpperCase(), newer.digest)).toBe('ARGUMENT_INVALID');
    expect(await codeOf(city.query('ValidatorSet', '0'))).toBe('VALIDATORS_NOT_FOUND');
    expect(await codeOf(city.query('ValidatorSet', 'x'))).toBe('ARGUMENT_INVALID');
  });
});

describe('peer certificates', () => {
  const refusalOf = async (certificate: string): Promise<string> => {
    const city = await StakeCity.founded();
    return codeOf(register(city, 'helios', [certificate]));
  };

  it('are refused unless they are certificates, whole and alone', async () => {
    expect(await refusalOf('ab'.repeat(300))).toBe('ARGUMENT_INVALID');
    expect(await refusalOf(peerCertificateOf('a').slice(0, -2))).toBe('ARGUMENT_INVALID');
    expect(await refusalOf(`${peerCertificateOf('a')}00`)).toBe('ARGUMENT_INVALID');
    const pem = Buffer.from((await StakeCity.founded()).peers.helios.certificate);
    expect(await refusalOf(pem.toString('hex'))).toBe('ARGUMENT_INVALID');
  });

  it('are refused unless their key is on P-256', async () => {
    expect(
      await refusalOf(peerCertificateOf('a').replace(peerKeyOf('a'), `04${'11'.repeat(64)}`)),
    ).toBe('ARGUMENT_INVALID');
    const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
    const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
    const other = await X509CertificateGenerator.createSelfSigned(
      { serialNumber: '01', name: 'CN=peer', signingAlgorithm, keys },
      webcrypto as Crypto,
    );
    expect(await refusalOf(Buffer.from(other.rawData).toString('hex'))).toBe('ARGUMENT_INVALID');
  });
});
