/** `lamplighter device transfer|suspend|retire`: asks the vendor that made the device, in a running city. */
import { resolve } from 'node:path';
import { readOperatorFile } from '../operator-file.ts';
import { askMaker } from '../vendor-request.ts';

export interface DeviceFlags {
  readonly directory: string;
}

/** @throws {OperatorError} CITY_NOT_RUNNING, OPTION_INVALID, REQUEST_REFUSED */
export async function transfer(
  device: string,
  { directory, to }: DeviceFlags & { readonly to: string },
): Promise<void> {
  await ask(directory, device, 'transfer', { manager: to });
  tell(`${device}: assigned to ${to}; it hears of that when it dials`);
}

/** @throws {OperatorError} as {@link transfer} */
export async function suspend(
  device: string,
  { directory, reason }: DeviceFlags & { readonly reason: string },
): Promise<void> {
  await ask(directory, device, 'suspend', { reason });
  tell(`${device}: suspended; a transfer lifts that`);
}

/** @throws {OperatorError} as {@link transfer} */
export async function retire(device: string, { directory }: DeviceFlags): Promise<void> {
  await ask(directory, device, 'retire', {});
  tell(`${device}: retired for good`);
}

async function ask(
  directory: string,
  device: string,
  action: string,
  request: object,
): Promise<void> {
  await askMaker(readOperatorFile(resolve(directory)), device, action, request);
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
