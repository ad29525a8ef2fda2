/** Devices, releases and requests as the vendor node's tests use them. */
import { createHash, randomBytes } from 'node:crypto';

import { signFetchTicket } from '../../../network/src/exchange/index.ts';
import type { DeviceOrder, Provisioning, VendorNode } from '../../../network/src/vendor/index.ts';
import { GATEWAY } from '../exchange/parties.ts';
import { INTERVALS, type VendorCity } from './vendor-city.ts';

export const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
export const digest = (data: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(data).digest());
export const IMAGE = new Uint8Array(randomBytes(40_000));
export const NEXT_IMAGE = new Uint8Array(randomBytes(41_000));
export const NEXT = { image: NEXT_IMAGE, gen: 1, seq: 2, version: '2.0.0', propagate: true };

/** What a request was refused with: HTTP status and the node's code. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  const error = (await call.then(
    () => ({ status: 200, problem: 'none' }),
    (reason: unknown) => reason,
  )) as { status: number; problem: string };
  return `${error.status} ${error.problem}`;
}

export async function orderFor(node: VendorNode, id: string, model: string): Promise<DeviceOrder> {
  const { sha256, size } = await node.addImage(IMAGE);
  const firmware = { gen: 1, sequence: 1, version: '1.0.0', size, sha256 };
  return { id, model, manager: 'gateway-north', firmware, intervals: INTERVALS };
}

export async function make(
  city: VendorCity,
  ...ids: readonly string[]
): Promise<readonly Provisioning[]> {
  const orders = ids.map((id) => orderFor(city.northlight, id, id.replace(/-.*$/, '')));
  return city.northlight.manufacture(await Promise.all(orders));
}

export async function releaseFor(city: VendorCity, model: string): Promise<string> {
  const { id } = await city.northlight.publish({ model, ...NEXT });
  await city.helios.approve(id);
  return id;
}

export const IMAGE_PATH = `/v1/firmware/${Buffer.from(digest(IMAGE)).toString('hex')}`;

export function ticket(change: object, key = GATEWAY.secret): string {
  return signFetchTicket(
    {
      role: 'manager',
      party: 'gateway-north',
      vendor: 'northlight',
      path: IMAGE_PATH,
      nonce: new Uint8Array(randomBytes(16)),
      time: Math.floor(Date.now() / 1_000),
      ...change,
    },
    key,
  );
}

export async function fetchPart(city: VendorCity, range: string): Promise<Response> {
  return fetch(city.northlight.url + IMAGE_PATH, { headers: { authorization: ticket({}), range } });
}
