/**
 * Servers use Node's own crypto in the suites they speak, devices the portable code. It is faster for a record of 64 bytes
 * already (sealed and opened: ChaCha20-Poly1305 1.7 times, AES-GCM 3 times), and 9 to 45 times for 64 KiB; SHA-256 1.6 times
 * and more.
 */
import { useAlgorithms } from '@lamplighter/sdk/crypto';
import { nodeAeads, nodeHashes } from '@lamplighter/sdk/node';

/** To be called before the first suite is asked for; again, it changes nothing. */
export function useNodeAlgorithms(): void {
  if (isUsed) return;
  isUsed = true;
  useAlgorithms({ aeads: nodeAeads, hashes: nodeHashes });
}

let isUsed = false;
