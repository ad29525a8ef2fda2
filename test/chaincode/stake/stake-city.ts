/** Three organisations with 45, 30 and 25 of 100 shares, their vendors and their peers. */
import { decodeValidatorSet, sharesOfOrganisations } from '@lamplighter/sdk/wire';
import type { StakeTable } from '../../../chaincode/src/stake/index.ts';
import { decodeStakeTable, STAKE_TABLE_KEY } from '../../../chaincode/src/stake/index.ts';
import type {
  ValidatorHeadRecord,
  ValidatorSetRecord,
} from '../../../chaincode/src/stake/records.ts';
import { aVendor, thePeople, type People } from '../city.ts';
import { newIdentity, type Identity, type SigningIdentity } from '../identities.ts';
import { FIRST_SECOND, MemoryLedger, type Execution } from '../memory-ledger.ts';
import { FOUNDING, MSPS } from './founding.ts';

export { FOUNDING, MSPS };
export type Name = keyof typeof MSPS;
export const NAMES = Object.keys(MSPS) as readonly Name[];

let peers: Promise<Readonly<Record<Name, SigningIdentity>>> | undefined;

/** Made once: certificates are slow. */
function thePeers(): Promise<Readonly<Record<Name, SigningIdentity>>> {
  peers ??= (async () => ({
    northlight: await newIdentity(MSPS.northlight, 'peer0.northlight', 'peer'),
    helios: await newIdentity(MSPS.helios, 'peer0.helios', 'peer'),
    meridian: await newIdentity(MSPS.meridian, 'peer0.meridian', 'peer'),
  }))();
  return peers;
}

export class StakeCity {
  readonly ledger = new MemoryLedger();
  readonly people: People;
  readonly peers: Readonly<Record<Name, SigningIdentity>>;
  #time = FIRST_SECOND;

  private constructor(people: People, endorsers: Readonly<Record<Name, SigningIdentity>>) {
    this.people = people;
    this.peers = endorsers;
  }

  /** Before Stake:Initialise. */
  static async unfounded(): Promise<StakeCity> {
    return new StakeCity(await thePeople(), await thePeers());
  }

  /** With a stake table and registered peers. */
  static async founded(): Promise<StakeCity> {
    const city = await StakeCity.unfounded();
    await city.administrator('northlight', 'Initialise', JSON.stringify(FOUNDING));
    for (const name of NAMES) {
      await city.submit(
        city.people[name].administrator,
        'DeviceRegistry:RegisterVendor',
        JSON.stringify(aVendor(name, { peerCertificates: [city.peers[name].der] })),
      );
    }
    return city;
  }

  /** Seconds of the next transaction. */
  get time(): number {
    return this.#time;
  }

  wait(seconds: number): void {
    this.#time += seconds;
  }

  submit(identity: Identity, transaction: string, ...args: readonly string[]): Promise<Execution> {
    this.#time += 1;
    return this.ledger.submit(identity, transaction, args, { time: this.#time });
  }

  administrator(name: Name, transaction: string, ...args: readonly string[]): Promise<Execution> {
    return this.submit(this.people[name].administrator, `Stake:${transaction}`, ...args);
  }

  member(name: Name, transaction: string, ...args: readonly string[]): Promise<Execution> {
    return this.submit(this.people[name].manager, `Stake:${transaction}`, ...args);
  }

  query<T>(transaction: string, ...args: readonly string[]): Promise<T> {
    return this.ledger.evaluate<T>(this.people.northlight.manager, `Stake:${transaction}`, args);
  }

  get table(): StakeTable {
    const table = decodeStakeTable(this.ledger.state.get(STAKE_TABLE_KEY) ?? new Uint8Array());
    if (table === null) throw new Error('expected a stake table');
    return table;
  }

  /** Shares by MSP id as devices weigh them now (protocol §7.3). */
  async weights(): Promise<Readonly<Record<string, number>>> {
    const { epoch } = await this.query<ValidatorHeadRecord>('Validators');
    const { set } = await this.query<ValidatorSetRecord>('ValidatorSet', String(epoch));
    return Object.fromEntries(sharesOfOrganisations(decodeValidatorSet(Buffer.from(set, 'hex'))));
  }

  holder(name: Name): StakeTable['organisations'][number] {
    const holder = this.table.organisations.find(({ mspId }) => mspId === MSPS[name]);
    if (!holder) throw new Error(`${name} holds no stake`);
    return holder;
  }
}
