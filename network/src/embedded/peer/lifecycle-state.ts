/**
 * Structures as Fabric's lifecycle keeps them in the state of `_lifecycle` (core/chaincode/lifecycle/serializer.go): one key says of
 * which type a structure is and which fields it has, one key a field holds its value. Only what changes is written.
 */
import { peer } from '@hyperledger/fabric-protos';

import type { Simulator } from '../ledger/simulator.ts';
import type { StateEntry } from '../ledger/state.ts';
import { decode } from '../wire/messages.ts';

const { lifecycle } = peer;

export const LIFECYCLE = '_lifecycle';

/** Reads a key of `_lifecycle`. */
export type LifecycleReader = (key: string) => Promise<StateEntry | undefined>;

/** Fields by name, each a serialised lifecycle.StateData, in the order of Fabric's own structure. */
export type Fields = readonly (readonly [name: string, data: Uint8Array])[];

export interface Structure {
  /** `namespaces` or `chaincode-sources`, after a prefix of its own. */
  readonly namespace: string;
  readonly name: string;
  readonly datatype: string;
  readonly fields: Fields;
}

export function metadataKeyOf(namespace: string, name: string): string {
  return `${namespace}/metadata/${name}`;
}

export function fieldKeyOf(namespace: string, name: string, field: string): string {
  return `${namespace}/fields/${name}/${field}`;
}

export function bytesData(value: Uint8Array): Uint8Array {
  const data = new lifecycle.StateData();
  data.setBytes(value);
  return data.serializeBinary();
}

export function integerData(value: number): Uint8Array {
  const data = new lifecycle.StateData();
  data.setInt64(value);
  return data.serializeBinary();
}

export function textData(value: string): Uint8Array {
  const data = new lifecycle.StateData();
  data.setString(value);
  return data.serializeBinary();
}

/** @returns serialised lifecycle.StateMetadata. */
export function metadataOf({
  datatype,
  fields,
}: Pick<Structure, 'datatype' | 'fields'>): Uint8Array {
  const metadata = new lifecycle.StateMetadata();
  metadata.setDatatype(datatype);
  metadata.setFieldsList(fields.map(([name]) => name));
  return metadata.serializeBinary();
}

function differs(entry: StateEntry | undefined, value: Uint8Array): boolean {
  return !entry || Buffer.compare(entry.value, value) !== 0;
}

/** Brings the state in line with a structure; reads what it may change, so that two such writes cannot both succeed. */
export async function writeStructure(simulator: Simulator, structure: Structure): Promise<void> {
  const { namespace, name, fields } = structure;
  const metadataKey = metadataKeyOf(namespace, name);
  const current = await simulator.read(LIFECYCLE, metadataKey);
  for (const [field, value] of fields) {
    const key = fieldKeyOf(namespace, name, field);
    if (!current || differs(await simulator.read(LIFECYCLE, key), value)) {
      simulator.write(LIFECYCLE, key, value);
    }
  }
  const metadata = metadataOf(structure);
  if (differs(current, metadata)) {
    simulator.write(LIFECYCLE, metadataKey, metadata);
  }
}

/** @returns the content of a field, undefined when it is not there. @throws EmbeddedError MESSAGE_MALFORMED */
export async function readField(
  read: LifecycleReader,
  key: string,
): Promise<peer.lifecycle.StateData | undefined> {
  const entry = await read(key);
  return entry && decode(lifecycle.StateData, entry.value, key);
}
