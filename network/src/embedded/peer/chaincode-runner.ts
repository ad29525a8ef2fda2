/**
 * Runs chaincodes for a proposal: the one that it names, and those that call each other from there (core/chaincode). All of them
 * read and write in one simulation, each in its own namespace, so what they do is valid or invalid as a whole. A callee that is
 * running already in the transaction is refused, which also ends recursion.
 */
import type { ChannelAccess } from '../access.ts';
import type { ChaincodeCall } from '../chaincode/callee-run.ts';
import type { ExecutionOutcome } from '../chaincode/execution.ts';
import { EmbeddedError, messageOf } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Simulator } from '../ledger/simulator.ts';
import { LIMITS } from '../limits.ts';
import type { Identity } from '../msp.ts';
import type { peer } from '@hyperledger/fabric-protos';
import type { ApprovedChaincodes, RunnableChaincode } from './approved-chaincodes.ts';
import { keyHistory } from './key-history.ts';
import type { Proposal } from './proposal.ts';
import type { SystemChaincode } from './system-chaincode.ts';

export interface ChaincodeRunnerOptions {
  readonly channel: string;
  readonly ledger: Ledger;
  readonly access: ChannelAccess;
  readonly systemChaincodes: readonly SystemChaincode[];
  readonly chaincodes: ApprovedChaincodes;
}

/** What all chaincodes of one transaction share. */
export interface TransactionRun {
  readonly proposal: Proposal;
  readonly caller: Identity;
  readonly simulator: Simulator;
}

/** One chaincode's turn. */
interface Turn {
  readonly chaincode: RunnableChaincode;
  readonly input: peer.ChaincodeInput;
  /** 1 for the chaincode that the proposal names. */
  readonly depth: number;
  readonly signal?: AbortSignal | undefined;
}

export class ChaincodeRunner {
  readonly #options: ChaincodeRunnerOptions;
  readonly #system: ReadonlyMap<string, SystemChaincode>;

  constructor(options: ChaincodeRunnerOptions) {
    this.#options = options;
    this.#system = new Map(
      options.systemChaincodes.map((chaincode) => [chaincode.name, chaincode]),
    );
  }

  /** @throws {@link EmbeddedError} NOT_FOUND */
  find(name: string, simulator: Simulator): Promise<RunnableChaincode> {
    return this.#options.chaincodes.find(name, simulator);
  }

  /** Runs the chaincode that the proposal names. @throws what {@link ChaincodeLink.execute} throws */
  run(run: TransactionRun, chaincode: RunnableChaincode): Promise<ExecutionOutcome> {
    return this.#execute(run, { chaincode, input: run.proposal.input, depth: 1 });
  }

  #execute(run: TransactionRun, turn: Turn): Promise<ExecutionOutcome> {
    const { proposal, simulator } = run;
    const { name, link } = turn.chaincode;
    return link.execute({
      channelId: proposal.channelId,
      transactionId: proposal.transactionId,
      input: turn.input.serializeBinary(),
      proposal: proposal.message,
      signal: turn.signal,
      scope: {
        namespace: name,
        simulator,
        history: (key) => keyHistory(this.#options.ledger, name, key, simulator.height),
        call: (call) => this.#call(run, call, turn.depth + 1),
      },
    });
  }

  async #call(run: TransactionRun, call: ChaincodeCall, depth: number): Promise<peer.Response> {
    this.#assertOwnChannel(call.channelId);
    const system = this.#system.get(call.chaincode);
    if (system) {
      return this.#ask(run, system, call);
    }
    this.#options.access.assertWriter(run.caller);
    if (depth > LIMITS.callDepth) {
      throw new EmbeddedError(
        'BUSY',
        `expected up to ${LIMITS.callDepth} chaincodes that call each other, got one more`,
      );
    }
    const chaincode = await this.#findCallee(call.chaincode, run.simulator);
    try {
      const { input, signal } = call;
      const { response } = await this.#execute(run, { chaincode, input, depth, signal });
      return response;
    } catch (cause) {
      throw new EmbeddedError('CHAINCODE_UNAVAILABLE', `execute failed: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  #assertOwnChannel(channelId: string): void {
    const { channel } = this.#options;
    if (channelId !== '' && channelId !== channel) {
      throw new EmbeddedError(
        'NOT_FOUND',
        `failed to find ledger for channel: ${channelId}; the embedded network has the channel ${channel} only`,
      );
    }
  }

  async #findCallee(name: string, simulator: Simulator): Promise<RunnableChaincode> {
    try {
      return await this.find(name, simulator);
    } catch (cause) {
      throw new EmbeddedError(
        'NOT_FOUND',
        `execute failed: invalid invocation: [channel ${this.#options.channel}] ` +
          `failed to get chaincode container info for ${name}: ${messageOf(cause)}`,
        { cause },
      );
    }
  }

  #ask(
    { proposal, caller, simulator }: TransactionRun,
    system: SystemChaincode,
    { input }: ChaincodeCall,
  ): Promise<peer.Response> {
    return system.invoke({
      args: input.getArgsList_asU8(),
      channelId: proposal.channelId,
      caller,
      simulator,
      origin: proposal.chaincode,
    });
  }
}
