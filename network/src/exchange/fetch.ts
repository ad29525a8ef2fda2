/**
 * Requests to other nodes that can not be endless, slow or redirected: every answer has a byte limit (the signed length
 * where there is one), a deadline and a least rate (protocol §8: endless data, slow retrieval). Retries are the caller's.
 */
import { ExchangeError } from './exchange-error.ts';

/** How slow an answer may be. */
export interface FetchPatience {
  /** For the whole exchange, milliseconds. @default 120_000 */
  readonly deadlineMs?: number;
  /** Bytes a second at least, looked at every `rateWindowMs`. @default 1_024 */
  readonly minimumRate?: number;
  /** Milliseconds. @default 10_000 */
  readonly rateWindowMs?: number;
}

export interface FetchOptions extends FetchPatience {
  /** @default 'GET', 'POST' with a body */
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of the answer at most. */
  readonly limitBytes: number;
  /** Bytes of the answer exactly. */
  readonly exactBytes?: number;
  readonly signal?: AbortSignal;
}

/** What is read of an error document. */
const PROBLEM_BYTES = 4_096;

/**
 * @returns the body of a 2xx answer
 * @throws {@link ExchangeError} FETCH_…; the reason of `signal` when that is aborted
 */
export async function fetchBounded(url: string, options: FetchOptions): Promise<Uint8Array> {
  options.signal?.throwIfAborted();
  const cut = new AbortController();
  const deadline = setTimeout(() => {
    cut.abort(new ExchangeError('FETCH_TIMEOUT', `${url} did not finish before the deadline`));
  }, options.deadlineMs ?? 120_000);
  const signal =
    options.signal === undefined ? cut.signal : AbortSignal.any([options.signal, cut.signal]);
  try {
    const response = await fetch(url, requestOf(options, signal));
    requireNoRedirect(url, response);
    if (!response.ok) throw await refusalOf(url, response, cut);
    return await readBody(url, response, options, cut);
  } catch (error) {
    if (error instanceof ExchangeError) throw error;
    signal.throwIfAborted();
    throw new ExchangeError('FETCH_UNAVAILABLE', `no connection to ${url}`, { cause: error });
  } finally {
    clearTimeout(deadline);
    // Drops the connection of an answer that was not read to its end.
    cut.abort(new ExchangeError('FETCH_UNAVAILABLE', 'finished'));
  }
}

function requestOf(options: FetchOptions, signal: AbortSignal): RequestInit {
  const headers = { ...options.headers };
  if (options.body === undefined) return { method: 'GET', headers, signal, redirect: 'manual' };
  headers['content-type'] = 'application/cbor';
  const body = new Uint8Array(options.body);
  return { method: 'POST', body, headers, signal, redirect: 'manual' };
}

function requireNoRedirect(url: string, response: Response): void {
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    throw new ExchangeError('FETCH_REDIRECTED', `${url} redirects, which is refused`, {
      refusal: { status: response.status, problem: '' },
    });
  }
}

async function refusalOf(
  url: string,
  response: Response,
  cut: AbortController,
): Promise<ExchangeError> {
  const { status } = response;
  const text = await readBody(url, response, { limitBytes: PROBLEM_BYTES }, cut);
  const problem = problemCodeOf(text);
  const detail = problem === '' ? '' : ` (${problem})`;
  return new ExchangeError('FETCH_REFUSED', `${url} answered ${status}${detail}`, {
    refusal: { status, problem },
  });
}

/** `code` of a problem+json document; empty when it has none that looks like ours. */
function problemCodeOf(bytes: Uint8Array): string {
  try {
    const document = JSON.parse(Buffer.from(bytes).toString('utf8')) as { code?: unknown } | null;
    const code = document?.code;
    return typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : '';
  } catch {
    // Whoever answers errors in another form has no code to tell; the status remains.
    return '';
  }
}

async function readBody(
  url: string,
  response: Response,
  options: FetchOptions,
  cut: AbortController,
): Promise<Uint8Array> {
  const limit = Math.min(options.exactBytes ?? Infinity, options.limitBytes);
  const pieces: Uint8Array[] = [];
  let received = 0;
  const stopWatch = watchRate(url, options, cut, () => received);
  try {
    for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      received += piece.length;
      if (received > limit) {
        throw new ExchangeError('FETCH_TOO_LONG', `${url} sends more than ${limit} bytes`);
      }
      pieces.push(piece);
    }
  } finally {
    stopWatch();
  }
  if (options.exactBytes !== undefined && received < options.exactBytes) {
    throw new ExchangeError(
      'FETCH_TOO_SHORT',
      `${url} sent ${received} of ${options.exactBytes} bytes`,
    );
  }
  return new Uint8Array(Buffer.concat(pieces));
}

function watchRate(
  url: string,
  options: FetchOptions,
  cut: AbortController,
  received: () => number,
): () => void {
  const windowMs = options.rateWindowMs ?? 10_000;
  const least = Math.ceil(((options.minimumRate ?? 1_024) * windowMs) / 1_000);
  let before = 0;
  const timer = setInterval(() => {
    const now = received();
    if (now - before < least) {
      const message = `${url} sent ${now - before} bytes in ${windowMs} ms, expected ${least}`;
      cut.abort(new ExchangeError('FETCH_TOO_SLOW', message));
    }
    before = now;
  }, windowMs);
  return () => {
    clearInterval(timer);
  };
}
