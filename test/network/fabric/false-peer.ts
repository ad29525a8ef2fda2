/** A program in the place of `peer`, which plays a channel whose chaincode has a stake table, and writes down what it was asked. */
import { readFileSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the channel is like; the program changes it as Fabric would. */
export interface FalseChannel {
  /** Answer of Stake:ReadTable. */
  readonly table: string;
  readonly definition: {
    readonly sequence: number;
    readonly version: string;
    readonly validation_plugin: string;
    /** Serialised ApplicationPolicy, base64. */
    readonly validation_parameter: string;
  };
  /** ApplicationPolicy of whatever is committed next, base64. */
  readonly nextParameter: string;
  /** Configuration block, base64; and the one after an update. */
  readonly config: string;
  readonly nextConfig: string;
  /** Domains of organisations that approve nothing. */
  readonly refusing: readonly string[];
  /** Domains of organisations whose peers answer nothing. */
  readonly down: readonly string[];
  /** Addresses of orderers that do not answer. */
  readonly silent: readonly string[];
}

const PROGRAM = `#!${process.execPath}
const fs = require('fs');
const path = require('path');
const args = process.argv.slice(2);
const folder = path.dirname(__filename);
const file = path.join(folder, 'channel.json');
const channel = JSON.parse(fs.readFileSync(file, 'utf8'));
const msp = process.env.CORE_PEER_MSPCONFIGPATH;
const domain = /peerOrganizations\\/([^/]+)/.exec(msp)[1];
fs.appendFileSync(path.join(folder, 'calls'), JSON.stringify([domain, ...args]) + '\\n');
const fail = (words) => { process.stderr.write(words); process.exit(1); };
const keep = (change) => fs.writeFileSync(file, JSON.stringify({ ...channel, ...change }));
const after = (...names) => args[args.findIndex((each) => names.includes(each)) + 1];
if (channel.silent.includes(after('--orderer', '-o'))) fail('no answer');
if (channel.down.includes(domain) && args.includes('chaincode')) fail('no peer');
const command = args.filter((each) => each !== 'lifecycle').slice(0, 2).join(' ');
const answers = {
  'chaincode query': () => console.log(channel.table),
  'chaincode querycommitted': () => console.log(JSON.stringify(channel.definition)),
  'chaincode queryapproved': () =>
    console.log(JSON.stringify({ source: { Type: { LocalPackage: { package_id: 'l:' + domain } } } })),
  'chaincode approveformyorg': () => channel.refusing.includes(domain) && fail('not now'),
  'chaincode commit': () =>
    keep({
      definition: {
        ...channel.definition,
        sequence: Number(after('--sequence')),
        validation_parameter: channel.nextParameter,
      },
    }),
  'channel fetch': () => fs.writeFileSync(args[3], Buffer.from(channel.config, 'base64')),
  'channel signconfigtx': () => undefined,
  'channel update': () => keep({ config: channel.nextConfig }),
};
answers[command]();
`;

export class FalsePeer {
  readonly program: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.program = join(folder, 'peer');
  }

  static async in(folder: string, channel: FalseChannel): Promise<FalsePeer> {
    await mkdir(folder, { recursive: true });
    const peer = new FalsePeer(folder);
    await writeFile(peer.program, PROGRAM);
    await chmod(peer.program, 0o755);
    await writeFile(join(folder, 'channel.json'), JSON.stringify(channel));
    await writeFile(join(folder, 'calls'), '');
    return peer;
  }

  change(change: Partial<FalseChannel>): void {
    const file = join(this.#folder, 'channel.json');
    const channel = JSON.parse(readFileSync(file, 'utf8')) as FalseChannel;
    writeFileSync(file, JSON.stringify({ ...channel, ...change }));
  }

  /** Domain and arguments of all calls of a command so far, such as `signconfigtx`. */
  async calls(command: string): Promise<readonly (readonly string[])[]> {
    const lines = (await readFile(join(this.#folder, 'calls'), 'utf8')).trim().split('\n');
    return lines
      .map((line) => JSON.parse(line) as readonly string[])
      .filter((call) => call.includes(command));
  }
}
