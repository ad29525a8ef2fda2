/**
 * Chaincode definitions as Fabric's lifecycle keeps them in the state of `_lifecycle`: namespaces/metadata/NAME says that there
 * is one, namespaces/fields/NAME/… holds its parts (core/chaincode/lifecycle).
 */
import { common, peer } from '@hyperledger/fabric-protos';

import { EmbeddedError } from '../errors.ts';
import type { StateView } from '../ledger/state.ts';
import { decode } from '../wire/messages.ts';
import {
  bytesData,
  fieldKeyOf,
  integerData,
  LIFECYCLE,
  metadataKeyOf,
  readField,
  type Fields,
  type LifecycleReader,
  type Structure,
} from './lifecycle-state.ts';

export { LIFECYCLE, type LifecycleReader } from './lifecycle-state.ts';

const { lifecycle } = peer;

export const NAMESPACES = 'namespaces';
const METADATA_PREFIX = metadataKeyOf(NAMESPACES, '');
export const ENDORSEMENT_PLUGIN = 'escc';
/** Fabric's own validation: the definition's policy decides. */
export const VALIDATION_PLUGIN = 'vscc';
/** Validation by the stake table that the chaincode keeps; real peers load it from network/plugin. */
export const STAKE_PLUGIN = 'lamplighter-stake';
export const VALIDATION_PLUGINS: readonly string[] = [VALIDATION_PLUGIN, STAKE_PLUGIN];
/** Where a definition without a policy of its own points to. */
export const DEFAULT_POLICY = '/Channel/Application/Endorsement';

/** What organisations agree on, apart from its place in the sequence of definitions. */
export interface ChaincodeParameters {
  readonly version: string;
  readonly validationPlugin: string;
  /** Serialised common.ApplicationPolicy. */
  readonly validationParameter: Uint8Array;
}

export interface ChaincodeDefinition extends ChaincodeParameters {
  readonly name: string;
  readonly sequence: number;
}

export function fieldKey(
  name: string,
  field: 'Sequence' | 'EndorsementInfo' | 'ValidationInfo' | 'Collections',
): string {
  return fieldKeyOf(NAMESPACES, name, field);
}

/** @returns the chaincode whose definition a key of `_lifecycle` belongs to, undefined for other keys. */
export function definedBy(key: string): string | undefined {
  const [namespace, kind, name] = key.split('/');
  return namespace === NAMESPACES && (kind === 'fields' || kind === 'metadata') ? name : undefined;
}

/** @returns serialised common.ApplicationPolicy that refers to a policy of the channel's configuration. */
export function policyReference(path: string): Uint8Array {
  const policy = new common.ApplicationPolicy();
  policy.setChannelConfigPolicyReference(path);
  return policy.serializeBinary();
}

/** The parts that an approval and a definition have in common. */
export function parameterFields({
  version,
  validationPlugin,
  validationParameter,
}: ChaincodeParameters): Fields {
  const endorsement = new lifecycle.ChaincodeEndorsementInfo();
  endorsement.setVersion(version);
  endorsement.setEndorsementPlugin(ENDORSEMENT_PLUGIN);
  const validation = new lifecycle.ChaincodeValidationInfo();
  validation.setValidationPlugin(validationPlugin);
  validation.setValidationParameter(validationParameter);
  return [
    ['EndorsementInfo', bytesData(endorsement.serializeBinary())],
    ['ValidationInfo', bytesData(validation.serializeBinary())],
    ['Collections', bytesData(new Uint8Array())],
  ];
}

export function definitionStructure(definition: ChaincodeDefinition): Structure {
  return {
    namespace: NAMESPACES,
    name: definition.name,
    datatype: 'ChaincodeDefinition',
    fields: [['Sequence', integerData(definition.sequence)], ...parameterFields(definition)],
  };
}

/** @returns the parameters that stand below a name, undefined when there are none. */
export async function readParameters(
  read: LifecycleReader,
  namespace: string,
  name: string,
): Promise<ChaincodeParameters | undefined> {
  const endorsement = await readField(read, fieldKeyOf(namespace, name, 'EndorsementInfo'));
  const validation = await readField(read, fieldKeyOf(namespace, name, 'ValidationInfo'));
  if (!endorsement || !validation) {
    return undefined;
  }
  const type = lifecycle.ChaincodeValidationInfo;
  const info = decode(type, validation.getBytes_asU8(), 'ValidationInfo');
  return {
    version: decode(
      lifecycle.ChaincodeEndorsementInfo,
      endorsement.getBytes_asU8(),
      'EndorsementInfo',
    ).getVersion(),
    validationPlugin: info.getValidationPlugin(),
    validationParameter: info.getValidationParameter_asU8(),
  };
}

/** @returns how often the chaincode was defined, 0 when it never was. */
export async function readSequence(read: LifecycleReader, name: string): Promise<number> {
  return (await readField(read, fieldKey(name, 'Sequence')))?.getInt64() ?? 0;
}

/** @returns the definition, or undefined when there is none of that name. */
export async function readDefinition(
  read: LifecycleReader,
  name: string,
): Promise<ChaincodeDefinition | undefined> {
  const sequence = await readSequence(read, name);
  const parameters = sequence > 0 ? await readParameters(read, NAMESPACES, name) : undefined;
  return parameters && { name, sequence, ...parameters };
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

/** All definitions; one that cannot be read is left out, so that it spoils nothing but itself. */
export async function allDefinitions(view: StateView): Promise<readonly ChaincodeDefinition[]> {
  const definitions: ChaincodeDefinition[] = [];
  for (const name of await definedNames(view)) {
    const definition = await readDefinition(readerOf(view), name).catch((error: unknown) => {
      if (!(error instanceof EmbeddedError)) {
        throw error;
      }
      return undefined;
    });
    if (definition) {
      definitions.push(definition);
    }
  }
  return definitions;
}

export function readerOf(view: StateView): LifecycleReader {
  return (key) => view.get(LIFECYCLE, key);
}
