/**
 * Chaincode definitions as Fabric's lifecycle keeps them in the state of `_lifecycle`: namespaces/metadata/NAME says that there
 * is one, namespaces/fields/NAME/… holds its parts (core/chaincode/lifecycle).
 */
import { common, peer } from '@hyperledger/fabric-protos';

import type { KeyWrite } from '../ledger/read-write-set.ts';
import type { StateEntry, StateView } from '../ledger/state.ts';
import { decode } from '../wire/messages.ts';

const { lifecycle } = peer;

export const LIFECYCLE = '_lifecycle';
const METADATA_PREFIX = 'namespaces/metadata/';
const DATATYPE = 'ChaincodeDefinition';
const FIELDS = ['Collections', 'EndorsementInfo', 'Sequence', 'ValidationInfo'] as const;
type Field = (typeof FIELDS)[number];
/** Where a definition without a policy of its own points to. */
export const DEFAULT_POLICY = '/Channel/Application/Endorsement';

export interface ChaincodeDefinition {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  /** Serialised common.ApplicationPolicy. */
  readonly validationParameter: Uint8Array;
}

/** Reads a key of `_lifecycle`. */
export type LifecycleReader = (key: string) => Promise<StateEntry | undefined>;

export function fieldKey(name: string, field: Field): string {
  return `namespaces/fields/${name}/${field}`;
}

/** @returns serialised common.ApplicationPolicy that refers to a policy of the channel's configuration. */
export function policyReference(path: string): Uint8Array {
  const policy = new common.ApplicationPolicy();
  policy.setChannelConfigPolicyReference(path);
  return policy.serializeBinary();
}

function bytesData(value: Uint8Array): Uint8Array {
  const data = new lifecycle.StateData();
  data.setBytes(value);
  return data.serializeBinary();
}

/** @returns the writes that commit a definition. */
export function definitionWrites(definition: ChaincodeDefinition): readonly KeyWrite[] {
  const { name } = definition;
  const metadata = new lifecycle.StateMetadata();
  metadata.setDatatype(DATATYPE);
  metadata.setFieldsList([...FIELDS]);
  const sequence = new lifecycle.StateData();
  sequence.setInt64(definition.sequence);
  const endorsement = new lifecycle.ChaincodeEndorsementInfo();
  endorsement.setVersion(definition.version);
  endorsement.setEndorsementPlugin('escc');
  const validation = new lifecycle.ChaincodeValidationInfo();
  validation.setValidationPlugin('vscc');
  validation.setValidationParameter(definition.validationParameter);
  const parts: Readonly<Record<Field, Uint8Array>> = {
    Collections: bytesData(new peer.CollectionConfigPackage().serializeBinary()),
    EndorsementInfo: bytesData(endorsement.serializeBinary()),
    Sequence: sequence.serializeBinary(),
    ValidationInfo: bytesData(validation.serializeBinary()),
  };
  return [
    ...FIELDS.map((field) => ({ key: fieldKey(name, field), value: parts[field] })),
    { key: `${METADATA_PREFIX}${name}`, value: metadata.serializeBinary() },
  ];
}

async function readPart(read: LifecycleReader, name: string, field: Field): Promise<Uint8Array> {
  const entry = await read(fieldKey(name, field));
  return decode(lifecycle.StateData, entry?.value ?? new Uint8Array(), field).getBytes_asU8();
}

/** @returns the definition, or undefined when there is none of that name. */
export async function readDefinition(
  read: LifecycleReader,
  name: string,
): Promise<ChaincodeDefinition | undefined> {
  const sequence = await read(fieldKey(name, 'Sequence'));
  if (!sequence) {
    return undefined;
  }
  const endorsement = await readPart(read, name, 'EndorsementInfo');
  const validation = await readPart(read, name, 'ValidationInfo');
  return {
    name,
    sequence: decode(lifecycle.StateData, sequence.value, 'Sequence').getInt64(),
    version: decode(
      lifecycle.ChaincodeEndorsementInfo,
      endorsement,
      'EndorsementInfo',
    ).getVersion(),
    validationParameter: decode(
      lifecycle.ChaincodeValidationInfo,
      validation,
      'ValidationInfo',
    ).getValidationParameter_asU8(),
  };
}

/** @returns the names of all chaincodes that are defined, sorted. */
export async function definedNames(view: StateView): Promise<readonly string[]> {
  const names: string[] = [];
  const end = `${METADATA_PREFIX}\u{10ffff}`;
  let entry = await view.next(LIFECYCLE, METADATA_PREFIX, true, end);
  while (entry) {
    names.push(entry.key.slice(METADATA_PREFIX.length));
    entry = await view.next(LIFECYCLE, entry.key, false, end);
  }
  return names;
}

export function readerOf(view: StateView): LifecycleReader {
  return (key) => view.get(LIFECYCLE, key);
}
