/** Fabric's own `peer` command, run as a member of an organisation of an embedded network. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';

const run = promisify(execFile);
const CORE = 'peer: { BCCSP: { Default: SW, SW: { Hash: SHA2, Security: 256 } } }\n';

/** Whether the command is on PATH. */
export function hasPeer(): boolean {
  return spawnSync('peer', ['version']).error === undefined;
}

export class StockPeer {
  readonly #network: EmbeddedNetwork;
  readonly #directory: string;
  /** A folder for its configuration and for files of the tests. */
  readonly folder: string;

  private constructor(network: EmbeddedNetwork, directory: string, folder: string) {
    this.#network = network;
    this.#directory = directory;
    this.folder = folder;
  }

  /** @param directory - of the network. */
  static async open(network: EmbeddedNetwork, directory: string): Promise<StockPeer> {
    const folder = await mkdtemp(join(tmpdir(), 'core-'));
    await writeFile(join(folder, 'core.yaml'), CORE);
    return new StockPeer(network, directory, folder);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }

  /** `host:port` of a node by its full name. */
  address(node: string): string {
    const { peers, orderers } = this.#network.connectionProfile('NorthlightMSP');
    return { ...peers, ...orderers }[node]!.url.replace('grpcs://', '');
  }

  /** Flags that name the orderer. */
  orderer(): string[] {
    const domain = 'orderer.example';
    const address = this.address(`orderer0.${domain}`);
    return ['-o', address, '--tls', '--cafile', this.#tlsRoot('ordererOrganizations', domain)];
  }

  /** Flags that name the peers of organisations. */
  peers(...names: string[]): string[] {
    return names.flatMap((name) => [
      '--peerAddresses',
      this.address(`peer0.${name}.example`),
      '--tlsRootCertFiles',
      this.#tlsRoot('peerOrganizations', `${name}.example`),
    ]);
  }

  /** Both outputs together, since it logs to the second. Rejects with `stderr` when the command fails. */
  async run(organisation: string, user: string, ...args: string[]): Promise<string> {
    const domain = `${organisation}.example`;
    const mspId = `${organisation.charAt(0).toUpperCase()}${organisation.slice(1)}MSP`;
    await this.#network.enrol(mspId, user, user === 'Admin' ? 'admin' : 'client');
    const { stdout, stderr } = await run('peer', args, {
      cwd: this.folder,
      env: {
        PATH: process.env['PATH'],
        HOME: this.folder,
        FABRIC_CFG_PATH: this.folder,
        FABRIC_LOGGING_SPEC: 'info:grpc=error',
        CORE_PEER_TLS_ENABLED: 'true',
        CORE_PEER_LOCALMSPID: mspId,
        CORE_PEER_ADDRESS: this.address(`peer0.${domain}`),
        CORE_PEER_TLS_ROOTCERT_FILE: this.#tlsRoot('peerOrganizations', domain),
        CORE_PEER_MSPCONFIGPATH: this.#path(
          'peerOrganizations',
          domain,
          'users',
          `${user}@${domain}`,
          'msp',
        ),
      },
    });
    return `${stdout}${stderr}`;
  }

  #tlsRoot(kind: string, domain: string): string {
    return this.#path(kind, domain, 'tlsca', `tlsca.${domain}-cert.pem`);
  }

  #path(...names: string[]): string {
    return join(this.#directory, 'organizations', ...names);
  }
}
