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
    format: 'lamplighter.network.v1',
    instance: 'this-one',
    processId: process.pid,
    since: '2026-11-23T00:00:00.000Z',
    kind: 'network',
    channel: 'city',
    chaincode: {
      name: 'lamplighter',
      version: '0.1.0',
      packageId: 'lamplighter_0.1.0:ab',
      address: '127.0.0.1:3',
    },
    operations: 'http://127.0.0.1:9443',
    peerConfiguration: '/city/peer-command',
    logFile: '/city/network.log',
    orderer: {
      name: 'orderer0.orderer.example',
      address: '127.0.0.1:9',
      tlsRootCertificate: '/orderer.pem',
    },
    organisations: [
      organisation('northlight', 1, 'NorthlightMSP'),
      organisation('helios', 2, 'HeliosMSP'),
    ],
  };
}
