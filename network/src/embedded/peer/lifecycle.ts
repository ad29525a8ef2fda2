/**
 * The system chaincode `_lifecycle` (core/chaincode/lifecycle/scc.go): packages are installed on a peer, definitions are approved by
 * each organisation and committed by enough of them. Every function takes one serialised argument and answers with one result.
 */
import type { ChannelAccess } from '../access.ts';
import type { PackageStore } from '../chaincode/package-store.ts';
import { EmbeddedError, messageOf } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Identity } from '../msp.ts';
import type { PolicyOf } from './definition-policy.ts';
import { definitionFunctions } from './lifecycle-definitions.ts';
import { packageFunctions } from './lifecycle-packages.ts';
import { queryFunctions } from './lifecycle-queries.ts';
import { LIFECYCLE } from './lifecycle-state.ts';
import { failure, success } from './responses.ts';
import { text, type SystemChaincode, type SystemRequest } from './system-chaincode.ts';

/** Fabric answers so when a package or a definition is not there. */
const NOT_FOUND = 404;

export interface LifecycleOptions {
  readonly channel: string;
  readonly ledger: Ledger;
  readonly access: ChannelAccess;
  /** The peer's own organisation. */
  readonly mspId: string;
  /** All organisations of the channel. */
  readonly mspIds: readonly string[];
  readonly policyOf: PolicyOf;
  readonly packages: PackageStore;
}

/** @returns the serialised result. */
type LifecycleFunction = (
  input: Uint8Array,
  request: SystemRequest,
) => Uint8Array | Promise<Uint8Array>;

/** Functions by name. */
export type LifecycleFunctions = Readonly<Record<string, LifecycleFunction>>;

/** What only the administrators of the peer's own organisation may call; the rest is for writers of the channel. */
const FOR_ADMINISTRATORS: ReadonlySet<string> = new Set([
  'InstallChaincode',
  'QueryInstalledChaincode',
  'QueryInstalledChaincodes',
  'GetInstalledChaincodePackage',
  'ApproveChaincodeDefinitionForMyOrg',
  'QueryApprovedChaincodeDefinition',
  'QueryApprovedChaincodeDefinitions',
]);

/** What a contract must not do in the name of the administrator who calls it; Fabric lets it. */
const FOR_CLIENTS: ReadonlySet<string> = new Set([
  'InstallChaincode',
  'ApproveChaincodeDefinitionForMyOrg',
  'CommitChaincodeDefinition',
]);

function assertAdministrator(mspId: string, caller: Identity): void {
  if (caller.mspId !== mspId) {
    throw new EmbeddedError(
      'ACCESS_DENIED',
      `Failed deserializing proposal creator during channelless check policy with policy [Admins]: [expected MSP ID ${mspId}, received ${caller.mspId}]`,
    );
  }
  if (caller.role !== 'admin') {
    throw new EmbeddedError(
      'ACCESS_DENIED',
      `Failed verifying that proposal's creator satisfies local MSP principal during channelless check policy with policy [Admins]: [The identity is not an admin under this MSP [${mspId}]: The identity does not contain OU [ADMIN], MSP: [${mspId}]]`,
    );
  }
}

function assertMayCall({ mspId, access }: LifecycleOptions, request: SystemRequest): void {
  if (FOR_ADMINISTRATORS.has(text(request.args[0]))) {
    assertAdministrator(mspId, request.caller);
  } else {
    access.assertWriter(request.caller);
  }
}

/** @returns why the request is refused before its function is called, undefined when it is not. */
function refusal(options: LifecycleOptions, request: SystemRequest): string | undefined {
  if (request.args.length !== 2) {
    return `lifecycle scc operations require exactly two arguments but received ${request.args.length}`;
  }
  const called = text(request.args[0]);
  if (request.origin !== undefined && FOR_CLIENTS.has(called)) {
    return `Rejecting ${called} of _lifecycle from another chaincode, original invocation for '${request.origin}'`;
  }
  try {
    assertMayCall(options, request);
    return undefined;
  } catch (error) {
    return `Failed to authorize invocation due to failed ACL check: ${messageOf(error)}`;
  }
}

export function newLifecycle(options: LifecycleOptions): SystemChaincode {
  const functions = new Map(
    Object.entries({
      ...packageFunctions(options),
      ...definitionFunctions(options),
      ...queryFunctions(options),
    }),
  );
  return {
    name: LIFECYCLE,
    readsState: true,
    invoke: async (request) => {
      const called = text(request.args[0]);
      const refused = refusal(options, request);
      const run = functions.get(called);
      if (refused !== undefined || !run) {
        return failure(refused ?? `receiver Invocation.${called.slice(0, 80)} does not exist`);
      }
      try {
        return success(await run(request.args[1] ?? new Uint8Array(), request));
      } catch (error) {
        if (!(error instanceof EmbeddedError)) {
          throw error;
        }
        return answerTo(called, error);
      }
    },
  };
}

function answerTo(called: string, error: EmbeddedError): ReturnType<typeof failure> {
  if (error.code !== 'NOT_FOUND') {
    return failure(`failed to invoke backing implementation of '${called}': ${error.message}`);
  }
  const response = failure(error.message);
  response.setStatus(NOT_FOUND);
  return response;
}
