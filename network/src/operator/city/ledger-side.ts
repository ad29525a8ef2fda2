/** The ledger of a city: a network of whichever engine, its contracts, and what both are operated with. */
import { createHash, X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { StakeFounding } from '@lamplighter/chaincode';
import type { Closers } from '../../closers.ts';
import { connectLedger } from '../../ledger/index.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import type { OperatorError } from '../errors.ts';
import { announce } from '../network/announce.ts';
import { Instruments } from '../network/instruments.ts';
import { probeContracts } from '../network/probe.ts';
import type { RunningNetwork } from '../network/running-file.ts';
import type { Engine, LedgerEngine, StakeRule } from './engine.ts';
import { foundStake } from './found-stake.ts';
import { Members, type Member, type Role } from './members.ts';
import { CHAINCODE, CHANNEL, VENDORS, VERSION } from './plan.ts';

const ANNOUNCED = {
  channel: CHANNEL,
  chaincode: { name: CHAINCODE, version: VERSION },
  organisations: VENDORS,
  version: VERSION,
} as const;

export interface LedgerSideOptions {
  /** Everything the network keeps is below. */
  readonly folder: string;
  readonly kind: RunningNetwork['kind'];
  readonly engine: Engine;
  /** What was opened is added. */
  readonly closers: Closers;
  /** Lines worth reading. */
  readonly print: (line: string) => void;
  /** A part of the network ends again and again. */
  readonly onUnexpectedEnd: (error: OperatorError) => void;
}

export class LedgerSide {
  readonly network: LedgerEngine;
  readonly #members: Members;
  readonly #logger: NetworkLogger;

  private constructor(network: LedgerEngine, closers: Closers, logger: NetworkLogger) {
    this.#logger = logger;
    this.network = network;
    this.#members = new Members((...identity) => this.#connect(...identity), closers);
  }

  /** Starts the network and its contracts; returns when each peer has answered a transaction. */
  static async start(options: LedgerSideOptions): Promise<LedgerSide> {
    const { folder, kind, closers, engine, print, onUnexpectedEnd } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    engine.lines.forEach(print);
    const instruments = new Instruments(folder, CHANNEL, VERSION);
    closers.add(() => {
      instruments[Symbol.dispose]();
      return Promise.resolve();
    });
    const { metrics, logs } = instruments;
    const { logger } = logs;
    const network = await engine.start({ folder, logger, metrics, print, onUnexpectedEnd });
    closers.add(() => network.close());
    const side = new LedgerSide(network, closers, logger);
    await side.#ready(print);
    const profile = network.connectionProfile(VENDORS[0].mspId);
    await announce(network, { ...ANNOUNCED, folder, kind, profile }, instruments, closers);
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
      const { rule } = this.network;
      if (founding !== undefined) print(foundingLine(founding, rule));
      if (answers) for (const line of await rule.apply()) print(`stake: ${line}`);
    } finally {
      await ledger.close();
    }
  }
}

function foundingLine({ organisations }: StakeFounding, { words }: StakeRule): string {
  const shares = organisations.map((each) => `${each.mspId} ${each.shares}`).join(', ');
  return `stake: ${shares} shares; ${words}`;
}

/** SHA-256 of a certificate's DER, hex: how the registry names certificates. */
export function certificateDigest(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}
