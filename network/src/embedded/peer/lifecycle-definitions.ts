/** The half of `_lifecycle` that approves and commits definitions (core/chaincode/lifecycle/lifecycle.go). */
import { peer } from '@hyperledger/fabric-protos';

import { EmbeddedError, messageOf } from '../errors.ts';
import type { Simulator } from '../ledger/simulator.ts';
import { decode, required } from '../wire/messages.ts';
import { mismatchesOf, readApproval, writeApproval } from './approvals.ts';
import {
  DEFAULT_POLICY,
  definitionStructure,
  ENDORSEMENT_PLUGIN,
  policyReference,
  readDefinition,
  readSequence,
  VALIDATION_PLUGIN,
  VALIDATION_PLUGINS,
  type ChaincodeDefinition,
  type ChaincodeParameters,
} from './definitions.ts';
import type { LifecycleFunctions, LifecycleOptions } from './lifecycle.ts';
import { LIFECYCLE, writeStructure, type LifecycleReader } from './lifecycle-state.ts';
import type { SystemRequest } from './system-chaincode.ts';

const { lifecycle } = peer;

const NAME = /^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/;
const VERSION = /^[A-Za-z0-9_.+-]+$/;
const SYSTEM_NAMES: ReadonlySet<string> = new Set(['cscc', 'escc', 'lscc', 'qscc', 'vscc']);

type DefinitionArgs =
  | peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs
  | peer.lifecycle.CommitChaincodeDefinitionArgs
  | peer.lifecycle.CheckCommitReadinessArgs;

function refused(message: string): EmbeddedError {
  return new EmbeddedError('MESSAGE_MALFORMED', message);
}

function invalid(message: string): EmbeddedError {
  return refused(`error validating chaincode definition: ${message}`);
}

function assertNames(name: string, version: string): void {
  if (!NAME.test(name)) {
    throw invalid(
      `invalid chaincode name '${name.slice(0, 80)}'. Names can only consist of alphanumerics, '_', and '-' and can only begin with alphanumerics`,
    );
  }
  if (SYSTEM_NAMES.has(name)) {
    throw invalid(`chaincode name '${name}' is the name of a system chaincode`);
  }
  if (!VERSION.test(version)) {
    throw invalid(
      `invalid chaincode version '${version.slice(0, 80)}'. Versions can only consist of alphanumerics, '_', '-', '+', and '.'`,
    );
  }
}

/** What a definition can ask for and only other networks have. */
function unservedIn(args: DefinitionArgs): string | undefined {
  const asked: readonly (readonly [boolean, string])[] = [
    [args.getInitRequired(), '--init-required; call an ordinary transaction first'],
    [(args.getCollections()?.getConfigList() ?? []).length > 0, 'private data collections'],
    [
      !['', ENDORSEMENT_PLUGIN].includes(args.getEndorsementPlugin()),
      `endorsement plugins other than ${ENDORSEMENT_PLUGIN}`,
    ],
    [
      !['', ...VALIDATION_PLUGINS].includes(args.getValidationPlugin()),
      `validation plugins other than ${VALIDATION_PLUGINS.join(' and ')}`,
    ],
  ];
  return asked.find(([found]) => found)?.[1];
}

/** @throws {@link EmbeddedError} NOT_SERVED, MESSAGE_MALFORMED for a policy that does not parse */
function definitionOf({ policyOf }: LifecycleOptions, args: DefinitionArgs): ChaincodeDefinition {
  const unserved = unservedIn(args);
  if (unserved !== undefined) {
    throw new EmbeddedError('NOT_SERVED', `not served by the embedded network: ${unserved}`);
  }
  const given = args.getValidationParameter_asU8();
  const definition = {
    name: args.getName(),
    version: args.getVersion(),
    sequence: args.getSequence(),
    validationPlugin: args.getValidationPlugin() || VALIDATION_PLUGIN,
    validationParameter: given.length > 0 ? given : policyReference(DEFAULT_POLICY),
  };
  try {
    policyOf(definition);
  } catch (error) {
    throw invalid(`invalid endorsement policy: ${messageOf(error)}`);
  }
  return definition;
}

interface State {
  readonly simulator: Simulator;
  readonly read: LifecycleReader;
}

function stateOf(request: SystemRequest): State {
  const simulator = required(request.simulator, `a channel for ${LIFECYCLE}`);
  return { simulator, read: (key) => simulator.read(LIFECYCLE, key) };
}

function assertApprovable(sequence: number, current: number): void {
  if (sequence === 0 && current === 0) {
    throw refused('requested sequence is 0, but first definable sequence number is 1');
  }
  if (sequence < current) {
    throw refused(
      `currently defined sequence ${current} is larger than requested sequence ${sequence}`,
    );
  }
  if (sequence > current + 1) {
    throw refused(
      `requested sequence ${sequence} is larger than the next available sequence number ${current + 1}`,
    );
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** @returns what the second one has different, in Fabric's words, undefined when they are equal. */
function difference(
  expected: ChaincodeParameters,
  passed: ChaincodeParameters,
): string | undefined {
  if (expected.version !== passed.version) {
    return `expected Version '${expected.version}' does not match passed Version '${passed.version}'`;
  }
  if (expected.validationPlugin !== passed.validationPlugin) {
    return `expected ValidationPlugin '${expected.validationPlugin}' does not match passed ValidationPlugin '${passed.validationPlugin}'`;
  }
  const [left, right] = [hex(expected.validationParameter), hex(passed.validationParameter)];
  return left === right
    ? undefined
    : `expected ValidationParameter '${left}' does not match passed ValidationParameter '${right}'`;
}

async function assertUnlikeCommitted(
  { read }: State,
  definition: ChaincodeDefinition,
): Promise<void> {
  const { name, sequence } = definition;
  const committed = required(
    await readDefinition(read, name),
    `metadata for currently committed sequence number (${sequence})`,
  );
  const found = difference(committed, definition);
  if (found !== undefined) {
    throw refused(
      `attempted to redefine the current committed sequence (${sequence}) for namespace ${name} with different parameters: ${found}`,
    );
  }
}

/** An approval that changes nothing is refused: it would be a transaction without writes. */
async function assertNews(
  { read }: State,
  mspId: string,
  approval: ChaincodeDefinition & { readonly packageId: string },
  current: number,
): Promise<void> {
  const { name, sequence, packageId } = approval;
  const known = await readApproval(read, mspId, name, sequence);
  if (known?.packageId !== packageId || difference(known, approval) !== undefined) {
    return;
  }
  throw refused(
    sequence === current
      ? `attempted to redefine the current committed sequence (${current}) for namespace ${name}`
      : `attempted to redefine uncommitted sequence (${sequence}) for namespace ${name} with unchanged content`,
  );
}

async function approve(
  options: LifecycleOptions,
  input: Uint8Array,
  request: SystemRequest,
): Promise<Uint8Array> {
  const type = lifecycle.ApproveChaincodeDefinitionForMyOrgArgs;
  const args = decode(type, input, 'ApproveChaincodeDefinitionForMyOrgArgs');
  assertNames(args.getName(), args.getVersion());
  const definition = definitionOf(options, args);
  const packageId = args.getSource()?.getLocalPackage()?.getPackageId() ?? '';
  const approval = { ...definition, packageId };
  const state = stateOf(request);
  const current = await readSequence(state.read, definition.name);
  assertApprovable(definition.sequence, current);
  if (definition.sequence === current) {
    await assertUnlikeCommitted(state, definition);
  }
  await assertNews(state, options.mspId, approval, current);
  await writeApproval(state.simulator, options.mspId, approval);
  return new lifecycle.ApproveChaincodeDefinitionForMyOrgResult().serializeBinary();
}

/** Fields in which each organisation's approval differs, by MSP id; those without any agree. */
async function readiness(
  { mspIds }: LifecycleOptions,
  { read }: State,
  definition: ChaincodeDefinition,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const current = await readSequence(read, definition.name);
  if (definition.sequence !== current + 1) {
    throw refused(
      `requested sequence is ${definition.sequence}, but new definition must be sequence ${current + 1}`,
    );
  }
  const mismatches = new Map<string, readonly string[]>();
  for (const mspId of [...mspIds].sort()) {
    mismatches.set(mspId, await mismatchesOf(read, mspId, definition));
  }
  return mismatches;
}

async function checkReadiness(
  options: LifecycleOptions,
  input: Uint8Array,
  request: SystemRequest,
): Promise<Uint8Array> {
  const args = decode(lifecycle.CheckCommitReadinessArgs, input, 'CheckCommitReadinessArgs');
  const found = await readiness(options, stateOf(request), definitionOf(options, args));
  const result = new lifecycle.CheckCommitReadinessResult();
  for (const [mspId, items] of found) {
    result.getApprovalsMap().set(mspId, items.length === 0);
    if (items.length > 0) {
      const mismatches = new lifecycle.CheckCommitReadinessResult.Mismatches();
      mismatches.setItemsList([...items]);
      result.getMismatchesMap().set(mspId, mismatches);
    }
  }
  return result.serializeBinary();
}

async function commit(
  options: LifecycleOptions,
  input: Uint8Array,
  request: SystemRequest,
): Promise<Uint8Array> {
  const type = lifecycle.CommitChaincodeDefinitionArgs;
  const args = decode(type, input, 'CommitChaincodeDefinitionArgs');
  assertNames(args.getName(), args.getVersion());
  const definition = definitionOf(options, args);
  const state = stateOf(request);
  const found = await readiness(options, state, definition);
  if (found.get(options.mspId)?.length !== 0) {
    throw refused(`chaincode definition not agreed to by this org (${options.mspId})`);
  }
  await writeStructure(state.simulator, definitionStructure(definition));
  return new lifecycle.CommitChaincodeDefinitionResult().serializeBinary();
}

export function definitionFunctions(options: LifecycleOptions): LifecycleFunctions {
  return {
    ApproveChaincodeDefinitionForMyOrg: (input, request) => approve(options, input, request),
    CheckCommitReadiness: (input, request) => checkReadiness(options, input, request),
    CommitChaincodeDefinition: (input, request) => commit(options, input, request),
  };
}
