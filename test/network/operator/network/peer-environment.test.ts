import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  exportLines,
  peerEnvironment,
} from '../../../../network/src/operator/network/peer-environment.ts';
import type { RunningNetwork } from '../../../../network/src/operator/network/running-file.ts';
import { codeOf } from '../../code-of.ts';
import { newRunning } from './running.ts';

describe('the environment of the peer command', () => {
  const users = mkdtempSync(join(tmpdir(), 'users-'));
  const admin = join(users, 'Admin@helios.example', 'msp');
  const network = newRunning(users);

  beforeAll(() => {
    mkdirSync(admin, { recursive: true });
  });
  afterAll(() => {
    rmSync(users, { recursive: true });
  });

  it.each(['helios', 'HeliosMSP'])('is that of a member of %s', (organisation) => {
    expect(peerEnvironment(network, organisation, 'Admin')).toEqual({
      FABRIC_CFG_PATH: '/city/peer-command',
      CORE_PEER_TLS_ENABLED: 'true',
      CORE_PEER_LOCALMSPID: 'HeliosMSP',
      CORE_PEER_ADDRESS: '127.0.0.1:2',
      CORE_PEER_TLS_ROOTCERT_FILE: '/helios.pem',
      CORE_PEER_MSPCONFIGPATH: admin,
      ORDERER_ADDRESS: '127.0.0.1:8',
      ORDERER_CA: '/orderer1.pem',
      FABRIC_LOGGING_SPEC: 'info:grpc=error',
      PEER_CONN_PARMS:
        '--peerAddresses 127.0.0.1:1 --tlsRootCertFiles /northlight.pem ' +
        '--peerAddresses 127.0.0.1:2 --tlsRootCertFiles /helios.pem',
    });
  });

  it('names another orderer for each organisation, and goes round when there are fewer', () => {
    mkdirSync(join(users, 'Admin@northlight.example', 'msp'), { recursive: true });
    const orderers = (of: RunningNetwork): readonly unknown[] =>
      ['northlight', 'helios'].map((name) => peerEnvironment(of, name, 'Admin')['ORDERER_ADDRESS']);
    expect(orderers(network)).toEqual(['127.0.0.1:7', '127.0.0.1:8']);
    const only = network.orderers.slice(0, 1);
    expect(orderers({ ...network, orderers: only })).toEqual(['127.0.0.1:7', '127.0.0.1:7']);
  });

  it.each([
    ['nobody', 'Admin'],
    ['helios', 'User9'],
    ['helios', '../Admin'],
    ['northlight', ''],
  ])('is refused for organisation %j and user %j', async (organisation, user) => {
    expect(await codeOf(() => peerEnvironment(network, organisation, user))).toBe('OPTION_INVALID');
  });

  it.each(['plain', 'with space', "it's", '$HOME `x` "y" \\', 'a\nb'])(
    'reaches a shell as it is: %j',
    (value) => {
      const script = `${exportLines({ VALUE: value })}printenv VALUE`;
      expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(`${value}\n`);
    },
  );
});
