/**
 * What each organisation has approved. Real peers keep this in the private collection `_implicit_org_MSPID` of `_lifecycle`; here
 * there are no private collections, so it stands under the same keys in the open, after the collection's name.
 */
import type { Simulator } from '../ledger/simulator.ts';
import type { StateView } from '../ledger/state.ts';
import {
  NAMESPACES,
  parameterFields,
  readParameters,
  type ChaincodeDefinition,
  type ChaincodeParameters,
} from './definitions.ts';
import {
  fieldKeyOf,
  LIFECYCLE,
  metadataKeyOf,
  metadataOf,
  readField,
  textData,
  writeStructure,
  type LifecycleReader,
} from './lifecycle-state.ts';

const PREFIX = '_implicit_org_';
const SOURCES = 'chaincode-sources';
const DATATYPE = 'ChaincodeParameters';

export interface Approval extends ChaincodeParameters {
  readonly name: string;
  readonly sequence: number;
  /** '' for an organisation that approves without running the chaincode. */
  readonly packageId: string;
}

/** @returns the organisation whose approval a key of `_lifecycle` belongs to, undefined for other keys. */
export function approverOf(key: string): string | undefined {
  const end = key.indexOf('/');
  return key.startsWith(PREFIX) && end > 0 ? key.slice(PREFIX.length, end) : undefined;
}

function namespacesOf(mspId: string): string {
  return `${PREFIX}${mspId}/${NAMESPACES}`;
}

function sourcesOf(mspId: string): string {
  return `${PREFIX}${mspId}/${SOURCES}`;
}

function entryName(name: string, sequence: number): string {
  return `${name}#${sequence}`;
}

/** The key that says by which package an organisation runs a chaincode. */
export function packageKey(mspId: string, name: string, sequence: number): string {
  return fieldKeyOf(sourcesOf(mspId), entryName(name, sequence), 'PackageID');
}

export async function writeApproval(
  simulator: Simulator,
  mspId: string,
  approval: Approval,
): Promise<void> {
  const name = entryName(approval.name, approval.sequence);
  await writeStructure(simulator, {
    namespace: namespacesOf(mspId),
    name,
    datatype: DATATYPE,
    fields: parameterFields(approval),
  });
  await writeStructure(simulator, {
    namespace: sourcesOf(mspId),
    name,
    datatype: 'ChaincodeLocalPackage',
    fields: [['PackageID', textData(approval.packageId)]],
  });
}

/** @returns undefined when the organisation has not approved that sequence. */
export async function readApproval(
  read: LifecycleReader,
  mspId: string,
  name: string,
  sequence: number,
): Promise<Approval | undefined> {
  const parameters = await readParameters(read, namespacesOf(mspId), entryName(name, sequence));
  const source = await readField(read, packageKey(mspId, name, sequence));
  return parameters && { name, sequence, ...parameters, packageId: source?.getString() ?? '' };
}

/** @returns in what an organisation's approval differs from a definition: names of fields, none when it agrees. */
export async function mismatchesOf(
  read: LifecycleReader,
  mspId: string,
  definition: ChaincodeDefinition,
): Promise<readonly string[]> {
  const name = entryName(definition.name, definition.sequence);
  const namespace = namespacesOf(mspId);
  const fields = parameterFields(definition);
  const metadata = await read(metadataKeyOf(namespace, name));
  if (!metadata || !same(metadata.value, metadataOf({ datatype: DATATYPE, fields }))) {
    return [DATATYPE];
  }
  const differing: string[] = [];
  for (const [field, value] of fields) {
    const entry = await read(fieldKeyOf(namespace, name, field));
    if (!entry || !same(entry.value, value)) {
      differing.push(field);
    }
  }
  return differing;
}

/** @returns all that an organisation has approved, by name and sequence. */
export async function allApprovals(view: StateView, mspId: string): Promise<readonly Approval[]> {
  const prefix = metadataKeyOf(namespacesOf(mspId), '');
  const end = `${prefix}\u{10ffff}`;
  const approvals: Approval[] = [];
  let entry = await view.next(LIFECYCLE, prefix, true, end);
  while (entry) {
    const [name = '', sequence = ''] = entry.key.slice(prefix.length).split('#');
    const read: LifecycleReader = (key) => view.get(LIFECYCLE, key);
    const approval = await readApproval(read, mspId, name, Number(sequence));
    if (approval) {
      approvals.push(approval);
    }
    entry = await view.next(LIFECYCLE, entry.key, false, end);
  }
  return approvals;
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
