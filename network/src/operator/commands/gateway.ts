/**
 * `lamplighter gateway take-over`: every vendor of a running city gives its devices at a gateway that is gone to another
 * gateway. A gateway whose devices' reports are not overdue on the ledger is left alone, unless forced.
 */
import { resolve } from 'node:path';
import { OperatorError } from '../errors.ts';
import { readOperatorFile } from '../operator-file.ts';
import { followVendor, VendorRefusal, type Document } from '../vendor-request.ts';

export interface TakeOverFlags {
  readonly directory: string;
  /** @default the gateway that stands by */
  readonly to?: string;
  readonly force: boolean;
}

/** @throws {OperatorError} CITY_NOT_RUNNING, REQUEST_REFUSED when no vendor took a device over */
export async function takeOver(gateway: string, flags: TakeOverFlags): Promise<void> {
  const entries = readOperatorFile(resolve(flags.directory));
  const path = `managers/${encodeURIComponent(gateway)}/take-over`;
  const request = { force: flags.force, ...(flags.to === undefined ? {} : { to: flags.to }) };
  const refusals: VendorRefusal[] = [];
  for (const entry of entries) {
    try {
      report(entry.vendor, await followVendor(entry, path, request, progressOf(entry.vendor)));
    } catch (error) {
      if (!(error instanceof VendorRefusal)) throw error;
      refusals.push(error);
    }
  }
  for (const { message } of refusals) process.stderr.write(`lamplighter: ${message}\n`);
  const [first] = refusals;
  // A vendor without a device there, or whose devices report, says no while another says yes.
  if (first !== undefined && refusals.length === entries.length) throw first;
  if (entries.length === 0) throw new OperatorError('CITY_NOT_RUNNING', 'no vendor node runs');
}

/** Tells each step once. */
function progressOf(vendor: string): (progress: Document) => void {
  let told: unknown = 0;
  return ({ done, of }) => {
    if (done === told) return;
    told = done;
    process.stderr.write(`${vendor}: ${String(done)} of ${String(of)} devices\n`);
  };
}

function report(vendor: string, answer: Document): void {
  const { to, transferred, suspended, failed } = answer as {
    readonly to: string;
    readonly transferred: readonly string[];
    readonly suspended: readonly string[];
    readonly failed: readonly { readonly device: string; readonly reason: string }[];
  };
  const lines = [
    `${vendor}: ${transferred.length} devices assigned to ${to}`,
    ...suspended.map((device) => `${vendor}: ${device} is suspended and stays`),
    ...failed.map(({ device, reason }) => `${vendor}: ${device} stays: ${reason}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (failed.length > 0) process.exitCode = 1;
}
