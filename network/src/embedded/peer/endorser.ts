/**
 * Endorser.ProcessProposal (core/endorser): checks the proposal, runs the chaincode against one height of the state, signs what
 * came of it. What is wrong with the proposal itself is a gRPC error; what goes wrong in the run is an answer of status 500.
 */
import type { peer } from '@hyperledger/fabric-protos';

import type { ChannelAccess } from '../access.ts';
import type { ByzantineMode } from '../byzantine-modes.ts';
import { EmbeddedError, messageOf } from '../errors.ts';
import { IdentityError } from '../../membership/identity-errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { Simulator } from '../ledger/simulator.ts';
import type { StateView } from '../ledger/state.ts';
import { LIMITS } from '../limits.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import type { Identity } from '../msp.ts';
import type { NetworkObserver } from '../observer.ts';
import type { Signer } from '../../membership/signer.ts';
import type { ApprovedChaincodes } from './approved-chaincodes.ts';
import { Byzantine } from './byzantine.ts';
import { ChaincodeRunner } from './chaincode-runner.ts';
import { readProposal, type Proposal } from './proposal.ts';
import { ProposalWatch } from './proposal-watch.ts';
import { answerTo, failure, unendorsed, type Simulation } from './responses.ts';
import type { SystemChaincode } from './system-chaincode.ts';

const SYSTEM_VERSION = 'syscc';
const NOTHING = new Uint8Array();

export interface EndorserOptions {
  /** Full name of the peer. */
  readonly name: string;
  readonly channel: string;
  readonly ledger: Ledger;
  readonly access: ChannelAccess;
  readonly signer: Signer;
  readonly systemChaincodes: readonly SystemChaincode[];
  readonly chaincodes: ApprovedChaincodes;
  readonly logger: NetworkLogger;
  readonly observer: NetworkObserver;
  /** What it was told to do wrong; undefined for an honest one. */
  readonly byzantine?: ByzantineMode | undefined;
}

export class Endorser {
  readonly #options: EndorserOptions;
  readonly #system: ReadonlyMap<string, SystemChaincode>;
  readonly #runner: ChaincodeRunner;
  readonly #byzantine: Byzantine | undefined;
  #running = 0;

  constructor(options: EndorserOptions) {
    this.#options = options;
    this.#runner = new ChaincodeRunner(options);
    const { name, byzantine, ledger } = options;
    this.#byzantine = byzantine && new Byzantine(name, byzantine, () => ledger.view());
    this.#system = new Map(
      options.systemChaincodes.map((chaincode) => [chaincode.name, chaincode]),
    );
  }

  /**
   * @param message - serialised peer.SignedProposal.
   * @returns serialised peer.ProposalResponse.
   * @throws {@link EmbeddedError} MESSAGE_MALFORMED, DUPLICATE_TRANSACTION, ACCESS_DENIED, BUSY
   */
  async process(message: Uint8Array): Promise<Uint8Array> {
    const watch = new ProposalWatch();
    try {
      return await this.#process(message, watch);
    } catch (error) {
      watch.refused(error);
      throw error;
    } finally {
      watch.tell(this.#options.observer, this.#options.name);
    }
  }

  /** Gives back what it keeps of the ledger. */
  close(): void {
    this.#byzantine?.close();
  }

  async #process(message: Uint8Array, watch: ProposalWatch): Promise<Uint8Array> {
    if (this.#running >= LIMITS.proposals) {
      throw new EmbeddedError(
        'BUSY',
        `too many requests, exceeding the limit of ${LIMITS.proposals}`,
      );
    }
    this.#running++;
    try {
      const proposal = readProposal(message);
      if (proposal.channelId !== '' && proposal.channelId !== this.#options.channel) {
        return unendorsed(failure(`channel '${proposal.channelId}' not found`));
      }
      const caller = this.#admit(proposal);
      return await this.#answer(proposal, caller, watch);
    } finally {
      this.#running--;
    }
  }

  #admit(proposal: Proposal): Identity {
    const { access, ledger, signer } = this.#options;
    const caller = this.#authenticate(proposal);
    if (proposal.channelId === '') {
      if (caller.mspId !== signer.mspId) {
        throw denied(`expected a member of ${signer.mspId}, got one of ${caller.mspId}`);
      }
      return caller;
    }
    if (ledger.position(proposal.transactionId)) {
      throw new EmbeddedError(
        'DUPLICATE_TRANSACTION',
        `duplicate transaction found [${proposal.transactionId}]`,
      );
    }
    if (!this.#system.has(proposal.chaincode)) {
      access.assertWriter(caller);
    }
    return caller;
  }

  #authenticate({ creator, bytes, signature, channelId }: Proposal): Identity {
    try {
      return this.#options.access.authenticate({ creator, message: bytes, signature });
    } catch (error) {
      if (!(error instanceof IdentityError)) {
        throw error;
      }
      this.#options.logger.info({ code: error.code, reason: error.message }, 'proposal refused');
      throw denied(`channel [${channelId}] creator: ${error.code}`);
    }
  }

  async #answer(proposal: Proposal, caller: Identity, watch: ProposalWatch): Promise<Uint8Array> {
    try {
      const simulation = await this.#simulate(proposal, caller);
      watch.ran(simulation);
      return answerTo(proposal, simulation, this.#options.signer);
    } catch (error) {
      const facts = { transaction: proposal.transactionId, reason: messageOf(error) };
      this.#options.logger.warn(facts, 'simulation failed');
      return unendorsed(failure(messageOf(error)));
    }
  }

  async #simulate(proposal: Proposal, caller: Identity): Promise<Simulation> {
    const system = this.#system.get(proposal.chaincode);
    if (!system && proposal.channelId === '') {
      throw new EmbeddedError(
        'NOT_FOUND',
        `expected a channel for ${proposal.chaincode}, got none`,
      );
    }
    if (system && !(system.readsState && proposal.channelId !== '')) {
      return this.#ask(system, proposal, caller, undefined);
    }
    const simulator = this.#options.ledger.simulate();
    try {
      return system
        ? await this.#ask(system, proposal, caller, simulator)
        : await this.#tell(proposal, caller, await this.#run(proposal, caller, simulator));
    } finally {
      simulator.release();
    }
  }

  /** What the peer says of a run: an honest one says what came of it. */
  async #tell(proposal: Proposal, caller: Identity, honest: Simulation): Promise<Simulation> {
    const runOn = (view: StateView): Promise<Simulation> =>
      this.#run(proposal, caller, new Simulator(view));
    return (await this.#byzantine?.answer({ proposal, honest, runOn })) ?? honest;
  }

  async #ask(
    system: SystemChaincode,
    proposal: Proposal,
    caller: Identity,
    simulator: Simulator | undefined,
  ): Promise<Simulation> {
    const args = proposal.input.getArgsList_asU8();
    const { channelId } = proposal;
    const response = await system.invoke({ args, channelId, caller, simulator });
    return {
      chaincode: system.name,
      version: SYSTEM_VERSION,
      response,
      results: simulator?.results() ?? NOTHING,
      event: NOTHING,
    };
  }

  async #run(proposal: Proposal, caller: Identity, simulator: Simulator): Promise<Simulation> {
    const { chaincode, channelId, transactionId } = proposal;
    const found = await this.#runner.find(chaincode, simulator).catch((cause: unknown) => {
      throw new EmbeddedError(
        'NOT_FOUND',
        `make sure the chaincode ${chaincode} has been successfully defined on channel ${channelId} and try again: ${messageOf(cause)}`,
        { cause },
      );
    });
    const run = { proposal, caller, simulator };
    const outcome = await this.#runner.run(run, found).catch((cause: unknown) => {
      throw new EmbeddedError(
        'CHAINCODE_UNAVAILABLE',
        `error in simulation: failed to execute transaction ${transactionId}: ${messageOf(cause)}`,
        { cause },
      );
    });
    return {
      chaincode,
      version: found.version,
      response: outcome.response,
      results: simulator.results(),
      event: eventBytes(outcome.event, chaincode, transactionId),
    };
  }
}

function denied(reason: string): EmbeddedError {
  return new EmbeddedError('ACCESS_DENIED', `error validating proposal: access denied: ${reason}`);
}

function eventBytes(
  event: peer.ChaincodeEvent | undefined,
  chaincode: string,
  transactionId: string,
): Uint8Array {
  if (!event) {
    return NOTHING;
  }
  const stamped = event.clone();
  stamped.setChaincodeId(chaincode);
  stamped.setTxId(transactionId);
  return stamped.serializeBinary();
}
