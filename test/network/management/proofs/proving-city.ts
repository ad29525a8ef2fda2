/** A city of three organisations whose vendors' peers sign, a model with an approved release, and a manager's client. */
import { Contracts, type Ledger } from '../../../../network/src/ledger/index.ts';
import {
  ValidatorChain,
  type KeptSet,
  type ValidatorStore,
} from '../../../../network/src/management/proofs/validator-chain.ts';
import { aManifest, aModel, aRelease, aVendor } from '../../../chaincode/city.ts';
import { MSPS, StakeCity, type Name } from '../../../chaincode/stake/stake-city.ts';
import { contractLedger } from '../../contract-ledger.ts';
import { SigningPeers } from '../../signing-peers.ts';

export const PIN = { channel: 'city', chaincode: 'lamplighter' };

/** Sets and links as an earlier process left them. */
export class KeptValidators implements ValidatorStore {
  readonly #kept = new Map<number, KeptSet>();

  get known(): readonly KeptSet[] {
    return [...this.#kept.values()];
  }

  keep(epoch: number, kept: KeptSet | null): Promise<void> {
    if (kept === null) this.#kept.delete(epoch);
    else this.#kept.set(epoch, kept);
    return Promise.resolve();
  }
}

/** See the module comment. */
export class ProvingCity {
  readonly stake: StakeCity;
  readonly peers: SigningPeers;
  readonly contracts: Contracts;

  private constructor(stake: StakeCity) {
    this.stake = stake;
    const client = stake.people.northlight.manager;
    const time = (): number => stake.time;
    this.peers = new SigningPeers({
      memory: stake.ledger,
      client,
      peers: Object.values(stake.peers),
      time,
    });
    const ledger: Ledger = {
      ...contractLedger(stake.ledger, client, { time }),
      proofs: this.peers,
    };
    this.contracts = new Contracts(ledger);
  }

  static async start(): Promise<ProvingCity> {
    const stake = await StakeCity.founded();
    const city = new ProvingCity(stake);
    const model = JSON.stringify(aModel('prime', 'northlight'));
    await stake.submit(stake.people.northlight.vendor, 'DeviceRegistry:RegisterModel', model);
    return city;
  }

  /** @returns the release's id */
  async release(seq: number): Promise<string> {
    const { northlight, helios } = this.stake.people;
    const manifest = aManifest('northlight', 'prime', { seq });
    const release = JSON.stringify(aRelease(manifest));
    const { payload } = await this.stake.submit(
      northlight.vendor,
      'Firmware:PublishRelease',
      release,
    );
    await this.stake.submit(helios.vendor, 'Firmware:ApproveRelease', payload);
    return payload;
  }

  /** Another peer certificate in place of an organisation's own. */
  async rotate(name: Name, certificate: string): Promise<void> {
    const vendor = JSON.stringify(aVendor(name, { peerCertificates: [certificate] }));
    const { administrator } = this.stake.people[name];
    await this.stake.submit(administrator, 'DeviceRegistry:RegisterVendor', vendor);
  }

  async sell(shares: string): Promise<void> {
    const offer = JSON.stringify({ id: `o-${this.stake.time}`, shares, buyer: '', price: '' });
    await this.stake.administrator('northlight', 'OfferShares', offer);
    const { id } = JSON.parse(offer) as { id: string };
    await this.stake.administrator('meridian', 'AcceptOffer', id);
  }

  /** The set of an epoch, encoded. */
  async set(epoch: number): Promise<Uint8Array> {
    const { set } = await this.contracts.stake.validatorSet(epoch);
    return new Uint8Array(Buffer.from(set, 'hex'));
  }

  async digest(epoch: number): Promise<string> {
    return (await this.contracts.stake.validatorSet(epoch)).digest;
  }

  chain(store: ValidatorStore = new KeptValidators()): ValidatorChain {
    const { signal } = new AbortController();
    const { contracts, peers: source } = this;
    return new ValidatorChain({ contracts, source, store, signal });
  }
}

export { MSPS };
