/** Opens the ledger of a static connection profile, which fabric-network reads. */
import './quiet-sdk.ts';

import { Gateway } from 'fabric-network';

import type { ConnectedLedger, LedgerSettings } from './connected-ledger.ts';
import { FabricLedger } from './fabric-ledger.ts';
import { LedgerError } from './ledger-error.ts';
import { Nodes } from './nodes.ts';

/** @throws LedgerError UNAVAILABLE when the profile names no peer of the channel */
export async function connectLedger(settings: LedgerSettings): Promise<ConnectedLedger> {
  const nodes = await readNodes(settings);
  if (nodes.peers.length === 0) {
    throw new LedgerError(
      'UNAVAILABLE',
      `the profile has no peer of channel "${settings.channel}"`,
    );
  }
  await nodes.dial();
  return new FabricLedger(nodes, settings);
}

/** The SDK's own connections are closed again. */
async function readNodes({ profile, identity, channel }: LedgerSettings): Promise<Nodes> {
  const { mspId, certificate, privateKey } = identity;
  const gateway = new Gateway();
  try {
    await gateway.connect(profile as Record<string, unknown>, {
      identity: {
        type: 'X.509',
        mspId,
        credentials: { certificate, privateKey },
      } as never,
      discovery: { enabled: false, asLocalhost: false },
      // Spares the SDK making a key and a certificate in JavaScript at every start.
      tlsInfo: { certificate, key: privateKey },
    });
    return new Nodes((await gateway.getNetwork(channel)).getChannel());
  } finally {
    gateway.disconnect();
  }
}
