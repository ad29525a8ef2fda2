/**
 * What a network's directory remembers between starts, in `network.json`: which network it is, and what has been deployed, so that
 * a start with everything in place asks nobody.
 */
import { join } from 'node:path';

import { readIfThere, writeFileAtomic } from '../atomic-file.ts';
import { messageOf } from '../errors.ts';
import { FabricError } from './errors.ts';
import type { Topology } from './topology.ts';

const FORMAT = 'lamplighter.fabric.v1';
const FILE = 'network.json';

export interface NetworkRecord {
  readonly format: typeof FORMAT;
  readonly channel: string;
  /** Names of all orderers and peers. */
  readonly nodes: readonly string[];
  /** By chaincode: all that was asked for, in one text. */
  readonly deployed: Readonly<Record<string, string>>;
}

export function newRecord({ channel, orderers, peers }: Topology): NetworkRecord {
  const nodes = [...orderers, ...peers].map(({ name }) => name);
  return { format: FORMAT, channel, nodes, deployed: {} };
}

function isRecord(value: unknown): value is NetworkRecord {
  return (
    typeof value === 'object' && value !== null && 'format' in value && value.format === FORMAT
  );
}

async function readRecord(file: string): Promise<NetworkRecord | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text.toString());
  } catch (cause) {
    throw invalid(`${file} cannot be read: ${messageOf(cause)}`, cause);
  }
  if (isRecord(value)) return value;
  throw invalid(`${file} expected the format ${FORMAT}, got something else`);
}

/**
 * @returns the record of the directory, or a new one
 * @throws {@link FabricError} OPTIONS_INVALID when the directory belongs to another network
 */
export async function openRecord(directory: string, topology: Topology): Promise<NetworkRecord> {
  const wanted = newRecord(topology);
  const kept = await readRecord(join(directory, FILE));
  if (kept === undefined) return wanted;
  if (kept.channel !== wanted.channel || kept.nodes.join() !== wanted.nodes.join()) {
    throw invalid(
      `the directory holds channel ${kept.channel} of ${kept.nodes.join(', ')}; the options name ` +
        `${wanted.channel} of ${wanted.nodes.join(', ')}; the nodes of a channel are fixed at its first start here`,
    );
  }
  return kept;
}

export async function writeRecord(directory: string, record: NetworkRecord): Promise<void> {
  await writeFileAtomic(join(directory, FILE), `${JSON.stringify(record, undefined, 2)}\n`, 0o644);
}

function invalid(message: string, cause?: unknown): FabricError {
  return new FabricError('OPTIONS_INVALID', message, { cause });
}
