/**
 * What the signatures of one transaction cost on this machine, now: three endorsements and the client's two signatures made as
 * Fabric wants them (low S), and five distinct verifications (proposal, envelope, three endorsements). Nobody can be cheaper.
 */
import { generateKeyPairSync, sign, verify } from 'node:crypto';

import { toLowSDer } from '../../../network/src/membership/ecdsa.ts';

const SIGNATURES = 5;
const ROUNDS = 200;
/** About what a proposal of one put, or an endorsed answer with its endorser, has. */
const MESSAGE_BYTES = 1_400;

/** @returns milliseconds of processor time */
export function measureFloor(): number {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const message = Buffer.alloc(MESSAGE_BYTES, 7);
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) {
    for (let index = 0; index < SIGNATURES; index++) {
      message.writeUInt32BE(round * SIGNATURES + index);
      const raw = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      if (!verify('sha256', message, publicKey, toLowSDer(raw))) throw new Error('wrong signature');
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / ROUNDS;
}
