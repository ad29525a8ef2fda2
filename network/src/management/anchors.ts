/**
 * Chain anchors for vendors (protocol §3.3, `POST /v1/anchors`): every chain comes from one master secret, so the node
 * keeps nothing for an anchor it gave out.
 */
import { hkdfSync } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { chainContext, chainValue, suiteOf } from '@lamplighter/sdk/crypto';
import { limits, type ChainKey } from '@lamplighter/sdk/wire';
import {
  NonceMemory,
  readAnchorRequest,
  signAnchorAnswer,
  verifyAnchorRequest,
  type ChainWish,
} from '../exchange/index.ts';
import type { Contracts } from '../ledger/contracts.ts';
import type { Clock } from './clock.ts';

/** x_N of a device's chain in an epoch. @param master 32 bytes, the node's one chain secret */
export function chainSeed(master: Uint8Array, device: string, epoch: number): Uint8Array {
  const info = `lamplighter.v1 chain seed\0${device}\0${epoch}`;
  return new Uint8Array(hkdfSync('sha256', master, '', info, 32));
}

/** What the service needs. */
export interface AnchorServiceParts {
  /** Own id. */
  readonly id: string;
  readonly contracts: Contracts;
  readonly clock: Clock;
  /** PU_j's Ed25519 seed. */
  readonly signatureKey: Uint8Array;
  readonly chainMaster: Uint8Array;
  /** Values of a chain (§8). @default 4096 */
  readonly chainLength?: number;
}

/** Answers vendors. */
export class AnchorService {
  readonly #parts: AnchorServiceParts;
  readonly #nonces = new NonceMemory();

  constructor(parts: AnchorServiceParts) {
    this.#parts = parts;
  }

  /**
   * @param body as it came
   * @param verified called once the vendor's signature is right
   * @returns the signed answer
   * @throws {@link ExchangeError} as `verifyAnchorRequest`; {@link LedgerError} VENDOR_NOT_FOUND
   */
  async answer(body: Uint8Array, verified: () => void = () => undefined): Promise<Uint8Array> {
    const { id, contracts, clock, signatureKey } = this.#parts;
    const message = readAnchorRequest(body);
    const vendor = await contracts.readVendor(message.claim.vendor);
    const request = verifyAnchorRequest(message, {
      vendorKey: new Uint8Array(Buffer.from(vendor.signingKey, 'hex')),
      manager: id,
      freshness: { now: Math.floor(clock.date().getTime() / 1_000), nonces: this.#nonces },
    });
    verified();
    const anchors: ChainKey[] = [];
    for (const wish of request.items) {
      anchors.push(this.#anchor(wish));
      // A chain is thousands of hashes: devices are served between two of them.
      await setImmediate();
    }
    return signAnchorAnswer(message, anchors, signatureKey);
  }

  /** @throws {@link CryptoError} SUITE_UNKNOWN */
  #anchor({ device, epoch, suite }: ChainWish): ChainKey {
    const { id, chainMaster, chainLength: length = limits.CHAIN_LENGTH } = this.#parts;
    const seed = chainSeed(chainMaster, device, epoch);
    const context = chainContext(id, device, epoch);
    return { length, anchor: chainValue(suiteOf(suite), context, { seed, length }, 0) };
  }
}
