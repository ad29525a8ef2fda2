/** The ledger of a city: the embedded network, the contracts in their own process, and what both are operated with. */
import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { StakeFounding } from '@lamplighter/chaincode';
import { EmbeddedNetwork, STAKE_PLUGIN, type NetworkLogger } from '../../embedded/index.ts';
import type { Closers } from '../../closers.ts';
import { freePort } from '../../free-ports.ts';
import { connectLedger } from '../../ledger/index.ts';
import { byzantineLines, type ByzantinePeers } from '../byzantine-option.ts';
import type { OperatorError } from '../errors.ts';
import { Instruments } from '../network/instruments.ts';
import { writePeerConfiguration } from '../network/peer-configuration.ts';
import { probeContracts } from '../network/probe.ts';
import {
  removeRunningFile,
  writeRunningFile,
  type RunningNetwork,
} from '../network/running-file.ts';
import { runningNodes } from '../network/running-nodes.ts';
import { SupervisedContracts } from '../processes/supervised-contracts.ts';
import { foundStake } from './found-stake.ts';
import { Members, type Member, type Role } from './members.ts';
import { CHAINCODE, CHANNEL, VENDORS } from './plan.ts';

const VERSION = '0.1.0';

/** Label and hash, as Fabric names a chaincode package. */
const PACKAGE_ID = `${CHAINCODE}_${VERSION}:${createHash('sha256').update(`${CHAINCODE} ${VERSION}`).digest('hex')}`;

export interface LedgerSideOptions {
  /** Everything the network keeps is below. */
  readonly folder: string;
  readonly kind: RunningNetwork['kind'];
  readonly byzantine: ByzantinePeers;
  /** What was opened is added. */
  readonly closers: Closers;
  /** Lines worth reading. */
  readonly print: (line: string) => void;
  /** The contracts' process ends again and again. */
  readonly onUnexpectedEnd: (error: OperatorError) => void;
}

export class LedgerSide {
  readonly network: EmbeddedNetwork;
  readonly #members: Members;
  readonly #logger: NetworkLogger;

  private constructor(network: EmbeddedNetwork, closers: Closers, logger: NetworkLogger) {
    this.#logger = logger;
    this.network = network;
    this.#members = new Members((...identity) => this.#connect(...identity), closers);
  }

  /** Starts network and contracts side by side; returns when each peer has answered a transaction. */
  static async start(options: LedgerSideOptions): Promise<LedgerSide> {
    const { folder, closers } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    byzantineLines(options.byzantine).forEach(options.print);
    const instruments = new Instruments(folder, CHANNEL, VERSION);
    closers.add(() => {
      instruments[Symbol.dispose]();
      return Promise.resolve();
    });
    const address = `127.0.0.1:${await freePort()}`;
    const { network, contracts } = await startBoth(options, instruments, address);
    const side = new LedgerSide(network, closers, instruments.logs.logger);
    await side.#ready(options.print);
    const instance = randomUUID();
    const facts = { network, version: VERSION, instance, furtherChecks: () => checks(contracts) };
    const operations = await instruments.serve(facts, closers);
    closers.add(() => {
      removeRunningFile(folder);
      return Promise.resolve();
    });
    await writeRunningFile(folder, {
      instance,
      processId: process.pid,
      since: new Date().toISOString(),
      kind: options.kind,
      channel: CHANNEL,
      chaincode: { name: CHAINCODE, version: VERSION, packageId: PACKAGE_ID, address },
      operations: operations.url,
      peerConfiguration: await writePeerConfiguration(folder),
      logFile: instruments.logFile,
      ...runningNodes(folder, network.connectionProfile(VENDORS[0].mspId), VENDORS),
    });
    return side;
  }

  /**
   * The client of the ledger under an identity of its organisation, which is enrolled when it is new. All that work under
   * one identity share its client, which is closed with the network.
   */
  connect(mspId: string, name: string, role: Role): Promise<Member> {
    return this.#members.connect(mspId, name, role);
  }

  async #connect(mspId: string, name: string, role: Role): Promise<Member> {
    const identity = await this.network.enrol(mspId, name, role);
    const ledger = await connectLedger({
      profile: this.network.connectionProfile(mspId),
      identity,
      channel: CHANNEL,
      chaincode: CHAINCODE,
      notice: ({ kind, ...facts }) => {
        this.#logger.warn({ ...facts, client: name, of: mspId }, `a ledger client: ${kind}`);
      },
    });
    return { ledger, certificate: identity.certificate };
  }

  /** Enrols the users that Fabric's own networks have, and asks every peer for a transaction and its height. */
  async #ready(print: (line: string) => void): Promise<void> {
    for (const { mspId } of VENDORS) {
      await this.network.enrol(mspId, 'Admin', 'admin');
      await this.network.enrol(mspId, 'User1', 'client');
    }
    const { ledger } = await this.#connect(VENDORS[0].mspId, 'Admin', 'admin');
    try {
      let answers = true;
      for (const { mspId } of VENDORS) {
        const reason = await probeContracts(ledger, mspId);
        if (reason !== undefined) print(`${CHAINCODE} does not answer at ${mspId}: ${reason}`);
        answers &&= reason === undefined;
        await ledger.chain({ organisation: mspId });
      }
      const founding = answers ? await foundStake(ledger) : undefined;
      if (founding !== undefined) print(foundingLine(founding));
    } finally {
      await ledger.close();
    }
  }
}

async function startBoth(
  { folder, byzantine, closers, print, onUnexpectedEnd }: LedgerSideOptions,
  instruments: Instruments,
  address: string,
): Promise<{ readonly network: EmbeddedNetwork; readonly contracts: SupervisedContracts }> {
  const { logger } = instruments.logs;
  const contracts = SupervisedContracts.start({
    port: Number(address.split(':')[1]),
    packageId: PACKAGE_ID,
    onRestart: (error) => {
      logger.error({ reason: error.message }, 'the contracts are started again');
      print(`${error.message.split('\n')[0] ?? ''}; starting it again`);
    },
    onGivenUp: onUnexpectedEnd,
  });
  const network = EmbeddedNetwork.start({
    directory: folder,
    channel: CHANNEL,
    byzantine,
    organisations: VENDORS.map(({ id, mspId, domain }) => ({ name: id, mspId, domain })),
    chaincodes: [
      {
        name: CHAINCODE,
        version: VERSION,
        sequence: 1,
        packageId: PACKAGE_ID,
        address,
        validationPlugin: STAKE_PLUGIN,
      },
    ],
    logger,
    observer: instruments.metrics,
  });
  const [started, served] = await Promise.allSettled([network, contracts]);
  if (started.status === 'fulfilled') closers.add(() => started.value.close());
  if (served.status === 'fulfilled') closers.add(() => served.value.close());
  if (started.status === 'rejected') throw started.reason;
  if (served.status === 'rejected') throw served.reason;
  return { network: started.value, contracts: served.value };
}

function foundingLine({ organisations }: StakeFounding): string {
  const shares = organisations.map((each) => `${each.mspId} ${each.shares}`).join(', ');
  return `stake: ${shares} shares; more than half of all decide, the validator among them`;
}

function checks(contracts: SupervisedContracts): ReturnType<EmbeddedNetwork['failedChecks']> {
  return contracts.isRunning()
    ? []
    : [{ component: `chaincode ${CHAINCODE}`, reason: 'its process has ended; see the log' }];
}

/** SHA-256 of a certificate's DER, hex: how the registry names certificates. */
export function certificateDigest(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}
