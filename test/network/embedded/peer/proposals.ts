/** The proposal hash of a draft, computed as Fabric says. */
import { createHash } from 'node:crypto';

import type { Draft } from '../raw-client.ts';

export function proposalHash({ header, payload }: Draft): Uint8Array {
  return createHash('sha256')
    .update(header.getChannelHeader_asU8())
    .update(header.getSignatureHeader_asU8())
    .update(payload)
    .digest();
}
