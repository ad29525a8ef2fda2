/** The public-key code of class E. */
import { ed25519Sign, ed25519Verify, isUsableEd25519Key } from './ed25519.ts';
import type { PublicKeyCode } from './public-key-code.ts';
import { x25519PublicKey, x25519SharedSecret } from './x25519.ts';

export const endNodeCode: PublicKeyCode = {
  isUsableKey: isUsableEd25519Key,
  verify: ed25519Verify,
  sign: ed25519Sign,
  agreementKey: x25519PublicKey,
  agree: x25519SharedSecret,
};
