/** The half of `_lifecycle` that is about a peer's packages; it needs no channel. */
import { peer } from '@hyperledger/fabric-protos';

import type { ChaincodePackage } from '../chaincode/package-archive.ts';
import { EmbeddedError } from '../errors.ts';
import { decode } from '../wire/messages.ts';
import { mismatchesOf, readApproval } from './approvals.ts';
import { allDefinitions, readerOf, type ChaincodeDefinition } from './definitions.ts';
import type { LifecycleFunctions, LifecycleOptions } from './lifecycle.ts';

const { lifecycle } = peer;

/** Definitions by the package that this peer's organisation runs them with. */
type Uses = ReadonlyMap<string, readonly ChaincodeDefinition[]>;

async function usesOf({ ledger, mspId }: LifecycleOptions): Promise<Uses> {
  const view = ledger.view();
  const read = readerOf(view);
  const uses = new Map<string, ChaincodeDefinition[]>();
  try {
    for (const definition of await allDefinitions(view)) {
      const { name, sequence } = definition;
      const agreed = (await mismatchesOf(read, mspId, definition)).length === 0;
      const approval = agreed ? await readApproval(read, mspId, name, sequence) : undefined;
      if (approval) {
        uses.set(approval.packageId, [...(uses.get(approval.packageId) ?? []), definition]);
      }
    }
    return uses;
  } finally {
    view.release();
  }
}

function installedOf(
  { channel }: LifecycleOptions,
  { packageId, label }: ChaincodePackage,
  uses: Uses,
): peer.lifecycle.QueryInstalledChaincodesResult.InstalledChaincode {
  const installed = new lifecycle.QueryInstalledChaincodesResult.InstalledChaincode();
  installed.setPackageId(packageId);
  installed.setLabel(label);
  const definitions = uses.get(packageId);
  if (definitions) {
    const references = new lifecycle.QueryInstalledChaincodesResult.References();
    references.setChaincodesList(
      definitions.map(({ name, version }) => {
        const chaincode = new lifecycle.QueryInstalledChaincodesResult.Chaincode();
        chaincode.setName(name);
        chaincode.setVersion(version);
        return chaincode;
      }),
    );
    installed.getReferencesMap().set(channel, references);
  }
  return installed;
}

async function install({ packages }: LifecycleOptions, input: Uint8Array): Promise<Uint8Array> {
  const args = decode(lifecycle.InstallChaincodeArgs, input, 'InstallChaincodeArgs');
  const { packageId, label } = await packages.install(args.getChaincodeInstallPackage_asU8());
  const result = new lifecycle.InstallChaincodeResult();
  result.setPackageId(packageId);
  result.setLabel(label);
  return result.serializeBinary();
}

async function queryInstalled(options: LifecycleOptions): Promise<Uint8Array> {
  const uses = await usesOf(options);
  const result = new lifecycle.QueryInstalledChaincodesResult();
  result.setInstalledChaincodesList(
    options.packages.list().map((found) => installedOf(options, found, uses)),
  );
  return result.serializeBinary();
}

/** QueryInstalledChaincodeResult has the fields of one entry of QueryInstalledChaincodesResult, under other numbers. */
async function queryOne(options: LifecycleOptions, input: Uint8Array): Promise<Uint8Array> {
  const args = decode(lifecycle.QueryInstalledChaincodeArgs, input, 'QueryInstalledChaincodeArgs');
  const found = options.packages.find(args.getPackageId());
  if (!found) {
    throw new EmbeddedError(
      'NOT_FOUND',
      `chaincode install package '${args.getPackageId().slice(0, 200)}' not found`,
    );
  }
  const definitions = (await usesOf(options)).get(found.packageId);
  const result = new lifecycle.QueryInstalledChaincodeResult();
  result.setPackageId(found.packageId);
  result.setLabel(found.label);
  if (definitions) {
    const references = new lifecycle.QueryInstalledChaincodeResult.References();
    for (const { name, version } of definitions) {
      const chaincode = new lifecycle.QueryInstalledChaincodeResult.Chaincode();
      chaincode.setName(name);
      chaincode.setVersion(version);
      references.addChaincodes(chaincode);
    }
    result.getReferencesMap().set(options.channel, references);
  }
  return result.serializeBinary();
}

/** Fabric answers a package that is not there with status 500 here, and with 404 to QueryInstalledChaincode. */
async function getPackage({ packages }: LifecycleOptions, input: Uint8Array): Promise<Uint8Array> {
  const args = decode(
    lifecycle.GetInstalledChaincodePackageArgs,
    input,
    'GetInstalledChaincodePackageArgs',
  );
  const bytes = await packages.read(args.getPackageId()).catch((cause: unknown) => {
    if (!(cause instanceof EmbeddedError)) {
      throw cause;
    }
    throw new EmbeddedError(
      'STORAGE_FAILED',
      `could not load cc install package: ${cause.message}`,
      { cause },
    );
  });
  const result = new lifecycle.GetInstalledChaincodePackageResult();
  result.setChaincodeInstallPackage(bytes);
  return result.serializeBinary();
}

export function packageFunctions(options: LifecycleOptions): LifecycleFunctions {
  return {
    InstallChaincode: (input) => install(options, input),
    QueryInstalledChaincodes: () => queryInstalled(options),
    QueryInstalledChaincode: (input) => queryOne(options, input),
    GetInstalledChaincodePackage: (input) => getPackage(options, input),
  };
}
