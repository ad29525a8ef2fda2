/** What orderers and peers say of themselves at their operations endpoints: health and metrics, over mutual TLS. */
import { request } from 'node:https';

import { messageOf } from '../errors.ts';
import { FabricError } from './errors.ts';

const ANSWERS_WITHIN_MS = 5_000;
const MOST_BYTES = 4 * 2 ** 20;

/** An operations endpoint and what to show it. */
export interface OperationsEndpoint {
  /** Full name of the node. */
  readonly name: string;
  readonly port: number;
  readonly tls: {
    /** Certificate of its CA, PEM. */
    readonly ca: string;
    /** A certificate of the same CA, PEM. */
    readonly cert: string;
    readonly key: string;
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function get({ port, tls }: OperationsEndpoint, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, ...tls, timeout: ANSWERS_WITHIN_MS, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MOST_BYTES) asked.destroy(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
        answer.on('error', reject);
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', reject);
    asked.end();
  });
}

/** @returns why a node is not healthy, undefined when it is */
export async function ailment(endpoint: OperationsEndpoint): Promise<string | undefined> {
  try {
    const { status, text } = await get(endpoint, '/healthz');
    return status === 200 ? undefined : `its health check says ${text.slice(0, 500)}`;
  } catch (error) {
    return `its health check does not answer: ${messageOf(error)}`;
  }
}

/**
 * One metric of a node for a channel.
 *
 * @returns undefined when the node has none of that name yet
 * @throws {@link FabricError} ANSWER_MALFORMED when it does not answer so
 */
export async function metric(
  endpoint: OperationsEndpoint,
  name: string,
  channel: string,
): Promise<number | undefined> {
  let answer: Answer;
  try {
    answer = await get(endpoint, '/metrics');
  } catch (cause) {
    throw unreadable(endpoint, messageOf(cause), cause);
  }
  if (answer.status !== 200) throw unreadable(endpoint, `status ${answer.status}`);
  return readMetric(answer.text, name, channel);
}

/** Reads Prometheus's text format. Pure. */
export function readMetric(text: string, name: string, channel: string): number | undefined {
  const line = text
    .split('\n')
    .find((each) => each.startsWith(`${name}{`) && each.includes(`channel="${channel}"`));
  const value = Number(line?.split(' ').at(-1));
  return Number.isFinite(value) ? value : undefined;
}

function unreadable({ name }: OperationsEndpoint, reason: string, cause?: unknown): FabricError {
  return new FabricError('ANSWER_MALFORMED', `the metrics of ${name}: ${reason}`, { cause });
}
