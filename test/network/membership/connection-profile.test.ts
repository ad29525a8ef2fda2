import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  newConnectionProfile,
  newDiscoveryProfile,
  writeConnectionProfiles,
  type ProfileNetwork,
  type ProfileNode,
} from '../../../network/src/membership/connection-profile.ts';

const node = (name: string, port: number): ProfileNode => ({
  name,
  host: '127.0.0.1',
  port,
  tlsRootCertificate: `PEM of ${name}`,
});

const NETWORK: ProfileNetwork = {
  channel: 'city',
  organisations: [
    { name: 'northlight', mspId: 'NorthlightMSP', peers: [node('peer0.northlight.example', 7051)] },
    { name: 'helios', mspId: 'HeliosMSP', peers: [node('peer0.helios.example', 7052)] },
  ],
  orderers: [{ ...node('orderer.ordering.example', 7050), mspId: 'OrdererMSP' }],
};

describe('newConnectionProfile', () => {
  const profile = newConnectionProfile(NETWORK, 'HeliosMSP');

  it('is for clients of one organisation', () => {
    expect(profile.client.organization).toBe('helios');
    expect(profile.name).toBe('lamplighter-city-helios');
    expect(newConnectionProfile(NETWORK, 'NorthlightMSP')).toEqual({
      ...profile,
      name: 'lamplighter-city-northlight',
      client: { ...profile.client, organization: 'northlight' },
    });
  });

  it('lists all peers and orderers of the channel', () => {
    const roles = {
      endorsingPeer: true,
      chaincodeQuery: true,
      ledgerQuery: true,
      eventSource: true,
    };
    expect(profile.channels).toEqual({
      city: {
        orderers: ['orderer.ordering.example'],
        peers: { 'peer0.northlight.example': roles, 'peer0.helios.example': roles },
      },
    });
    expect(profile.organizations).toEqual({
      northlight: { mspid: 'NorthlightMSP', peers: ['peer0.northlight.example'] },
      helios: { mspid: 'HeliosMSP', peers: ['peer0.helios.example'] },
    });
  });

  it('says how each node is reached and checked', () => {
    expect(profile.peers['peer0.helios.example']).toEqual({
      url: 'grpcs://127.0.0.1:7052',
      tlsCACerts: { pem: 'PEM of peer0.helios.example' },
      grpcOptions: {
        'ssl-target-name-override': 'peer0.helios.example',
        hostnameOverride: 'peer0.helios.example',
      },
    });
    expect(profile.orderers['orderer.ordering.example']).toMatchObject({
      url: 'grpcs://127.0.0.1:7050',
      mspid: 'OrdererMSP',
    });
  });

  it('needs an organisation of the network', () => {
    expect(() => newConnectionProfile(NETWORK, 'OtherMSP')).toThrow(
      new RangeError('"mspId" expected an organisation of the network, got OtherMSP'),
    );
  });
});

describe('newDiscoveryProfile', () => {
  it("names the organisation's own peers only", () => {
    const { client, peers } = newConnectionProfile(NETWORK, 'HeliosMSP');
    expect(newDiscoveryProfile(NETWORK, 'HeliosMSP')).toEqual({
      name: 'lamplighter-city-helios-discovery',
      version: '1.0.0',
      client,
      organizations: { helios: { mspid: 'HeliosMSP', peers: ['peer0.helios.example'] } },
      peers: { 'peer0.helios.example': peers['peer0.helios.example'] },
    });
  });

  it('needs an organisation of the network', () => {
    expect(() => newDiscoveryProfile(NETWORK, 'OtherMSP')).toThrow(
      new RangeError('"mspId" expected an organisation of the network, got OtherMSP'),
    );
  });
});

describe('writeConnectionProfiles', () => {
  it('writes two files an organisation, over an older one too', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'profiles-'));
    try {
      const target = join(directory, 'profiles');
      await writeConnectionProfiles(target, { ...NETWORK, channel: 'old' });
      const paths = await writeConnectionProfiles(target, NETWORK);
      expect(await readdir(target)).toEqual([
        'connection-helios.json',
        'connection-northlight.json',
        'discovery-helios.json',
        'discovery-northlight.json',
      ]);
      const [text] = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
      expect(JSON.parse(text!)).toEqual(newConnectionProfile(NETWORK, 'NorthlightMSP'));
      const discovering = await readFile(join(target, 'discovery-helios.json'), 'utf8');
      expect(JSON.parse(discovering)).toEqual(newDiscoveryProfile(NETWORK, 'HeliosMSP'));
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
