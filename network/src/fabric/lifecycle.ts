/** Deploys chaincode by `peer lifecycle`: each organisation installs its package and approves, then one commits. */
import type { ChannelTools } from './channel.ts';
import { peerEnvironment } from './channel.ts';
import { run } from './command.ts';
import { FabricError } from './errors.ts';
import type { FabricChaincode, Validation } from './options.ts';
import { packageFile, tlsRootFile } from './paths.ts';
import { addressOf, type ChaincodeNode, type OrdererNode, type PeerNode } from './topology.ts';

/** The plugin's name in core.yaml and in definitions. */
export const STAKE_PLUGIN = 'lamplighter-stake';
const INSTALLED_ALREADY = /already successfully installed/;
/** Of a definition that is committed, or is not yet; "with different parameters" would follow. */
const APPROVED_ALREADY = /attempted to redefine .*(with unchanged content|for namespace \S+)\s*$/;
const NOT_DEFINED = /is not defined/;

function says(error: unknown, words: RegExp): boolean {
  return error instanceof FabricError && words.test(error.message);
}

/** What members agree on, besides where each finds its own package. */
export interface Definition {
  readonly channel: string;
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  /** As `--signature-policy` takes it. @default the channel's majority of organisations */
  readonly signaturePolicy?: string | undefined;
  /** @default 'vscc' */
  readonly validationPlugin?: string | undefined;
}

export function definitionOf(
  channel: string,
  { name, version, sequence }: FabricChaincode,
  validation: Validation,
): Definition {
  return {
    channel,
    name,
    version,
    sequence,
    ...(validation.kind === 'plugin'
      ? { validationPlugin: STAKE_PLUGIN }
      : { signaturePolicy: validation.policy }),
  };
}

function definitionArguments(definition: Definition): readonly string[] {
  const { channel, name, version, sequence, signaturePolicy, validationPlugin } = definition;
  return [
    ...['--channelID', channel, '--name', name],
    ...['--version', version, '--sequence', String(sequence)],
    ...(signaturePolicy === undefined ? [] : ['--signature-policy', signaturePolicy]),
    ...(validationPlugin === undefined ? [] : ['--validation-plugin', validationPlugin]),
  ];
}

/** The commands of the life cycle, each as the administrator of the peer's organisation. */
export class Lifecycle {
  readonly #tools: ChannelTools;
  readonly #orderer: OrdererNode;

  /** @param orderer - gets the transactions */
  constructor(tools: ChannelTools, orderer: OrdererNode) {
    this.#tools = tools;
    this.#orderer = orderer;
  }

  /** Installs a package on a peer, unless it is there. */
  async install(peer: PeerNode, chaincode: ChaincodeNode): Promise<void> {
    const file = packageFile(this.#tools.directory, chaincode);
    try {
      await this.#run(peer, 'install', [file]);
    } catch (error) {
      if (!says(error, INSTALLED_ALREADY)) throw error;
    }
  }

  /** Approves a definition, unless the organisation has. */
  async approve(peer: PeerNode, definition: Definition, packageId: string): Promise<void> {
    try {
      await this.#run(peer, 'approveformyorg', [
        ...this.#ordererArguments(),
        ...definitionArguments(definition),
        ...['--package-id', packageId],
      ]);
    } catch (error) {
      if (!says(error, APPROVED_ALREADY)) throw error;
    }
  }

  /** @param peers - endorse: a majority of organisations at least */
  async commit(peer: PeerNode, definition: Definition, peers: readonly PeerNode[]): Promise<void> {
    await this.#run(peer, 'commit', [
      ...this.#ordererArguments(),
      ...definitionArguments(definition),
      ...peers.flatMap((each) => [
        ...['--peerAddresses', addressOf(each)],
        ...['--tlsRootCertFiles', tlsRootFile(this.#tools.directory, each)],
      ]),
    ]);
  }

  /** @returns the sequence that is committed, 0 when there is none */
  async sequence(peer: PeerNode, channel: string, name: string): Promise<number> {
    let answer: string;
    try {
      answer = await this.#run(peer, 'querycommitted', [
        ...['--channelID', channel, '--name', name, '--output', 'json'],
      ]);
    } catch (error) {
      if (says(error, NOT_DEFINED)) return 0;
      throw error;
    }
    const { sequence } = JSON.parse(answer) as { readonly sequence?: unknown };
    if (typeof sequence === 'number') return sequence;
    throw new FabricError('ANSWER_MALFORMED', `querycommitted expected a sequence, got ${answer}`);
  }

  /** @returns MSP ids of the organisations that have approved a definition */
  async approvals(peer: PeerNode, definition: Definition): Promise<readonly string[]> {
    const answer = await this.#run(peer, 'checkcommitreadiness', [
      ...definitionArguments(definition),
      ...['--output', 'json'],
    ]);
    const { approvals = {} } = JSON.parse(answer) as {
      readonly approvals?: Readonly<Record<string, boolean>>;
    };
    return Object.keys(approvals).filter((mspId) => approvals[mspId]);
  }

  #ordererArguments(): readonly string[] {
    return [
      ...['-o', addressOf(this.#orderer), '--tls'],
      ...['--cafile', tlsRootFile(this.#tools.directory, this.#orderer)],
    ];
  }

  #run(peer: PeerNode, command: string, args: readonly string[]): Promise<string> {
    const { directory, binaries, signal } = this.#tools;
    return run({
      program: binaries.peer,
      args: ['lifecycle', 'chaincode', command, ...args],
      environment: peerEnvironment(directory, peer),
      signal,
    });
  }
}
