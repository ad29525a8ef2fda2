/**
 * The parts of the handshake inside its frames (docs/protocol.md §1, §3): hello-core and accept-core in clear, accept-body
 * and finish-body sealed.
 */
import { FMAX_LEAST, FMAX_MOST } from './limits.ts';
import type { DeviceState } from './message-types.ts';
import { stateShape } from './messages.ts';
import { bytes, codec, id, oneOf, row, u32, uint, uintIn } from './shapes.ts';

/** What D says in clear, authenticated by mac0 (§3). */
export interface HelloCore {
  readonly ver: 1;
  readonly suite: number;
  readonly epoch: number;
  readonly kid: Uint8Array;
  /** 0 full handshake, 1 resumption. */
  readonly mode: 0 | 1;
  readonly ctr: number;
  readonly nd: Uint8Array;
  /** X25519 key, or empty. */
  readonly ed: Uint8Array;
  /** Chain index for mauth 2, else 0. */
  readonly ci: number;
  readonly fmax: number;
}

/** What M says in clear (§3). */
export interface AcceptCore {
  readonly nm: Uint8Array;
  /** X25519 key, or empty. */
  readonly em: Uint8Array;
}

/** What M says sealed: its id and its proof (§3.3). */
export interface AcceptBody {
  readonly idM: string;
  readonly proof: Uint8Array;
}

/** What D says sealed: its id, its signature if it has a key, its state. */
export interface FinishBody {
  readonly idD: string;
  readonly dsig: Uint8Array;
  readonly state: DeviceState;
}

const helloCore = row<HelloCore>({
  ver: oneOf(1),
  suite: uint,
  epoch: u32,
  kid: bytes(16),
  mode: oneOf(0, 1),
  ctr: uint,
  nd: bytes(16),
  ed: bytes(32, 0),
  ci: uint,
  fmax: uintIn(FMAX_LEAST, FMAX_MOST),
});
const acceptCore = row<AcceptCore>({ nm: bytes(16), em: bytes(32, 0) });
const acceptBody = row<AcceptBody>({ idM: id, proof: bytes() });
const finishBody = row<FinishBody>({ idD: id, dsig: bytes(64, 0), state: stateShape });

export const helloCoreCodec = codec(helloCore, 'hello-core');
export const acceptCoreCodec = codec(acceptCore, 'accept-core');
export const acceptBodyCodec = codec(acceptBody, 'accept-body');
export const finishBodyCodec = codec(finishBody, 'finish-body');
