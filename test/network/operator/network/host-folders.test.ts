import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { up } from '../../../../network/src/operator/commands/network-up.ts';
import { isHostFolder, writeHosts } from '../../../../network/src/operator/network/host-folders.ts';
import { networkFolder } from '../../../../network/src/operator/network/running-file.ts';
import { StateDirectory } from '../../../../network/src/operator/state-directory.ts';
import { codeOf } from '../../code-of.ts';
import { describeWithFabric } from '../../fabric/binaries.ts';

const NAMES = ['north', 'sun', 'noon'];
const INVENTORY = {
  format: 'lamplighter.inventory.v1',
  channel: 'city',
  chaincode: { name: 'lamplighter', version: '0.1.0', sequence: 1 },
  validation: 'coalitions',
  organisations: NAMES.map((name, index) => ({
    name,
    mspId: `${name}MSP`,
    domain: `${name}.example`,
    peer: { host: name, address: `192.0.2.${index + 1}:7051` },
    chaincode: { host: name, address: `192.0.2.${index + 1}:7052` },
  })),
  orderers: [...NAMES, 'hall'].map((name, index) => ({
    mspId: `${name}OrdererMSP`,
    domain: `orderer.${name}.example`,
    host: name,
    address: `192.0.2.${index + 1}:7050`,
  })),
};

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hosts-'));
  file = join(directory, 'inventory.json');
  writeFileSync(file, JSON.stringify(INVENTORY));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('the folders of hosts', () => {
  it('are for --fabric alone', async () => {
    const flags = { fabric: false, stockPeers: false, byzantine: [], detach: false };
    expect(await codeOf(() => up({ ...flags, directory, inventory: file }))).toBe('OPTION_INVALID');
  });

  it('are not made of what is no inventory', async () => {
    writeFileSync(file, '{}');
    const hosts = join(directory, 'hosts');
    expect(await codeOf(() => writeHosts(file, hosts))).toBe('INVENTORY_MALFORMED');
    expect(existsSync(hosts)).toBe(false);
  });
});

describeWithFabric('the folders of hosts, written', () => {
  it('are state directories, each with the keys of its own organisation', async () => {
    const hosts = join(directory, 'hosts');
    const lines = await writeHosts(file, hosts);
    expect(lines.join('\n')).toContain('runs orderer0.orderer.sun.example, peer0.sun.example');
    expect(readdirSync(hosts).sort()).toEqual(['all', 'hall', 'noon', 'north', 'sun']);
    const sun = join(hosts, 'sun');
    using state = StateDirectory.open(sun, { fresh: false, engine: 'fabric' });
    expect(isHostFolder(networkFolder(state.path))).toBe(true);
    expect(isHostFolder(sun)).toBe(false);
    const keys = (name: string): string =>
      join(networkFolder(sun), 'organizations', 'peerOrganizations', `${name}.example`, 'users');
    expect([existsSync(keys('sun')), existsSync(keys('noon'))]).toEqual([true, false]);
    expect(await codeOf(() => writeHosts(file, hosts))).toBe('OPTIONS_INVALID');
  });
});
