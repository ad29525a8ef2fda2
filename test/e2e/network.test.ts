import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectReader } from '../../network/src/operator/network/reader.ts';
import { findRunning } from '../../network/src/operator/network/running-file.ts';

const program = join(__dirname, '..', '..', 'bin', 'lamplighter.js');
const PATIENCE_MS = 90_000;
jest.setTimeout(PATIENCE_MS);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
function lamplighter(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

function network(...args: readonly string[]): Promise<Ended> {
  return lamplighter('network', ...args);
}

/** What `status --json` prints, as far as these tests look. */
interface Status {
  readonly running: boolean;
  readonly healthy: boolean;
  readonly kind: string;
  readonly processId: number;
  readonly operations: string;
  readonly engine: string;
  readonly orderers: readonly { readonly address: string }[];
  readonly peers: readonly {
    readonly mspId: string;
    readonly address: string;
    readonly height: number;
  }[];
  readonly failedChecks: readonly { readonly component: string }[];
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => {
        resolve(false);
      });
  });
}

function portsOf({ operations, orderers, peers }: Status): readonly number[] {
  const addresses = [...orderers, ...peers].map(({ address }) => address);
  return [new URL(operations).port, ...addresses.map((each) => each.split(':')[1])].map(Number);
}

const root = mkdtempSync(join(tmpdir(), 'lamplighter-network-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('a network in the background', () => {
  const directory = join(root, 'detached');
  const here = ['--directory', directory];
  let started: Ended;
  const status = async (): Promise<Status> =>
    JSON.parse((await network('status', '--json', ...here)).stdout) as Status;

  beforeAll(async () => {
    started = await network('up', '--detach', ...here);
  });
  afterAll(async () => {
    await network('down', '--wipe', ...here);
  });

  it('says where everything is when it is ready', () => {
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(started.stdout).toContain(
      `eval "$(npx lamplighter network env northlight --directory ${directory})"`,
    );
  });

  it('runs on after the command that started it, and every peer answers', async () => {
    const { peers, ...rest } = await status();
    expect(rest).toMatchObject({
      running: true,
      healthy: true,
      kind: 'network',
      engine: 'embedded',
      failedChecks: [],
    });
    expect(peers.map(({ mspId }) => mspId)).toEqual(['NorthlightMSP', 'HeliosMSP', 'MeridianMSP']);
    expect(new Set(peers.map(({ height }) => height)).size).toBe(1);
    const { code, stdout } = await network('status', ...here);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^healthy: a network in .*\n(.*\n)*.*peer0\.helios\.example .*height \d+/,
    );
  });

  it('is audited while it runs', async () => {
    const empty = { code: 0, stderr: '' };
    expect(await lamplighter('audit', 'weakest', ...here)).toEqual({
      ...empty,
      stdout: 'no device is assigned\n',
    });
    expect(await lamplighter('audit', 'weakest', '--json', ...here)).toEqual({
      ...empty,
      stdout: '[]\n',
    });
    const elsewhere = await lamplighter('audit', 'weakest', '--directory', join(root, 'nowhere'));
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.stderr).toMatch(/NETWORK_NOT_RUNNING/);
  });

  it("tells what its contracts take, by Fabric's own query", async () => {
    const running = findRunning(directory)!;
    await using ledger = await connectReader(directory, running, PATIENCE_MS);
    const answer = await ledger.evaluate('org.hyperledger.fabric:GetMetadata', []);
    const { contracts } = JSON.parse(Buffer.from(answer).toString()) as { contracts: object };
    expect(Object.keys(contracts)).toEqual(
      expect.arrayContaining(['DeviceRegistry', 'Firmware', 'Stake', 'StatusLog']),
    );
  });

  it('refuses a second one on its directory, and says what to do', async () => {
    const { processId } = await status();
    for (const flags of [[], ['--detach']]) {
      const second = await network('up', ...flags, ...here);
      expect(second.code).toBe(1);
      expect(second.stderr).toContain(
        `DIRECTORY_IN_USE: ${directory} is in use by process ${processId}; end it`,
      );
    }
  });

  it('serves the operations endpoints of a Fabric node', async () => {
    const { operations } = await status();
    expect(await (await fetch(`${operations}/healthz`)).json()).toMatchObject({ status: 'OK' });
    const metrics = await (await fetch(`${operations}/metrics`)).text();
    for (const line of [
      /^ledger_blockchain_height\{channel="city",node="peer0\.meridian\.example"\} \d+$/m,
      /^ledger_transaction_count\{.*validation_code="VALID".*\} \d+$/m,
      /^endorser_successful_proposals\{node="peer0\.northlight\.example"\} [1-9]\d*$/m,
      /^process_resident_memory_bytes \d+$/m,
    ]) {
      expect(metrics).toMatch(line);
    }
    const body = '{"spec":"peer=debug:warn"}';
    const put = await fetch(`${operations}/logspec`, { method: 'PUT', body });
    expect(put.status).toBe(204);
    expect(await (await fetch(`${operations}/logspec`)).json()).toEqual(JSON.parse(body));
    expect(await (await fetch(`${operations}/version`)).json()).toEqual({ Version: '0.1.0' });
  });

  it('prints the environment of the peer command, which points at files that are there', async () => {
    const { stdout } = await network('env', 'helios', '--user', 'User1', '--json', ...here);
    const environment = JSON.parse(stdout) as Record<string, string>;
    expect(environment).toMatchObject({
      CORE_PEER_LOCALMSPID: 'HeliosMSP',
      CORE_PEER_TLS_ENABLED: 'true',
    });
    const { FABRIC_CFG_PATH = '', CORE_PEER_MSPCONFIGPATH = '' } = environment;
    expect(existsSync(join(FABRIC_CFG_PATH, 'core.yaml'))).toBe(true);
    expect(existsSync(join(CORE_PEER_MSPCONFIGPATH, 'signcerts'))).toBe(true);
    expect(existsSync(environment['CORE_PEER_TLS_ROOTCERT_FILE'] ?? '')).toBe(true);
    const lines = (await network('env', 'helios', ...here)).stdout;
    expect(lines).toMatch(/^export CORE_PEER_MSPCONFIGPATH=\S+Admin@helios\.example\/msp$/m);
  });

  it('refuses an organisation and a user that are not there', async () => {
    const organisation = await network('env', 'nobody', ...here);
    expect(organisation.stderr).toMatch(/OPTION_INVALID: .*northlight, helios, meridian/);
    const user = await network('env', 'helios', '--user', 'nobody', ...here);
    expect([user.code, user.stderr]).toEqual([
      1,
      expect.stringContaining('OPTION_INVALID') as string,
    ]);
  });

  it('starts its contracts again when their process is killed', async () => {
    const { processId, operations } = await status();
    const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=', '--ppid', String(processId)]);
    for (const contract of stdout.trim().split('\n')) process.kill(Number(contract), 'SIGKILL');
    const wait = async (code: number): Promise<void> => {
      while ((await fetch(`${operations}/healthz`)).status !== code) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await wait(503);
    await wait(200);
    expect((await status()).healthy).toBe(true);
  });

  it('ends, with all its ports and processes, before the command that ends it', async () => {
    const before = await status();
    expect(await network('down', ...here)).toEqual({
      code: 0,
      stdout: `ended the network of process ${before.processId}\n`,
      stderr: '',
    });
    expect(await Promise.all(portsOf(before).map(isOpen))).toEqual(
      portsOf(before).map(() => false),
    );
    expect(existsSync(join(directory, 'city.lock'))).toBe(false);
    expect(await network('status', ...here)).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse((await network('status', '--json', ...here)).stdout)).toEqual({
      running: false,
      directory,
    });
    for (const command of [['down'], ['env', 'helios']]) {
      const late = await network(...command, ...here);
      expect([late.code, late.stderr]).toEqual([
        1,
        expect.stringMatching(/NETWORK_NOT_RUNNING: .*network up --detach/) as string,
      ]);
    }
  });

  it('comes back at the same ports with its blocks', async () => {
    await network('up', '--detach', ...here);
    const first = await status();
    await network('down', ...here);
    await network('up', '--detach', ...here);
    const second = await status();
    expect(portsOf(second)).toEqual(portsOf(first));
    expect(second.peers.map(({ height }) => height)).toEqual(
      first.peers.map(({ height }) => height),
    );
  });
});

describe('a network in the foreground', () => {
  const directory = join(root, 'foreground');
  let running: ChildProcess;
  let printed = '';

  beforeAll(async () => {
    running = spawn(process.execPath, [program, 'network', 'up', '--directory', directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    while (!printed.includes('for the peer command')) {
      if (running.exitCode !== null) throw new Error(`it ended:\n${printed}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  afterAll(() => {
    running.kill('SIGKILL');
  });

  it('keeps its log and its running file for tools beside it', () => {
    const folder = join(directory, 'network');
    expect(statSync(join(folder, 'network.log')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'running.json'), 'utf8')).toContain('"processId"');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends in order at %s', async (signal) => {
    if (running.exitCode !== null) {
      running = spawn(process.execPath, [program, 'network', 'up', '--directory', directory]);
      while (!existsSync(join(directory, 'network', 'running.json'))) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    running.kill(signal);
    const [code] = (await once(running, 'exit')) as [number];
    expect(code).toBe(0);
    expect(existsSync(join(directory, 'city.lock'))).toBe(false);
    expect(existsSync(join(directory, 'network', 'running.json'))).toBe(false);
  });
});

describe('a directory that is not ours', () => {
  it.each(['up', 'down --wipe'])('is left alone by %s', async (command) => {
    const refused = await network(...command.split(' '), '--directory', join(__dirname, '..'));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('DIRECTORY_FOREIGN') as string,
    ]);
  });

  it('does not come into being by asking', async () => {
    const nowhere = join(root, 'nowhere');
    await network('status', '--directory', nowhere);
    await network('down', '--directory', nowhere);
    expect(existsSync(nowhere)).toBe(false);
  });
});
