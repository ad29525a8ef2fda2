/**
 * Questions about chaincode definitions: the reading half of the system chaincode `_lifecycle`. Definitions are committed by the
 * network itself when it starts, from its options; every organisation in it runs on that understanding, so all have approved.
 */
import { peer } from '@hyperledger/fabric-protos';

import type { ChannelAccess } from '../access.ts';
import { EmbeddedError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { decode, required } from '../wire/messages.ts';
import { definedNames, LIFECYCLE, readDefinition, type LifecycleReader } from './definitions.ts';
import { success } from './responses.ts';
import {
  argument,
  newSystemChaincode,
  type SystemChaincode,
  type SystemRequest,
} from './system-chaincode.ts';

const { lifecycle } = peer;
const BY_OPTIONS =
  'chaincodes are defined by the options of the network; change version and sequence there and start it again';

export interface LifecycleOptions {
  readonly ledger: Ledger;
  readonly access: ChannelAccess;
  readonly mspIds: readonly string[];
}

function readerOf(request: SystemRequest): LifecycleReader {
  const simulator = required(request.simulator, `a channel for ${LIFECYCLE}`);
  return (key) => simulator.read(LIFECYCLE, key);
}

async function queryOne(request: SystemRequest, mspIds: readonly string[]): Promise<Uint8Array> {
  const query = decode(
    lifecycle.QueryChaincodeDefinitionArgs,
    argument(request, 1),
    'QueryChaincodeDefinitionArgs',
  );
  const definition = await readDefinition(readerOf(request), query.getName());
  if (!definition) {
    throw new EmbeddedError('NOT_FOUND', `namespace ${query.getName()} is not defined`);
  }
  const result = new lifecycle.QueryChaincodeDefinitionResult();
  result.setSequence(definition.sequence);
  result.setVersion(definition.version);
  result.setEndorsementPlugin('escc');
  result.setValidationPlugin('vscc');
  result.setValidationParameter(definition.validationParameter);
  result.setCollections(new peer.CollectionConfigPackage());
  for (const mspId of [...mspIds].sort()) {
    result.getApprovalsMap().set(mspId, true);
  }
  return result.serializeBinary();
}

async function queryAll(request: SystemRequest, ledger: Ledger): Promise<Uint8Array> {
  const view = ledger.view();
  const names = await definedNames(view).finally(() => {
    view.release();
  });
  const result = new lifecycle.QueryChaincodeDefinitionsResult();
  for (const name of names) {
    const definition = required(await readDefinition(readerOf(request), name), name);
    const entry = new lifecycle.QueryChaincodeDefinitionsResult.ChaincodeDefinition();
    entry.setName(name);
    entry.setSequence(definition.sequence);
    entry.setVersion(definition.version);
    entry.setEndorsementPlugin('escc');
    entry.setValidationPlugin('vscc');
    entry.setValidationParameter(definition.validationParameter);
    entry.setCollections(new peer.CollectionConfigPackage());
    result.addChaincodeDefinitions(entry);
  }
  return result.serializeBinary();
}

export function newLifecycle({ ledger, access, mspIds }: LifecycleOptions): SystemChaincode {
  return newSystemChaincode(
    LIFECYCLE,
    true,
    {
      QueryChaincodeDefinition: async (request) => {
        access.assertReader(request.caller);
        return success(await queryOne(request, mspIds));
      },
      QueryChaincodeDefinitions: async (request) => {
        access.assertReader(request.caller);
        return success(await queryAll(request, ledger));
      },
      QueryInstalledChaincodes: () =>
        success(new lifecycle.QueryInstalledChaincodesResult().serializeBinary()),
    },
    {
      InstallChaincode: BY_OPTIONS,
      ApproveChaincodeDefinitionForMyOrg: BY_OPTIONS,
      CheckCommitReadiness: BY_OPTIONS,
      CommitChaincodeDefinition: BY_OPTIONS,
      QueryApprovedChaincodeDefinition: BY_OPTIONS,
      QueryApprovedChaincodeDefinitions: BY_OPTIONS,
      QueryInstalledChaincode: BY_OPTIONS,
      GetInstalledChaincodePackage: BY_OPTIONS,
    },
  );
}
