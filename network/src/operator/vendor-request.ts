/** Requests of the command line to the operator's API of a running city's vendor nodes (docs in vendor/operator-routes.ts). */
import { readFileSync } from 'node:fs';
import { OperatorError } from './errors.ts';
import type { OperatorEntry } from './operator-file.ts';

export type Document = Readonly<Record<string, unknown>>;

const DEADLINE_MS = 30_000;

/** What a vendor node refused. */
export class VendorRefusal extends OperatorError {
  /** The vendor node's code. */
  readonly refusal: string;

  constructor(vendor: string, { code, detail }: Document) {
    super('REQUEST_REFUSED', `${vendor} refused: ${String(code)}: ${String(detail)}`);
    this.refusal = String(code);
  }
}

/**
 * @param path below `/v1/operator/`
 * @throws {VendorRefusal} with the vendor node's code and words
 */
export async function askVendor(
  entry: OperatorEntry,
  path: string,
  request: object,
  deadlineMs = DEADLINE_MS,
): Promise<Document> {
  const response = await fetch(new URL(`/v1/operator/${path}`, entry.url), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${readFileSync(entry.tokenFile, 'ascii').trim()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(deadlineMs),
  });
  const answer = (await response.json()) as Document;
  if (response.ok) return answer;
  throw new VendorRefusal(entry.vendor, answer);
}

/**
 * Asks the vendor whose device it is: each in turn, until one knows it.
 *
 * @throws {OperatorError} OPTION_INVALID when none does; {@link VendorRefusal}
 */
export async function askMaker(
  entries: readonly OperatorEntry[],
  device: string,
  action: string,
  request: object,
): Promise<Document> {
  for (const entry of entries) {
    try {
      return await askVendor(entry, `devices/${encodeURIComponent(device)}/${action}`, request);
    } catch (error) {
      if (!(error instanceof VendorRefusal) || !NOT_ITS.has(error.refusal)) throw error;
    }
  }
  const vendors = entries.map((each) => each.vendor).join(', ');
  throw new OperatorError('OPTION_INVALID', `none of ${vendors} made a device "${device}"`);
}

/** The second is for an id that can not be one. */
const NOT_ITS: ReadonlySet<string> = new Set(['DEVICE_UNKNOWN', 'ROUTE_NOT_FOUND']);
