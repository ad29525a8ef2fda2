/** The client among peers that misbehave, on the embedded network: what it gets committed, reports and votes for by itself. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { ByzantineMode } from '../../../network/src/embedded/index.ts';
import {
  connectLedger,
  Contracts,
  type Ledger,
  type LedgerNotice,
} from '../../../network/src/ledger/index.ts';
import { withRetries } from '../../../network/src/vendor/retry.ts';
import { aDevice, aModel, aVendor } from '../../chaincode/city.ts';
import { TestNetwork } from './test-network.ts';

const NAMES = ['northlight', 'helios', 'meridian'] as const;
type Name = (typeof NAMES)[number];
const mspIdOf = (name: Name): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}MSP`;

interface Holder {
  readonly mspId: string;
  readonly shares: string;
  readonly barred: boolean;
  readonly absent: boolean;
}

/** A network with an administrator of each organisation, whose client tells what it does by itself. */
class Town implements AsyncDisposable {
  readonly #city: TestNetwork;
  readonly #ledgers = new Map<Name, Ledger>();
  readonly notices: LedgerNotice[] = [];

  private constructor(city: TestNetwork) {
    this.#city = city;
  }

  static async start(byzantine: Partial<Record<Name, ByzantineMode>>): Promise<Town> {
    const modes = Object.entries(byzantine).map(([name, mode]) => [mspIdOf(name as Name), mode]);
    const city = await TestNetwork.start({
      byzantine: Object.fromEntries(modes) as Record<string, ByzantineMode>,
    });
    const town = new Town(city);
    for (const name of NAMES) await town.#connect(name);
    return town;
  }

  async #connect(name: Name): Promise<void> {
    const mspId = mspIdOf(name);
    const ledger = await connectLedger({
      profile: this.#city.network.connectionProfile(mspId),
      identity: await this.#city.network.enrol(mspId, 'Admin', 'admin'),
      channel: 'city',
      chaincode: 'lamplighter',
      auditEveryMs: 100,
      patrolEveryMs: 500,
      notice: (notice) => this.notices.push(notice),
    });
    this.#ledgers.set(name, ledger);
  }

  contracts(name: Name): Contracts {
    return new Contracts(this.#ledgers.get(name)!);
  }

  /** All vendors with their peers' certificates, at the same time, and a model. */
  async settle(): Promise<void> {
    const { signal } = new AbortController();
    const registrations = NAMES.map((name) => {
      const { raw } = new X509Certificate(this.#city.network.peerCertificate(mspIdOf(name)));
      const vendor = aVendor(name, { peerCertificates: [raw.toString('hex')] });
      // Each makes another validator set of the last one.
      return withRetries(() => this.contracts(name).registerVendor(vendor), signal);
    });
    await Promise.all(registrations);
    await this.contracts('helios').registerModel(aModel('prime', 'helios'));
  }

  async holder(name: Name): Promise<Holder | undefined> {
    const bytes = await this.#ledgers.get('meridian')!.evaluate('Stake:ReadTable', []);
    const table = JSON.parse(Buffer.from(bytes).toString()) as { organisations: Holder[] };
    return table.organisations.find(({ mspId }) => mspId === mspIdOf(name));
  }

  /** Devices are registered one after the other until something has become so. */
  async until(isSo: () => Promise<boolean>): Promise<readonly string[]> {
    const devices: string[] = [];
    while (!(await isSo())) {
      const device = `lamp-${devices.length}`;
      await this.contracts('helios').registerDevices([aDevice(device, 'prime')]);
      devices.push(device);
      await delay(10);
    }
    return devices;
  }

  /** Which of the devices stand on the ledger. */
  async registered(devices: readonly string[]): Promise<readonly string[]> {
    const read = devices.map((device) => this.contracts('meridian').readDevice(device));
    return (await Promise.all(read)).map(({ id }) => id);
  }

  filed(code: string): readonly string[] {
    return this.notices.flatMap((notice) =>
      notice.kind === 'misconduct-filed' && notice.code === code
        ? [`${notice.misconduct} ${notice.accused}`]
        : [],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const ledger of this.#ledgers.values()) await ledger.close();
    await this.#city[Symbol.asyncDispose]();
  }
}

jest.setTimeout(120_000);

describe('ledger client among byzantine peers', () => {
  it.each<Name>(['helios', 'northlight'])(
    'has %s barred, which signs other answers, and loses nothing',
    async (liar) => {
      await using town = await Town.start({ [liar]: 'diverge' });
      await town.settle();
      const devices = await town.until(async () => (await town.holder(liar))?.barred === true);
      expect(await town.registered(devices)).toEqual(devices);
      expect(await town.holder(liar)).not.toMatchObject({ shares: '0' });
      await town.contracts('helios').registerDevices([aDevice('lamp-last', 'prime')]);
      expect(await town.registered(['lamp-last'])).toEqual(['lamp-last']);
    },
  );

  it.each<Name>(['meridian', 'northlight'])(
    'has the stake of %s burned, which signs two answers to one question',
    async (liar) => {
      await using town = await Town.start({ [liar]: 'equivocate' });
      await town.settle();
      const devices = await town.until(async () => (await town.holder(liar))?.shares === '0');
      expect(await town.registered(devices)).toEqual(devices);
      expect(await town.holder(liar)).toMatchObject({ barred: true });
      expect(town.filed('VALID')).toContain(`equivocation ${mspIdOf(liar)}`);
    },
  );

  it('passes over a validator that refuses, within seconds and by votes of all others', async () => {
    await using town = await Town.start({ northlight: 'refuse' });
    await town.settle();
    expect(await town.holder('northlight')).toMatchObject({ absent: true, barred: false });
    const votes = town.notices.filter((notice) => notice.kind === 'skip-voted');
    expect(votes.map(({ code }) => code)).toContain('VALID');
    expect(town.notices.some(({ kind }) => kind === 'misconduct-found')).toBe(false);
  });

  it('does without a peer whose state is old, and accuses it of nothing', async () => {
    await using town = await Town.start({ meridian: 'stale' });
    await town.settle();
    let rounds = 0;
    const devices = await town.until(() => Promise.resolve(rounds++ === 15));
    expect(await town.registered(devices)).toEqual(devices);
    expect(town.notices).toEqual([]);
  });
});
