/** A running network that nobody runs. */
import type { RunningNetwork } from '../../../../network/src/operator/network/running-file.ts';

/** @param users folder of every organisation's users */
export function newRunning(users: string): RunningNetwork {
  const organisation = (
    name: string,
    port: number,
    mspId: string,
  ): RunningNetwork['organisations'][number] => ({
    name,
    mspId,
    domain: `${name}.example`,
    peer: {
      name: `peer0.${name}.example`,
      address: `127.0.0.1:${port}`,
      tlsRootCertificate: `/${name}.pem`,
    },
    users,
  });
  return {
    format: 'lamplighter.network.v2',
    instance: 'this-one',
    processId: process.pid,
    since: '2026-11-23T00:00:00.000Z',
    kind: 'network',
    engine: 'fabric',
    channel: 'city',
    chaincode: {
      name: 'lamplighter',
      version: '0.1.0',
      servers: [
        { mspId: 'NorthlightMSP', address: '127.0.0.1:3' },
        { mspId: 'HeliosMSP', address: '127.0.0.1:4' },
      ],
    },
    operations: 'http://127.0.0.1:9443',
    peerConfiguration: '/city/peer-command',
    logFile: '/city/network.log',
    orderers: [7, 8, 9].map((port, index) => ({
      name: `orderer${index}.orderer.example`,
      address: `127.0.0.1:${port}`,
      tlsRootCertificate: `/orderer${index}.pem`,
    })),
    organisations: [
      organisation('northlight', 1, 'NorthlightMSP'),
      organisation('helios', 2, 'HeliosMSP'),
    ],
  };
}
