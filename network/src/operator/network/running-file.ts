/**
 * `running.json` in the network's folder, there while a network runs: what the command line, and tools beside it, need to
 * reach it. It holds no secret.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../atomic-file.ts';
import type { ContractServer, EngineKind } from '../city/engine.ts';
import { OperatorError } from '../errors.ts';
import { lockHolder } from '../../lock-file.ts';

const NAME = 'running.json';
const FORMAT = 'lamplighter.network.v2';
const READABLE = 0o644;

/** One node behind its TLS endpoint. */
export interface RunningNode {
  /** Full name, such as `peer0.northlight.example`. */
  readonly name: string;
  /** `host:port` */
  readonly address: string;
  /** File with the certificate of its TLS CA. */
  readonly tlsRootCertificate: string;
}

export interface RunningOrganisation {
  /** Short name, such as `northlight`. */
  readonly name: string;
  readonly mspId: string;
  readonly domain: string;
  readonly peer: RunningNode;
  /** Folder of its users' MSP folders. */
  readonly users: string;
}

export interface RunningNetwork {
  readonly format: typeof FORMAT;
  /** Made up at each start; the operations endpoint says it with each answer. */
  readonly instance: string;
  readonly processId: number;
  /** ISO 8601. */
  readonly since: string;
  /** `city`: devices, gateways and vendors run with it (`npm start`). */
  readonly kind: 'network' | 'city';
  readonly engine: EngineKind;
  /** Full names of the nodes that run here; undefined when all do. */
  readonly runs?: readonly string[];
  readonly channel: string;
  readonly chaincode: {
    readonly name: string;
    readonly version: string;
    readonly servers: readonly ContractServer[];
  };
  /** Base URL of the operations endpoint. */
  readonly operations: string;
  /** Folder with the stock peer command's core.yaml: FABRIC_CFG_PATH. */
  readonly peerConfiguration: string;
  readonly logFile: string;
  readonly orderers: readonly RunningNode[];
  readonly organisations: readonly RunningOrganisation[];
}

/** Where a state directory has its network. */
export function networkFolder(directory: string): string {
  return join(directory, 'network');
}

export async function writeRunningFile(
  folder: string,
  facts: Omit<RunningNetwork, 'format'>,
): Promise<void> {
  const text = `${JSON.stringify({ format: FORMAT, ...facts }, null, 2)}\n`;
  await writeFileAtomic(join(folder, NAME), text, READABLE);
}

export function removeRunningFile(folder: string): void {
  rmSync(join(folder, NAME), { force: true });
}

/** The process that has the state directory now, whatever it is doing. */
export function processOf(directory: string): number | undefined {
  return lockHolder(join(directory, 'city.lock'));
}

/** @returns undefined when no network runs on the state directory, or it is not ready yet. */
export function findRunning(directory: string): RunningNetwork | undefined {
  const holder = processOf(directory);
  if (holder === undefined) return undefined;
  const running = read(join(networkFolder(directory), NAME));
  // One that was killed leaves its file behind.
  return running?.processId === holder ? running : undefined;
}

/** @throws {OperatorError} NETWORK_NOT_RUNNING */
export function requireRunning(directory: string): RunningNetwork {
  const running = findRunning(directory);
  if (running !== undefined) return running;
  const holder = processOf(directory);
  throw new OperatorError(
    'NETWORK_NOT_RUNNING',
    holder === undefined
      ? `no network runs on ${directory}; start one with: npx lamplighter network up --detach --directory ${directory}`
      : `process ${holder} has ${directory}, but its network is not ready or is ending; try again in a moment`,
  );
}

function read(path: string): RunningNetwork | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const value = JSON.parse(text) as Partial<RunningNetwork>;
  return value.format === FORMAT ? (value as RunningNetwork) : undefined;
}
