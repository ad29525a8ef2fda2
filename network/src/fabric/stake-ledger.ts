/** What an administrator's own peer knows of stake and of who decides: asked by the ordinary `peer` command. */
import { common } from '@hyperledger/fabric-protos';
import { decodeStakeTable, type StakeTable } from '@lamplighter/chaincode/stake';

import { peerEnvironment, type ChannelTools } from './channel.ts';
import { run } from './command.ts';
import { FabricError } from './errors.ts';
import type { PeerNode } from './topology.ts';

/** A definition, as far as applying stake has to keep it. */
export interface CommittedDefinition {
  readonly version: string;
  readonly sequence: number;
  readonly validationPlugin: string;
  /** Undefined where it refers to a policy of the channel. */
  readonly policy: common.SignaturePolicyEnvelope | undefined;
}

type Json = Readonly<Record<string, unknown>>;

function parse(what: string, answer: string): Json {
  try {
    const value: unknown = JSON.parse(answer);
    if (typeof value === 'object' && value !== null) return value as Json;
  } catch {
    // Said below: the answer is all that there is to say.
  }
  throw malformed(what, answer);
}

function malformed(what: string, answer: string): FabricError {
  return new FabricError('ANSWER_MALFORMED', `expected ${what}, got ${answer.slice(0, 500)}`);
}

/** Runs `peer` for a peer, as the administrator of its organisation. */
export function asAdministrator(
  { directory, binaries, signal }: ChannelTools,
  peer: PeerNode,
  args: readonly string[],
): Promise<string> {
  const environment = peerEnvironment(directory, peer);
  return run({ program: binaries.peer, args, environment, signal });
}

/** @throws {@link FabricError} NO_COALITION while there is no table; COMMAND_FAILED */
export async function readTable(
  tools: ChannelTools,
  peer: PeerNode,
  channel: string,
  chaincode: string,
): Promise<StakeTable> {
  const call = JSON.stringify({ Args: ['Stake:ReadTable'] });
  const answer = await asAdministrator(tools, peer, [
    ...['chaincode', 'query', '--channelID', channel, '--name', chaincode, '--ctor', call],
  ]);
  const table = decodeStakeTable(Buffer.from(answer.replace(/\n$/, '')));
  if (table === null) throw malformed('a stake table', answer);
  return table;
}

function signaturePolicyIn(parameter: string): common.SignaturePolicyEnvelope | undefined {
  const bytes = new Uint8Array(Buffer.from(parameter, 'base64'));
  return common.ApplicationPolicy.deserializeBinary(bytes).getSignaturePolicy();
}

/** @throws {@link FabricError} COMMAND_FAILED, ANSWER_MALFORMED */
export async function readDefinition(
  tools: ChannelTools,
  peer: PeerNode,
  channel: string,
  chaincode: string,
): Promise<CommittedDefinition> {
  const answer = await asAdministrator(tools, peer, [
    ...['lifecycle', 'chaincode', 'querycommitted', '--output', 'json'],
    ...['--channelID', channel, '--name', chaincode],
  ]);
  const {
    version,
    sequence,
    validation_plugin: validationPlugin,
    validation_parameter: parameter,
  } = parse('a chaincode definition', answer);
  if (
    typeof version !== 'string' ||
    typeof sequence !== 'number' ||
    typeof validationPlugin !== 'string' ||
    typeof parameter !== 'string'
  ) {
    throw malformed('a chaincode definition', answer);
  }
  return { version, sequence, validationPlugin, policy: signaturePolicyIn(parameter) };
}

/** @returns the package that the peer's organisation has approved for the definition that is committed */
export async function readApprovedPackage(
  tools: ChannelTools,
  peer: PeerNode,
  channel: string,
  chaincode: string,
): Promise<string> {
  const answer = await asAdministrator(tools, peer, [
    ...['lifecycle', 'chaincode', 'queryapproved', '--output', 'json'],
    ...['--channelID', channel, '--name', chaincode],
  ]);
  const { source } = parse('an approval', answer) as {
    readonly source?: {
      readonly Type?: { readonly LocalPackage?: { readonly package_id?: unknown } };
    };
  };
  const packageId = source?.Type?.LocalPackage?.package_id;
  if (typeof packageId === 'string') return packageId;
  throw malformed('an approval with a package', answer);
}
