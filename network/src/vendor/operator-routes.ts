/**
 * The operator's API, on the same loopback server, for `lamplighter device …` and `lamplighter gateway …`: `POST` of a JSON
 * object to `/v1/operator/devices`, `/v1/operator/devices/{id}/{transfer|suspend|retire}`,
 * `/v1/operator/roots` for the next generation of the vendor's keys, and to `/v1/operator/managers/{id}/take-over`, which is
 * answered by lines (take-overs.ts). A bearer token from a file of mode 0600 is compared in constant time.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';

import type { DeviceKind } from '@lamplighter/chaincode';
import { limits, ROOT_KEYS_MOST, type VendorRoots } from '@lamplighter/sdk/wire';

import { intervalsOf } from './assignment.ts';
import type { DeviceOrder } from './device-factory.ts';
import type { StoredImage } from './firmware-store.ts';
import type { Answer, Exchange, Route } from './http.ts';
import type { Provisioning } from './provisioning.ts';
import type { RootsOrder } from './root-keys.ts';
import { linesOf, type RunningTakeOver } from './take-overs.ts';
import { VendorError } from './vendor-error.ts';

/** Body of the request; defaults are those of {@link provisionRequestOf}. */
export interface ProvisionRequest {
  /** Chosen when absent. */
  readonly id?: string;
  readonly model: string;
  readonly kind: DeviceKind;
  /** Chosen when absent. */
  readonly manager?: string;
  /** Absolute path of the factory image on this machine. */
  readonly image: string;
  /** @default 1 */
  readonly gen: number;
  /** @default 1 */
  readonly seq: number;
  /** @default '1.0.0' */
  readonly version: string;
  /** Seconds. @default as strong as the suite is (protocol §8: 3600, 600, 86400 for the strong ones) */
  readonly fti?: number;
  readonly rti?: number;
  readonly uti?: number;
  /** That it carries (protocol §4). @default that of its class */
  readonly suite?: number;
  /** @default false */
  readonly legacy: boolean;
  /** See `DeviceOrder.chained`. @default false */
  readonly chained: boolean;
}

/** What the operator may have done. */
export interface OperatorActions {
  provision(
    request: ProvisionRequest,
    image: Uint8Array,
    signal: AbortSignal,
  ): Promise<Provisioning>;
  /** @throws the failure of the device */
  transfer(device: string, manager: string, signal: AbortSignal): Promise<void>;
  suspend(device: string, reason: string, signal: AbortSignal): Promise<void>;
  retire(device: string, signal: AbortSignal): Promise<void>;
  /** @throws RangeError when both generations' signatures do not fit one envelope */
  rotateRoots(order: RootsOrder): Promise<VendorRoots>;
  /** @throws VendorError REQUEST_MALFORMED, BUSY */
  takeOver(
    manager: string,
    options: { readonly to?: string; readonly force?: boolean },
  ): RunningTakeOver;
}

/** Well below the server's own limit on silence, and anybody's in between. */
const PROGRESS_MS = 5_000;
const BODY_BYTES = 16_384;
const IMAGE_BYTES = 67_108_864;
const ID = '([a-z0-9][a-z0-9._-]{0,62})';

/** Makes routes below `/v1/operator/` that take a JSON object from whoever has the token. */
export class OperatorApi {
  readonly #token: string;

  /** @param token lower-case hex */
  constructor(token: string) {
    this.#token = token;
  }

  /** @param act gets the body and what the path captures */
  answered(
    path: string,
    act: (body: Body, id: string, signal: AbortSignal) => Promise<Answer> | Answer,
  ): Route {
    return {
      method: 'POST',
      pattern: new RegExp(`^/v1/operator/${path}$`),
      handle: async (exchange): Promise<Answer> => {
        requireToken(exchange, this.#token);
        const body = parseObject(await exchange.body(BODY_BYTES));
        return act(body, exchange.parameters[0] ?? '', exchange.signal);
      },
    };
  }

  /** As {@link answered}, by JSON. */
  route(
    path: string,
    act: (body: Body, id: string, signal: AbortSignal) => Promise<object>,
    status = 200,
  ): Route {
    return this.answered(path, async (...request) => {
      const answer = await act(...request);
      return { status, type: 'application/json', body: Buffer.from(JSON.stringify(answer)) };
    });
  }
}

export function operatorRoutes(api: OperatorApi, actions: OperatorActions): readonly Route[] {
  return [
    api.route(
      'devices',
      async (body, _, signal) => {
        const request = provisionRequestOf(body);
        return actions.provision(request, await readImage(request.image), signal);
      },
      201,
    ),
    api.route(`devices/${ID}/transfer`, async (body, device, signal) => {
      const manager = idOf(body, 'manager');
      await actions.transfer(device, manager, signal);
      return { device, manager };
    }),
    api.route(`devices/${ID}/suspend`, async (body, device, signal) => {
      const reason = reasonOf(body);
      await actions.suspend(device, reason, signal);
      return { device, reason };
    }),
    api.route(`devices/${ID}/retire`, async (_, device, signal) => {
      await actions.retire(device, signal);
      return { device };
    }),
    api.route('roots', (body) => rotateRoots(body, actions)),
    api.answered(`managers/${ID}/take-over`, (body, manager) => {
      const to = body['to'] === undefined ? {} : { to: idOf(body, 'to') };
      const running = actions.takeOver(manager, { ...to, force: body['force'] === true });
      return { type: 'application/jsonl', pieces: linesOf(running, PROGRESS_MS) };
    }),
  ];
}

async function rotateRoots(body: Body, actions: OperatorActions): Promise<object> {
  const n = integerOf(body, 'keys', 0, [1, ROOT_KEYS_MOST]);
  const k = integerOf(body, 'threshold', 0, [1, n]);
  try {
    const { gen } = await actions.rotateRoots({ k, n });
    return { gen, keys: n, threshold: k };
  } catch (error) {
    if (error instanceof RangeError) throw malformed('threshold', error.message);
    throw error;
  }
}

function requireToken({ headers }: Exchange, token: string): void {
  // Hashed first, so that lengths are equal and tell nothing.
  const given = createHash('sha256')
    .update(headers.authorization ?? '')
    .digest();
  const expected = createHash('sha256').update(`Bearer ${token}`).digest();
  if (!timingSafeEqual(given, expected)) {
    throw new VendorError('NOT_AUTHORISED', 'expected the bearer token of this vendor node');
  }
}

/** An id for a device that was given none. */
function newDeviceId(model: string): string {
  return `${model.slice(0, 48)}-${randomBytes(4).toString('hex')}`;
}

/** @throws VendorError REQUEST_MALFORMED with the field's name */
export function provisionRequestOf(body: Body): ProvisionRequest {
  const kind = body['kind'];
  if (kind !== 'end' && kind !== 'lightweight') throw malformed('kind', '"end" or "lightweight"');
  const image = body['image'];
  if (typeof image !== 'string' || !path.isAbsolute(image)) {
    throw malformed('image', 'an absolute path');
  }
  const version = body['version'] ?? '1.0.0';
  if (typeof version !== 'string' || !/^[\x20-\x7e]{1,64}$/.test(version)) {
    throw malformed('version', '1 to 64 printable characters');
  }
  return {
    ...optionalId(body, 'id'),
    ...optionalId(body, 'manager'),
    model: idOf(body, 'model'),
    kind,
    image,
    version,
    gen: integerOf(body, 'gen', 1, [0, Number.MAX_SAFE_INTEGER]),
    seq: integerOf(body, 'seq', 1, [0, Number.MAX_SAFE_INTEGER]),
    ...optionalInteger(body, 'fti', [limits.FTI_LEAST, limits.FTI_MOST]),
    ...optionalInteger(body, 'rti', [limits.RTI_LEAST, limits.RTI_MOST]),
    ...optionalInteger(body, 'uti', [limits.UTI_LEAST, limits.UTI_MOST]),
    ...optionalInteger(body, 'suite', [1, 0xffff]),
    legacy: flagOf(body, 'legacy'),
    chained: flagOf(body, 'chained'),
  };
}

/** The order for a device that was asked for. @param manager its first */
export function orderOf(
  request: ProvisionRequest,
  { sha256, size }: StoredImage,
  manager: string,
): DeviceOrder {
  const { id, model, kind, gen, seq, version, image, suite, legacy, chained } = request;
  return {
    id: id ?? newDeviceId(model),
    model,
    manager,
    firmware: { gen, sequence: seq, version, size, sha256 },
    image,
    intervals: intervalsOf(kind, request),
    legacy,
    chained,
    ...(suite === undefined ? {} : { suites: [suite] }),
  };
}

/** A JSON object of the operator's. */
export type Body = Readonly<Record<string, unknown>>;

function parseObject(bytes: Uint8Array): Body {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw new VendorError('REQUEST_MALFORMED', 'expected JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new VendorError('REQUEST_MALFORMED', 'expected a JSON object');
  }
  return value as Body;
}

/** @throws VendorError REQUEST_MALFORMED */
export function reasonOf(body: Body): string {
  const reason = body['reason'];
  if (typeof reason === 'string' && /^[\x20-\x7e]{1,200}$/.test(reason)) return reason;
  throw malformed('reason', '1 to 200 printable characters');
}

/** @throws VendorError REQUEST_MALFORMED */
export function idOf(body: Body, field: string): string {
  const value = body[field];
  if (typeof value !== 'string' || !/^[a-z0-9][a-z0-9._-]{0,62}$/.test(value)) {
    throw malformed(field, 'an id');
  }
  return value;
}

function optionalId<K extends 'id' | 'manager'>(body: Body, field: K): Partial<Record<K, string>> {
  if (body[field] === undefined) return {};
  return { [field]: idOf(body, field) } as Record<K, string>;
}

function optionalInteger<K extends string>(
  body: Body,
  field: K,
  bounds: readonly [number, number],
): Partial<Record<K, number>> {
  if (body[field] === undefined) return {};
  return { [field]: integerOf(body, field, 0, bounds) } as Record<K, number>;
}

function flagOf(body: Body, field: string): boolean {
  const value = body[field] ?? false;
  if (typeof value !== 'boolean') throw malformed(field, 'true or false');
  return value;
}

function integerOf(
  body: Body,
  field: string,
  fallback: number,
  [least, most]: readonly [number, number],
): number {
  const value = body[field] ?? fallback;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
    throw malformed(field, `an integer ${least}..${most}`);
  }
  return value;
}

export function malformed(field: string, expected: string): VendorError {
  return new VendorError('REQUEST_MALFORMED', `"${field}": expected ${expected}`);
}

async function readImage(file: string): Promise<Uint8Array> {
  let size: number;
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new VendorError('IMAGE_NOT_FOUND', `${file} is no file`);
    ({ size } = found);
  } catch (error) {
    if (error instanceof VendorError) throw error;
    throw new VendorError('IMAGE_NOT_FOUND', `cannot read ${file}`, { cause: error });
  }
  if (size > IMAGE_BYTES) throw new VendorError('IMAGE_TOO_LARGE', `${file} has ${size} bytes`);
  return new Uint8Array(await readFile(file));
}
