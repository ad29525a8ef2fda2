/** The ledger of a city: the embedded network, and the contracts in their own process. */
import { createHash, X509Certificate } from 'node:crypto';
import { EmbeddedNetwork } from '../../embedded/index.ts';
import type { Closers } from '../../closers.ts';
import { connectLedger, type Ledger } from '../../ledger/index.ts';
import type { OperatorError } from '../errors.ts';
import { startContracts } from '../processes/contract-process.ts';
import { freePort } from '../processes/free-port.ts';
import { CHAINCODE, CHANNEL, VENDORS } from './plan.ts';

const VERSION = '0.1.0';

/** Label and hash, as Fabric names a chaincode package. */
const PACKAGE_ID = `${CHAINCODE}_${VERSION}:${createHash('sha256').update(`${CHAINCODE} ${VERSION}`).digest('hex')}`;

export class LedgerSide {
  readonly network: EmbeddedNetwork;
  readonly #closers: Closers;

  private constructor(network: EmbeddedNetwork, closers: Closers) {
    this.network = network;
    this.#closers = closers;
  }

  /** Starts network and contracts side by side; what was opened is added to `closers`. */
  static async start(
    directory: string,
    closers: Closers,
    onUnexpectedEnd: (error: OperatorError) => void,
  ): Promise<LedgerSide> {
    const port = await freePort();
    const contracts = startContracts({ port, packageId: PACKAGE_ID, onUnexpectedEnd });
    const network = EmbeddedNetwork.start({
      directory,
      channel: CHANNEL,
      organisations: VENDORS.map(({ id, mspId, domain }) => ({ name: id, mspId, domain })),
      chaincodes: [
        {
          name: CHAINCODE,
          version: VERSION,
          sequence: 1,
          packageId: PACKAGE_ID,
          address: `127.0.0.1:${port}`,
        },
      ],
    });
    const [started, served] = await Promise.allSettled([network, contracts]);
    if (started.status === 'fulfilled') closers.add(() => started.value.close());
    if (served.status === 'fulfilled') closers.add(() => served.value.close());
    if (started.status === 'rejected') throw started.reason;
    if (served.status === 'rejected') throw served.reason;
    return new LedgerSide(started.value, closers);
  }

  /** A client of the ledger under an identity of its organisation, enrolled when it is new. */
  async connect(mspId: string, name: string, role: 'admin' | 'client'): Promise<Member> {
    const identity = await this.network.enrol(mspId, name, role);
    const ledger = await connectLedger({
      profile: this.network.connectionProfile(mspId),
      identity,
      channel: CHANNEL,
      chaincode: CHAINCODE,
    });
    this.#closers.add(() => ledger.close());
    return { ledger, certificate: identity.certificate };
  }
}

/** A ledger client and the certificate it signs under, PEM. */
export interface Member {
  readonly ledger: Ledger;
  readonly certificate: string;
}

/** SHA-256 of a certificate's DER, hex: how the registry names certificates. */
export function certificateDigest(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}
