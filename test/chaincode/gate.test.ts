/** What stands before every transaction that writes: time, and that stake decides. */
import { contracts } from '../../chaincode/src/index.ts';
import { SUBMIT_TRANSACTIONS } from '../../chaincode/src/stake/submit-transactions.ts';
import { aVendor, City, thePeople } from './city.ts';
import { codeOf, FIRST_SECOND, MemoryLedger } from './memory-ledger.ts';
import { FOUNDING } from './stake/founding.ts';

const TOLERANCE = 300;

/** Name and number of arguments. */
const TRANSACTIONS = contracts.flatMap((Contract) => {
  const found = Reflect.getMetadata('fabric:transactions', Contract.prototype) as {
    name: string;
    parameters: unknown[];
  }[];
  const contract = new Contract().getName();
  return found.map(({ name, parameters }) => [`${contract}:${name}`, parameters.length] as const);
});

describe('transactions before there is stake', () => {
  it.each(
    TRANSACTIONS.filter(([name]) => SUBMIT_TRANSACTIONS.has(name) && !name.startsWith('Stake:')),
  )('%s waits for it', async (name, parameters) => {
    const { northlight } = await thePeople();
    const execution = await new MemoryLedger().execute(northlight.administrator, [
      name,
      ...Array.from({ length: parameters }, () => '{}'),
    ]);
    expect(execution.message).toMatch(/^STAKE_NOT_INITIALISED: /);
    expect(execution.writes).toStrictEqual([]);
  });

  it('are open once it stands, and queries always', async () => {
    const { northlight } = await thePeople();
    const ledger = new MemoryLedger();
    const vendor = [JSON.stringify(aVendor('northlight'))];
    const register = (): Promise<string> =>
      codeOf(ledger.submit(northlight.administrator, 'DeviceRegistry:RegisterVendor', vendor));
    const ask = ledger.evaluate(northlight.vendor, 'StatusLog:AbnormalDevices', ['1', '']);
    expect(await ask).toMatchObject({ items: [] });
    expect(await register()).toBe('STAKE_NOT_INITIALISED');
    await ledger.submit(northlight.administrator, 'Stake:Initialise', [JSON.stringify(FOUNDING)]);
    expect(await register()).toBe('accepted');
  });

  it('read nothing that an election writes', async () => {
    const city = await City.founded();
    const { reads } = await city.ledger.execute(city.people.helios.administrator, [
      'DeviceRegistry:RegisterVendor',
      JSON.stringify(aVendor('helios')),
    ]);
    expect(reads).toContain('stake:founded');
    expect(reads).not.toContain('stake:table');
  });
});

describe('the time of a transaction', () => {
  const registered = async (difference: number): Promise<string> => {
    const city = await City.empty();
    const { administrator } = city.people.northlight;
    const vendor = [JSON.stringify(aVendor('northlight'))];
    return codeOf(
      city.ledger.submit(administrator, 'DeviceRegistry:RegisterVendor', vendor, {
        time: FIRST_SECOND + difference,
        clock: FIRST_SECOND,
      }),
    );
  };

  it.each([-TOLERANCE, -1, 0, 1, TOLERANCE])('may be %d s off', async (difference) => {
    expect(await registered(difference)).toBe('accepted');
  });

  it.each([-TOLERANCE - 1, TOLERANCE + 1, 1e9])('may not be %d s off', async (difference) => {
    expect(await registered(difference)).toBe('TIME_REFUSED');
  });

  it('is not looked at in queries, nor is stake spared from it', async () => {
    const city = await City.empty();
    const { northlight } = city.people;
    const late = { time: FIRST_SECOND, clock: FIRST_SECOND + 1e6 };
    const query = city.ledger.evaluate(northlight.vendor, 'Stake:ReadTable', [], late);
    expect(await query).toMatchObject({ issued: '100' });
    const election = city.ledger.submit(northlight.vendor, 'Stake:ElectValidator', [], late);
    expect(await codeOf(election)).toBe('TIME_REFUSED');
  });
});
