/**
 * Brings the ledger in line with the chaincodes of the network's options, by the calls that `peer lifecycle chaincode` makes: every
 * organisation approves, then one commits. What members have done since by those calls themselves stands.
 */
import { peer } from '@hyperledger/fabric-protos';

import {
  newLifecycleEnvelope,
  newLifecycleProposal,
  type LifecycleCall,
} from './definition-transaction.ts';
import { EmbeddedError } from './errors.ts';
import type { NetworkLogger } from '../network-logger.ts';
import type { ChaincodeDescription } from './options.ts';
import type { OrderingChain } from './orderer/chain.ts';
import { readApproval } from './peer/approvals.ts';
import {
  DEFAULT_POLICY,
  policyReference,
  readDefinition,
  readerOf,
  VALIDATION_PLUGIN,
  type ChaincodeDefinition,
  type LifecycleReader,
} from './peer/definitions.ts';
import type { Peer } from './peer/peer.ts';
import type { Signer } from '../membership/signer.ts';

const { lifecycle } = peer;

/** Milliseconds for the definitions to be committed by all peers. */
const COMMIT_TIMEOUT_MS = 30_000;

export interface DefinitionsOptions {
  readonly channel: string;
  readonly chaincodes: readonly ChaincodeDescription[];
  readonly chain: OrderingChain;
  readonly peers: readonly [Peer, ...Peer[]];
  /** An administrator of an organisation. */
  readonly administratorOf: (mspId: string) => Promise<Signer>;
  readonly logger: NetworkLogger;
  readonly now: Date;
}

interface Wanted extends ChaincodeDefinition {
  readonly packageId: string;
}

function wanted(chaincode: ChaincodeDescription): Wanted {
  const { name, version, sequence, packageId, endorsementPolicy } = chaincode;
  return {
    name,
    version,
    sequence,
    packageId,
    validationPlugin: chaincode.validationPlugin ?? VALIDATION_PLUGIN,
    validationParameter: endorsementPolicy ?? policyReference(DEFAULT_POLICY),
  };
}

/**
 * @returns whether a definition is committed already, or a later one in its place.
 * @throws {@link EmbeddedError} OPTIONS_INVALID when it cannot follow what is committed.
 */
function isCommitted(definition: Wanted, current: ChaincodeDefinition | undefined): boolean {
  const { name, version, sequence, validationPlugin, validationParameter } = definition;
  const committed = current?.sequence ?? 0;
  if (sequence > committed + 1) {
    throw new EmbeddedError(
      'OPTIONS_INVALID',
      `chaincode ${name} is committed with sequence ${committed}; the next one is ${committed + 1}, got ${sequence}`,
    );
  }
  if (!current || sequence !== committed) {
    return sequence < committed;
  }
  const same =
    version === current.version &&
    validationPlugin === current.validationPlugin &&
    Buffer.compare(validationParameter, current.validationParameter) === 0;
  if (!same) {
    throw new EmbeddedError(
      'OPTIONS_INVALID',
      `chaincode ${name} is committed as version ${current.version}, sequence ${current.sequence}; ` +
        `to change it, start with sequence ${current.sequence + 1}`,
    );
  }
  return true;
}

interface Missing {
  readonly approvals: readonly (readonly [Peer, Wanted])[];
  readonly commits: readonly Wanted[];
}

async function withState<Result>(
  { peers }: DefinitionsOptions,
  use: (read: LifecycleReader) => Promise<Result>,
): Promise<Result> {
  const view = peers[0].ledger.view();
  try {
    return await use(readerOf(view));
  } finally {
    view.release();
  }
}

async function missing(options: DefinitionsOptions, read: LifecycleReader): Promise<Missing> {
  const approvals: (readonly [Peer, Wanted])[] = [];
  const commits: Wanted[] = [];
  for (const definition of options.chaincodes.map(wanted)) {
    const { name, sequence } = definition;
    const current = await readDefinition(read, name);
    if (!isCommitted(definition, current)) {
      commits.push(definition);
    } else if (current?.sequence !== sequence) {
      const facts = { chaincode: name, sequence: current?.sequence };
      options.logger.info(facts, 'the ledger holds a later definition than the options: it counts');
      continue;
    }
    for (const peer of options.peers) {
      if (!(await readApproval(read, peer.signer.mspId, name, sequence))) {
        approvals.push([peer, definition]);
      }
    }
  }
  return { approvals, commits };
}

function approvalInput(definition: Wanted): Uint8Array {
  const local = new lifecycle.ChaincodeSource.Local();
  local.setPackageId(definition.packageId);
  const source = new lifecycle.ChaincodeSource();
  source.setLocalPackage(local);
  const args = new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs();
  args.setName(definition.name);
  args.setVersion(definition.version);
  args.setSequence(definition.sequence);
  args.setValidationPlugin(definition.validationPlugin);
  args.setValidationParameter(definition.validationParameter);
  args.setSource(source);
  return args.serializeBinary();
}

function commitInput(definition: Wanted): Uint8Array {
  const args = new lifecycle.CommitChaincodeDefinitionArgs();
  args.setName(definition.name);
  args.setVersion(definition.version);
  args.setSequence(definition.sequence);
  args.setValidationPlugin(definition.validationPlugin);
  args.setValidationParameter(definition.validationParameter);
  return args.serializeBinary();
}

interface Endorsed {
  readonly transactionId: string;
  readonly envelope: Uint8Array;
}

async function endorse(
  { channel, now }: DefinitionsOptions,
  call: Pick<LifecycleCall, 'name' | 'input' | 'submitter'>,
  endorsers: readonly Peer[],
): Promise<Endorsed> {
  const proposal = newLifecycleProposal({ ...call, channel, now });
  const answers = await Promise.all(endorsers.map((peer) => peer.process(proposal.signed)));
  const { transactionId } = proposal;
  return { transactionId, envelope: newLifecycleEnvelope(proposal, answers) };
}

async function approve(options: DefinitionsOptions, { approvals }: Missing): Promise<void> {
  const endorsed: Endorsed[] = [];
  for (const [peer, definition] of approvals) {
    const submitter = await options.administratorOf(peer.signer.mspId);
    const name = 'ApproveChaincodeDefinitionForMyOrg';
    const call = { name, input: approvalInput(definition), submitter };
    endorsed.push(await endorse(options, call, [peer]));
  }
  await order(options, endorsed);
}

async function commit(options: DefinitionsOptions, { commits }: Missing): Promise<void> {
  const endorsed: Endorsed[] = [];
  for (const definition of commits) {
    const submitter = await options.administratorOf(options.peers[0].signer.mspId);
    const call = {
      name: 'CommitChaincodeDefinition',
      input: commitInput(definition),
      submitter,
    };
    endorsed.push(await endorse(options, call, options.peers));
  }
  await order(options, endorsed);
}

/** Orders them together, for one block to hold them. @returns when every peer has committed all of them. */
async function order(
  { chain, peers }: DefinitionsOptions,
  endorsed: readonly Endorsed[],
): Promise<void> {
  for (const { envelope } of endorsed) {
    chain.order(envelope);
  }
  const signal = AbortSignal.timeout(COMMIT_TIMEOUT_MS);
  for (const peer of peers) {
    for (const { transactionId } of endorsed) {
      await committed(peer, transactionId, signal);
    }
  }
}

async function committed(node: Peer, id: string, signal: AbortSignal): Promise<void> {
  const { ledger, name } = node;
  let position = ledger.position(id);
  while (!position) {
    await ledger.reach(ledger.height, signal).catch((cause: unknown) => {
      throw new EmbeddedError(
        'BUSY',
        `${name} did not commit the chaincode definitions within ${COMMIT_TIMEOUT_MS} ms`,
        { cause },
      );
    });
    position = ledger.position(id);
  }
  const code = (await ledger.read(position.blockNumber)).verdict.flags[position.transactionNumber];
  if (code !== peer.TxValidationCode.VALID) {
    throw new EmbeddedError(
      'OPTIONS_INVALID',
      `${name} refused the chaincode definitions with validation code ${code ?? 'none'}`,
    );
  }
}

/** Approves and commits what is new, nothing when all is there. @throws {@link EmbeddedError} OPTIONS_INVALID */
export async function defineChaincodes(options: DefinitionsOptions): Promise<void> {
  const found = await withState(options, (read) => missing(options, read));
  await approve(options, found);
  await commit(options, found);
}
