import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EndNode, fastRetry, loadProvisioning, MemoryFirmwareStore } from '@lamplighter/sdk';

const program = join(__dirname, '..', '..', 'bin', 'lamplighter.js');
const PATIENCE_MS = 90_000;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end. */
function lamplighter(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

function portsIn(file: string): readonly number[] {
  return Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>);
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

/** Command lines of the processes of this machine that name `text`. */
async function processesNaming(text: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.includes(text) && !line.startsWith('ps '));
}

describe('a running city', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lamplighter-e2e-'));
  const city = join(directory, 'city');
  let running: ChildProcess;
  let printed = '';

  /** Resolves when the city has printed what matches. */
  async function printedLine(pattern: RegExp): Promise<void> {
    while (!pattern.test(printed)) {
      if (running.exitCode !== null) throw new Error(`the city ended:\n${printed}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  beforeAll(async () => {
    running = spawn(process.execPath, [program, 'start', '--directory', city, '--devices', '6'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    await printedLine(/^devices: 6/m);
  }, PATIENCE_MS);

  afterAll(() => {
    running.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  it('prints plain lines where there is no terminal', async () => {
    await printedLine(/monitoring \(1\) {2}\S+ {2}normal {2}round 1 {2}tx [0-9a-f]{12}/);
    expect(printed).not.toContain('\u001B');
  });

  it('refuses a second city on its directory, and says which process holds it', async () => {
    const second = await lamplighter('start', '--directory', city);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/DIRECTORY_IN_USE: .* in use by process \d+/);
    const alone = await lamplighter('network', 'up', '--directory', city);
    expect(alone.stderr).toMatch(/DIRECTORY_IN_USE: .* in use by process \d+/);
  });

  it('tells of its network to whoever asks beside it', async () => {
    const { code, stdout } = await lamplighter('network', 'status', '--json', '--directory', city);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'city',
      healthy: true,
      processId: running.pid,
    });
    const environment = await lamplighter('network', 'env', 'meridian', '--directory', city);
    expect(environment.stdout).toContain('CORE_PEER_LOCALMSPID=MeridianMSP');
  });

  it(
    'lets vendors trade shares and vote on the validator from the command line',
    async () => {
      await printedLine(/northlight sold 5 shares to meridian/);
      const stake = async (...args: readonly string[]): Promise<Ended> =>
        lamplighter('stake', ...args, '--directory', city);
      const offered = await stake('offer', '3', '--as', 'helios', '--to', 'meridian', '--json');
      const { id } = JSON.parse(offered.stdout) as { readonly id: string };
      expect((await stake('status')).stdout).toContain(
        `  offer ${id}: helios offers 3 shares to meridian\n`,
      );
      expect((await stake('accept', id, '--as', 'northlight')).stderr).toMatch(
        /REQUEST_REFUSED: northlight refused: CALLER_NOT_ALLOWED/,
      );
      expect(await stake('accept', id, '--as', 'meridian')).toMatchObject({ code: 0, stderr: '' });
      expect((await stake('withdraw', id, '--as', 'helios')).stderr).toContain('OFFER_CLOSED');
      expect((await stake('return', '--as', 'helios')).stderr).toContain('NOT_ABSENT');
      const vote = await stake('skip', '--as', 'helios', '--reason', 'a test', '--json');
      expect(JSON.parse(vote.stdout)).toMatchObject({ carried: false });
      const status = await stake('status', '--json');
      expect(JSON.parse(status.stdout)).toMatchObject({ issued: '100', offers: [], cases: [] });
      expect((await stake('cases')).stdout).toBe('nobody was convicted of anything\n');
      expect((await stake('return', '--as', 'nobody')).stderr).toMatch(
        /OPTION_INVALID: no vendor "nobody" .*northlight, helios, meridian/,
      );
      expect((await stake('lift', 'ab', '--as', 'helios')).stderr).toContain('OPTION_INVALID');
    },
    PATIENCE_MS,
  );

  it(
    'takes a device of another make: provisioned, monitored, on the ledger as normal',
    async () => {
      const image = join(directory, 'lamp.bin');
      writeFileSync(image, Buffer.alloc(70_000, 'a lamp '));
      const out = join(directory, 'lamp.json');
      const provisioned = await lamplighter(
        ...['device', 'provision', '--directory', city, '--model', 'ev3-brick', '--kind', 'end'],
        ...['--image', image, '--out', out, '--id', 'lamp-of-another-make'],
      );
      expect(provisioned).toMatchObject({ code: 0, stderr: '' });
      expect(statSync(out).mode & 0o777).toBe(0o600);

      const identity = await loadProvisioning(out);
      if (identity.kind !== 'end') throw new Error('expected an end node');
      const firmware = new MemoryFirmwareStore(
        {
          bytes: new Uint8Array(readFileSync(identity.image)),
          gen: identity.gen,
          seq: identity.seq,
          version: identity.version,
        },
        identity.slotBytes,
      );
      const device = await EndNode.start({ identity, firmware, retry: fastRetry });
      try {
        await printedLine(/lamp-of-another-make {2}normal/);
      } finally {
        await device.close();
      }
      expect(printed).toMatch(/lamp-of-another-make \(ev3-brick of meridian\) joined at gateway-/);
    },
    PATIENCE_MS,
  );

  it.each([
    ['an unknown model', ['--model', 'no-such-hub', '--kind', 'end'], /OPTION_INVALID.*models: /],
    ['the wrong kind', ['--model', 'move-hub', '--kind', 'end'], /REQUEST_REFUSED.*lightweight/],
  ] as const)('refuses to provision %s', async (_, args, message) => {
    const out = join(directory, 'never.json');
    const refused = await lamplighter(
      ...['device', 'provision', '--directory', city, ...args, '--image', program, '--out', out],
    );
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(message);
    expect(() => statSync(out)).toThrow('ENOENT');
  });

  it(
    'ends in order at a signal, and leaves the directory free',
    async () => {
      running.kill('SIGINT');
      const [code] = (await once(running, 'exit')) as [number];
      expect(code).toBe(0);
      expect(() => statSync(join(city, 'city.lock'))).toThrow('ENOENT');
      const ports = [
        ...portsIn(join(city, 'ports.json')),
        ...portsIn(join(city, 'network', 'ports.json')),
      ];
      expect(ports.length).toBeGreaterThanOrEqual(10);
      expect(await Promise.all(ports.map(isOpen))).toEqual(ports.map(() => false));
      expect(await processesNaming(city)).toEqual([]);
      const provisioned = await lamplighter(
        ...['device', 'provision', '--directory', city, '--model', 'ev3-brick', '--kind', 'end'],
        ...['--image', program, '--out', join(directory, 'never.json')],
      );
      expect(provisioned.stderr).toMatch(/CITY_NOT_RUNNING: .*npm start/);
    },
    PATIENCE_MS,
  );
});
