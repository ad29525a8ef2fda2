/** `lamplighter audit weakest`: which devices of a running network are the weakest, why, and what to do. */
import type { WeakDevice } from '@lamplighter/chaincode';
import { suiteFacts } from '@lamplighter/sdk/wire';
import { requireRunning } from '../network/running-file.ts';
import { stateDirectoryPath } from '../state-directory.ts';

export interface AuditFlags {
  readonly directory?: string;
  readonly json: boolean;
  readonly limit: number;
}

const ANSWER_WITHIN_MS = 10_000;
/** As strong as the suites are that protocol §4 has for new devices. */
const ENOUGH_BITS = 112;

/** @throws {OperatorError} NETWORK_NOT_RUNNING */
export async function weakest(flags: AuditFlags): Promise<void> {
  const directory = stateDirectoryPath(flags.directory);
  const running = requireRunning(directory);
  // Fabric's client is loaded when there is somebody to ask.
  const { connectReader } = await import('../network/reader.ts');
  const { Contracts } = await import('../../ledger/index.ts');
  const ledger = await connectReader(directory, running, ANSWER_WITHIN_MS);
  try {
    const { items } = await new Contracts(ledger).weakestDevices({ pageSize: flags.limit });
    show(flags, items);
  } finally {
    await ledger.close();
  }
}

function show(flags: AuditFlags, items: readonly WeakDevice[]): void {
  process.stdout.write(
    flags.json ? `${JSON.stringify(items, null, 2)}\n` : `${auditLines(items).join('\n')}\n`,
  );
}

/** For people: legacy first, then the weakest. */
export function auditLines(devices: readonly WeakDevice[]): readonly string[] {
  if (devices.length === 0) return ['no device is assigned'];
  const rows = devices.map((device) => [
    device.device,
    `${device.strength} bits`,
    `0x${device.suite.toString(16).padStart(4, '0')}`,
    suiteFacts(device.suite)?.aead ?? 'unknown',
    device.manager,
    adviceFor(device),
  ]);
  const header = ['device', 'strength', 'suite', 'cipher', 'manager', 'what to do'];
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  return [header, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** What limits a device, and what its vendor can do. */
export function adviceFor(device: WeakDevice): string {
  if (device.legacy) {
    return 'legacy: takes no firmware; replace it, or assign it a suite that is not legacy';
  }
  if (device.strength >= ENOUGH_BITS) return 'nothing';
  const { aead, hashCollision, keyAgreement, managerProofStrength } = device;
  switch (Math.min(aead, hashCollision, keyAgreement, managerProofStrength)) {
    case aead:
      return 'short key or tags: assign 0x0201 (Ascon) if the device carries it; else keep its cycle short';
    case hashCollision:
      return 'short hash: assign a suite with a hash of 256 bits';
    case keyAgreement:
      return 'weak key agreement: assign a suite of protocol §4';
    default:
      return 'weak proof of the manager: assign it under a tree (managerProof 3)';
  }
}
