/** A network on four hosts, each a network namespace with nothing but its folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build } from 'esbuild';

import {
  readInventory,
  startHost,
  writeHostFolders,
  type HostFolder,
} from '../../../network/src/fabric/index.ts';
import { codeOf } from '../code-of.ts';
import { describeWithFabric, fabricBinaries } from './binaries.ts';
import type { HostAnswer, HostRequest, HostSettings } from './hosts/host-program.ts';
import { canMakeNamespaces, makeNamespaces, NET, type Namespaces } from './hosts/namespaces.ts';
import { newInventory } from './inventories.ts';
import { until } from './programs.ts';
import { ORGANISATIONS } from './topologies.ts';

jest.setTimeout(400_000);

const ROOT = join(__dirname, '../../..');
const HOSTS = ['northlight', 'helios', 'meridian', 'city'];
const describeOnHosts = canMakeNamespaces() ? describe : describe.skip;

/** Everything below a folder that is secret, as cryptogen names such files. */
async function secrets(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => /priv_sk$|\.key$/.test(name)).sort();
}

class Host {
  readonly #child: ChildProcess;
  readonly #answers: HostAnswer[] = [];
  readonly exited: Promise<unknown>;

  constructor([program, ...args]: readonly [string, ...string[]], settings: HostSettings) {
    this.#child = spawn(program, args, {
      env: {
        ...process.env,
        HOST: JSON.stringify(settings),
        HFC_LOGGING: '{}',
        NODE_PATH: join(ROOT, 'node_modules'),
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.exited = once(this.#child, 'exit');
    this.#child.on('message', (answer: HostAnswer) => this.#answers.push(answer));
  }

  /** @throws Error with what the host says went wrong, or when it ends */
  async answer(): Promise<HostAnswer> {
    await until(() => this.#answers.length > 0 || this.#child.exitCode !== null, 180_000);
    const answer = this.#answers.shift();
    if (answer?.failure !== undefined) throw new Error(answer.failure);
    if (answer === undefined) throw new Error('the host ended');
    return answer;
  }

  async ask(request: HostRequest): Promise<string> {
    this.#child.send(request);
    return (await this.answer()).value ?? '';
  }

  async end(signal?: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    if (signal) this.#child.kill(signal);
    else this.#child.disconnect();
    await this.exited;
  }
}

describeWithFabric('the hosts of an inventory', () => {
  let directory: string;
  let folders: readonly HostFolder[];
  const text = JSON.stringify(newInventory(NET));
  const options = () => ({
    inventory: readInventory(text),
    text,
    directory,
    binaries: fabricBinaries(),
  });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'inventory-'));
    folders = await writeHostFolders(options());
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  const folderOf = (host: string): string => folders.find((each) => each.host === host)!.folder;

  it('have a folder each, which says what they run', () => {
    expect(folders.map(({ host, runs }) => [host, runs.length]).sort()).toEqual([
      ['city', 1],
      ['helios', 3],
      ['meridian', 3],
      ['northlight', 3],
    ]);
  });

  it('have the keys of what they run, and no others', async () => {
    const own = await secrets(folderOf('helios'));
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter((path) => !/\/(orderer\.)?helios\.example\//.test(path))).toEqual([]);
    const city = await secrets(folderOf('city'));
    expect(city.filter((path) => !path.includes('/orderer.city.example/'))).toEqual([]);
    const held = (await Promise.all(HOSTS.map((host) => secrets(folderOf(host))))).flat();
    expect(new Set(held).size).toBe(held.length);
  });

  it('share block 0 and the profiles', async () => {
    const read = (path: string) =>
      Promise.all(HOSTS.map((host) => readFile(join(folderOf(host), path), 'base64')));
    for (const path of ['channel/city.block', 'connection-helios.json']) {
      expect(new Set(await read(path)).size).toBe(1);
    }
  });

  it('keep their folders from being written again', async () => {
    expect(await codeOf(() => writeHostFolders(options()))).toBe('OPTIONS_INVALID');
  });

  it('are not started from a folder that is none', async () => {
    const start = () => startHost({ folder: join(directory, 'all'), binaries: fabricBinaries() });
    expect(await codeOf(start)).toBe('OPTIONS_INVALID');
  });

  describeOnHosts('on networks of their own', () => {
    let namespaces: Namespaces | undefined;
    let program: string;
    const hosts = new Map<string, Host>();

    beforeAll(async () => {
      program = join(directory, 'host-program.cjs');
      await build({
        entryPoints: [join(__dirname, 'hosts/host-program.ts')],
        bundle: true,
        format: 'cjs',
        platform: 'node',
        target: 'node20',
        packages: 'external',
        outfile: program,
      });
    });

    afterAll(async () => {
      await Promise.all([...hosts.values()].map((host) => host.end()));
      namespaces?.remove();
    });

    function start(name: string): Host {
      const index = HOSTS.indexOf(name);
      const organisation = ORGANISATIONS[index];
      const host = new Host([...namespaces!.command(index), process.execPath, program], {
        folder: folderOf(name),
        binaries: fabricBinaries(),
        modulePath: join(__dirname, '../embedded/contract'),
        ...(organisation && { organisation }),
      });
      hosts.set(name, host);
      return host;
    }

    it('make one network, which does without any one of them', async () => {
      namespaces = makeNamespaces(HOSTS.length);
      const [northlight, helios, meridian, city] = HOSTS.map(start) as [Host, Host, Host, Host];
      const ready = await Promise.all([northlight, helios, meridian, city].map((h) => h.answer()));
      expect(Object.keys(ready[3]!.heights!)).toEqual(['orderer0.orderer.city.example']);
      const endorsers = ['NorthlightMSP', 'HeliosMSP'];
      await northlight.ask({ put: 'first', value: '1', endorsers });
      await until(async () => (await meridian.ask({ get: 'first' })) === '1');

      namespaces.plug(HOSTS.indexOf('meridian'), 'down');
      await northlight.ask({ put: 'second', value: '2', endorsers });
      await until(async () => (await helios.ask({ get: 'second' })) === '2');
      expect(await meridian.ask({ get: 'second' })).toBe('');
      namespaces.plug(HOSTS.indexOf('meridian'), 'up');
      await until(async () => (await meridian.ask({ get: 'second' })) === '2', 120_000);

      await helios.end('SIGKILL');
      await northlight.ask({
        put: 'third',
        value: '3',
        endorsers: ['NorthlightMSP', 'MeridianMSP'],
      });
      const again = start('helios');
      await again.answer();
      await until(async () => (await again.ask({ get: 'third' })) === '3', 120_000);
      expect(await again.ask({ get: 'first' })).toBe('1');
    });
  });
});
