/** Turns a low-S signature into its twin (r, n - s), which verifies as well and which Fabric refuses. */
import {
  encodeInteger,
  encodeSequence,
  readInteger,
  readSequence,
} from '../../../network/src/membership/der.ts';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export function toHighS(signature: Uint8Array): Uint8Array {
  const r = readInteger(readSequence(signature)!.content)!;
  const s = readInteger(r.rest)!;
  const twin = ORDER - BigInt(`0x${Buffer.from(s.content).toString('hex')}`);
  const bytes = Buffer.from(twin.toString(16).padStart(64, '0'), 'hex');
  return encodeSequence(r.encoding, encodeInteger(bytes));
}
