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
): Promise<Document> {
  const response = await post(entry, path, request, AbortSignal.timeout(DEADLINE_MS));
  const answer = (await response.json()) as Document;
  if (response.ok) return answer;
  throw new VendorRefusal(entry.vendor, answer);
}

/**
 * Asks for work that may take long: it is answered by lines (vendor/take-overs.ts).
 *
 * @param hear is told of progress
 * @param silenceMs how long nothing may come
 * @throws {OperatorError} NOT_IN_TIME, ANSWER_BROKEN; {@link VendorRefusal}
 */
export async function followVendor(
  entry: OperatorEntry,
  path: string,
  request: object,
  hear: (progress: Document) => void,
  silenceMs = SILENCE_MS,
): Promise<Document> {
  using silence = new Silence(entry.vendor, silenceMs);
  try {
    const response = await post(entry, path, request, silence.signal);
    if (!response.ok) throw new VendorRefusal(entry.vendor, (await response.json()) as Document);
    for await (const line of linesOf(response.body, entry.vendor)) {
      silence.broken();
      const { progress, result, problem } = line as Readonly<Record<string, Document | undefined>>;
      if (result !== undefined) return result;
      if (problem !== undefined) throw new VendorRefusal(entry.vendor, problem);
      hear(progress ?? {});
    }
  } catch (error) {
    silence.signal.throwIfAborted();
    if (error instanceof OperatorError) throw error;
    throw brokenOff(entry.vendor, error);
  }
  throw brokenOff(entry.vendor);
}

/** Aborts when nothing came for a while. */
class Silence implements Disposable {
  readonly #late = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(vendor: string, milliseconds: number) {
    this.#timer = setTimeout(() => {
      const text = `nothing came from ${vendor} for ${milliseconds / 1_000} s; ask again, it goes on`;
      this.#late.abort(new OperatorError('NOT_IN_TIME', text));
    }, milliseconds);
  }

  get signal(): AbortSignal {
    return this.#late.signal;
  }

  /** Something came. */
  broken(): void {
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** @throws {OperatorError} ANSWER_BROKEN for a line that is too long or no JSON */
async function* linesOf(body: AsyncIterable<Uint8Array> | null, vendor: string): AsyncGenerator {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of body ?? []) {
    rest = Buffer.concat([rest, piece]);
    for (let end = rest.indexOf(LINE_END); end >= 0; end = rest.indexOf(LINE_END)) {
      yield JSON.parse(rest.subarray(0, end).toString('utf8')) as unknown;
      rest = rest.subarray(end + 1);
    }
    if (rest.length > LINE_BYTES) throw brokenOff(vendor);
  }
}

const LINE_END = 0x0a;
/** The result names each device: 100,000 at most. */
const LINE_BYTES = 16_777_216;
/** A vendor node says something every few seconds. */
const SILENCE_MS = 60_000;

function brokenOff(vendor: string, cause?: unknown): OperatorError {
  const text = `${vendor} did not end its answer; ask again, what it began goes on`;
  return new OperatorError('ANSWER_BROKEN', text, { cause });
}

function post(
  entry: OperatorEntry,
  path: string,
  request: object,
  signal: AbortSignal,
): Promise<Response> {
  return fetch(new URL(`/v1/operator/${path}`, entry.url), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${readFileSync(entry.tokenFile, 'ascii').trim()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(request),
    signal,
  });
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
