/** A channel for tests: three organisations and an orderer. */
import type { ChannelDefinition } from '../../../network/src/embedded/genesis.ts';
import type { MspRoots } from '../../../network/src/membership/msp-folder.ts';
import { newAuthority } from '../membership/certificates.ts';

export const ORGANISATIONS = ['Northlight', 'Helios', 'Meridian'] as const;

async function newRoots(domain: string): Promise<MspRoots> {
  return {
    domain,
    rootCertificate: (await newAuthority(domain)).certificate,
    tlsRootCertificate: (await newAuthority(domain)).certificate,
  };
}

export async function newDefinition(): Promise<ChannelDefinition> {
  const organisations = ORGANISATIONS.map(async (name, index) => ({
    mspId: `${name}MSP`,
    roots: await newRoots(`${name.toLowerCase()}.example`),
    anchorPeers: [{ host: '127.0.0.1', port: 7051 + index }],
  }));
  return {
    channel: 'city',
    organisations: await Promise.all(organisations),
    orderer: {
      mspId: 'OrdererMSP',
      roots: await newRoots('ordering.example'),
      endpoints: ['127.0.0.1:7050'],
    },
    batch: {
      maxMessageCount: 500,
      absoluteMaxBytes: 10_485_760,
      preferredMaxBytes: 2_097_152,
      timeoutMs: 100,
    },
  };
}
