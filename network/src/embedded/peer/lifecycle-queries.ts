/** The questions of `_lifecycle` about what was committed and approved. */
import { peer } from '@hyperledger/fabric-protos';

import { EmbeddedError } from '../errors.ts';
import { decode, required } from '../wire/messages.ts';
import { allApprovals, mismatchesOf, readApproval, type Approval } from './approvals.ts';
import {
  allDefinitions,
  ENDORSEMENT_PLUGIN,
  readDefinition,
  readSequence,
  type ChaincodeDefinition,
} from './definitions.ts';
import type { LifecycleFunctions, LifecycleOptions } from './lifecycle.ts';
import { LIFECYCLE, type LifecycleReader } from './lifecycle-state.ts';
import type { SystemRequest } from './system-chaincode.ts';

const { lifecycle } = peer;

/** The fields that all results about a definition share. */
interface DefinitionResult {
  setSequence(sequence: number): unknown;
  setVersion(version: string): unknown;
  setEndorsementPlugin(plugin: string): unknown;
  setValidationPlugin(plugin: string): unknown;
  setValidationParameter(parameter: Uint8Array): unknown;
  setCollections(collections: peer.CollectionConfigPackage): unknown;
}

function fill<Result extends DefinitionResult>(
  result: Result,
  definition: Omit<ChaincodeDefinition, 'name'>,
): Result {
  result.setSequence(definition.sequence);
  result.setVersion(definition.version);
  result.setEndorsementPlugin(ENDORSEMENT_PLUGIN);
  result.setValidationPlugin(definition.validationPlugin);
  result.setValidationParameter(definition.validationParameter);
  result.setCollections(new peer.CollectionConfigPackage());
  return result;
}

function sourceOf({ packageId }: Approval): peer.lifecycle.ChaincodeSource {
  const source = new lifecycle.ChaincodeSource();
  if (packageId === '') {
    source.setUnavailable(new lifecycle.ChaincodeSource.Unavailable());
  } else {
    const local = new lifecycle.ChaincodeSource.Local();
    local.setPackageId(packageId);
    source.setLocalPackage(local);
  }
  return source;
}

function readerFor(request: SystemRequest): LifecycleReader {
  const simulator = required(request.simulator, `a channel for ${LIFECYCLE}`);
  return (key) => simulator.read(LIFECYCLE, key);
}

async function queryCommitted(
  { mspIds }: LifecycleOptions,
  input: Uint8Array,
  request: SystemRequest,
): Promise<Uint8Array> {
  const type = lifecycle.QueryChaincodeDefinitionArgs;
  const name = decode(type, input, 'QueryChaincodeDefinitionArgs').getName();
  const read = readerFor(request);
  const definition = await readDefinition(read, name);
  if (!definition) {
    throw new EmbeddedError('NOT_FOUND', `namespace ${name.slice(0, 80)} is not defined`);
  }
  const result = fill(new lifecycle.QueryChaincodeDefinitionResult(), definition);
  for (const mspId of [...mspIds].sort()) {
    const mismatches = await mismatchesOf(read, mspId, definition);
    result.getApprovalsMap().set(mspId, mismatches.length === 0);
  }
  return result.serializeBinary();
}

async function queryAllCommitted(
  { ledger }: LifecycleOptions,
  request: SystemRequest,
): Promise<Uint8Array> {
  const read = readerFor(request);
  const view = ledger.view();
  const definitions = await allDefinitions(view).finally(() => {
    view.release();
  });
  const result = new lifecycle.QueryChaincodeDefinitionsResult();
  for (const { name } of definitions) {
    const entry = new lifecycle.QueryChaincodeDefinitionsResult.ChaincodeDefinition();
    entry.setName(name);
    result.addChaincodeDefinitions(fill(entry, required(await readDefinition(read, name), name)));
  }
  return result.serializeBinary();
}

/** Without a sequence, the newest one that may have been approved is meant. */
async function queryApproved(
  { mspId, channel }: LifecycleOptions,
  input: Uint8Array,
  request: SystemRequest,
): Promise<Uint8Array> {
  const type = lifecycle.QueryApprovedChaincodeDefinitionArgs;
  const args = decode(type, input, 'QueryApprovedChaincodeDefinitionArgs');
  const [name, asked] = [args.getName(), args.getSequence()];
  const read = readerFor(request);
  const current = asked === 0 ? await readSequence(read, name) : asked;
  const next = asked === 0 ? await readApproval(read, mspId, name, current + 1) : undefined;
  const approval = next ?? (await readApproval(read, mspId, name, current));
  if (!approval) {
    throw new EmbeddedError(
      'MESSAGE_MALFORMED',
      `could not fetch approved chaincode definition (name: '${name.slice(0, 80)}', sequence: '${current}') on channel '${channel}'`,
    );
  }
  const result = fill(new lifecycle.QueryApprovedChaincodeDefinitionResult(), approval);
  result.setSource(sourceOf(approval));
  return result.serializeBinary();
}

async function queryAllApproved({ ledger, mspId }: LifecycleOptions): Promise<Uint8Array> {
  const view = ledger.view();
  const approvals = await allApprovals(view, mspId).finally(() => {
    view.release();
  });
  const result = new lifecycle.QueryApprovedChaincodeDefinitionsResult();
  for (const approval of approvals) {
    const type = lifecycle.QueryApprovedChaincodeDefinitionsResult.ApprovedChaincodeDefinition;
    const entry = fill(new type(), approval);
    entry.setName(approval.name);
    entry.setSource(sourceOf(approval));
    result.addApprovedChaincodeDefinitions(entry);
  }
  return result.serializeBinary();
}

export function queryFunctions(options: LifecycleOptions): LifecycleFunctions {
  return {
    QueryChaincodeDefinition: (input, request) => queryCommitted(options, input, request),
    QueryChaincodeDefinitions: (_, request) => queryAllCommitted(options, request),
    QueryApprovedChaincodeDefinition: (input, request) => queryApproved(options, input, request),
    QueryApprovedChaincodeDefinitions: () => queryAllApproved(options),
  };
}
