import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MspRegistry } from '../../../network/src/embedded/msp.ts';
import { nodeOusYaml } from '../../../network/src/membership/msp-folder.ts';
import { Organisation } from '../../../network/src/membership/organisation.ts';
import { newSigner } from '../../../network/src/membership/signer.ts';

const DOMAIN = 'northlight.example';
const MSP_ID = 'NorthlightMSP';

describe('Organisation', () => {
  let directory: string;
  let organisation: Organisation;

  const open = (domain = DOMAIN, nodes: readonly string[] = ['peer0']): Promise<Organisation> =>
    Organisation.open({ directory, kind: 'peer', mspId: MSP_ID, domain, nodes });
  const root = (): string => join(directory, 'organizations', 'peerOrganizations', DOMAIN);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'organisation-'));
    organisation = await open();
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('lays out the folders that cryptogen makes', async () => {
    await organisation.enrol('User1', 'client');
    const files = (await readdir(root(), { recursive: true })).sort();
    expect(files).toEqual(
      expect.arrayContaining([
        `ca/ca.${DOMAIN}-cert.pem`,
        'ca/priv_sk',
        `msp/cacerts/ca.${DOMAIN}-cert.pem`,
        'msp/config.yaml',
        `msp/tlscacerts/tlsca.${DOMAIN}-cert.pem`,
        `peers/peer0.${DOMAIN}/msp/keystore/priv_sk`,
        `peers/peer0.${DOMAIN}/msp/signcerts/peer0.${DOMAIN}-cert.pem`,
        `peers/peer0.${DOMAIN}/tls/ca.crt`,
        `peers/peer0.${DOMAIN}/tls/server.crt`,
        `peers/peer0.${DOMAIN}/tls/server.key`,
        `tlsca/tlsca.${DOMAIN}-cert.pem`,
        `users/User1@${DOMAIN}/msp/config.yaml`,
        `users/User1@${DOMAIN}/msp/signcerts/User1@${DOMAIN}-cert.pem`,
        `users/User1@${DOMAIN}/tls/client.crt`,
      ]),
    );
    expect(files.filter((file) => file.includes('draft'))).toEqual([]);
  });

  it('says where a user has its MSP', async () => {
    await organisation.enrol('User1', 'client');
    const msp = organisation.mspDirectory('User1');
    expect(await readdir(msp)).toEqual([
      'cacerts',
      'config.yaml',
      'keystore',
      'signcerts',
      'tlscacerts',
    ]);
  });

  it('keeps every private key at mode 0600', async () => {
    await organisation.enrol('User1', 'client');
    const files = await readdir(root(), { recursive: true });
    const keys = files.filter((file) => file.endsWith('priv_sk') || file.endsWith('.key'));
    expect(keys).toHaveLength(6);
    for (const key of keys) {
      expect((await stat(join(root(), key))).mode & 0o777).toBe(0o600);
    }
  });

  it('loads the same nodes and users again', async () => {
    const user = await organisation.enrol('User1', 'client');
    const again = await open();
    expect(again.roots).toEqual(organisation.roots);
    expect(again.nodes).toEqual(organisation.nodes);
    expect(await again.enrol('User1', 'client')).toEqual(user);
  });

  it('enrols one user once, however often asked at the same time', async () => {
    const [first, second] = await Promise.all([
      organisation.enrol('User1', 'admin'),
      organisation.enrol('User1', 'admin'),
    ]);
    expect(second).toEqual(first);
  });

  it('enrols members whom a channel accepts, with their roles', async () => {
    const registry = new MspRegistry([
      { mspId: MSP_ID, rootCertificates: [organisation.roots.rootCertificate] },
    ]);
    const admin = newSigner(await organisation.enrol('Admin', 'admin'));
    const peer = newSigner(organisation.nodes[0]!.credentials);
    expect(registry.admit(admin.identity, new Date()).role).toBe('admin');
    expect(registry.admit(peer.identity, new Date()).role).toBe('peer');
  });

  it('gives nodes TLS certificates for their name and for this machine', () => {
    const [node] = organisation.nodes;
    const certificate = new X509Certificate(node!.tls.certificate);
    const authority = new X509Certificate(organisation.roots.tlsRootCertificate);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.checkHost(`peer0.${DOMAIN}`)).toBe(`peer0.${DOMAIN}`);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkHost('elsewhere.example')).toBeUndefined();
  });

  it.each(['', '..', '../up', 'a/b', 'a..b', '-a', 'a@b', 'a'.repeat(64), 'a\0'])(
    'refuses %j as a user',
    async (name) => {
      await expect(organisation.enrol(name, 'client')).rejects.toMatchObject({
        code: 'ORGANISATION_NAME_INVALID',
      });
    },
  );

  it('refuses names of domains and nodes that are no folder names', async () => {
    await expect(open('../northlight')).rejects.toMatchObject({
      code: 'ORGANISATION_NAME_INVALID',
    });
    await expect(open(DOMAIN, ['peer/0'])).rejects.toMatchObject({
      code: 'ORGANISATION_NAME_INVALID',
    });
  });

  it('refuses to enrol an existing user in another role', async () => {
    await organisation.enrol('User1', 'client');
    await expect(organisation.enrol('User1', 'admin')).rejects.toMatchObject({
      code: 'ORGANISATION_ROLE_CONFLICT',
    });
    await expect(organisation.enrol('User2', 'admin')).resolves.toMatchObject({ mspId: MSP_ID });
  });

  it('says which file is missing', async () => {
    await rm(join(root(), 'ca', 'priv_sk'));
    await expect(open()).rejects.toMatchObject({
      code: 'ORGANISATION_INCOMPLETE',
      message: expect.stringContaining('priv_sk') as string,
    });
  });

  it('refuses a member whose key belongs to somebody else', async () => {
    const user = await organisation.enrol('User1', 'client');
    const key = join(root(), 'peers', `peer0.${DOMAIN}`, 'msp', 'keystore', 'priv_sk');
    await writeFile(key, user.privateKey);
    await expect(open()).rejects.toMatchObject({ code: 'SIGNER_KEY_MISMATCH' });
  });

  it('refuses nodes of a CA that was replaced', async () => {
    await rm(join(root(), 'ca'), { recursive: true });
    await expect(open()).rejects.toMatchObject({ code: 'CERTIFICATE_UNTRUSTED' });
  });

  it('fails when the file system does not give a folder', async () => {
    await rm(join(root(), 'users'), { recursive: true, force: true });
    await writeFile(join(root(), 'users'), '');
    await expect(organisation.enrol('User1', 'client')).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('nodeOusYaml', () => {
  it('names all four roles', () => {
    expect(nodeOusYaml('a.example')).toBe(`NodeOUs:
  Enable: true
  ClientOUIdentifier:
    Certificate: cacerts/ca.a.example-cert.pem
    OrganizationalUnitIdentifier: client
  PeerOUIdentifier:
    Certificate: cacerts/ca.a.example-cert.pem
    OrganizationalUnitIdentifier: peer
  AdminOUIdentifier:
    Certificate: cacerts/ca.a.example-cert.pem
    OrganizationalUnitIdentifier: admin
  OrdererOUIdentifier:
    Certificate: cacerts/ca.a.example-cert.pem
    OrganizationalUnitIdentifier: orderer
`);
  });
});
