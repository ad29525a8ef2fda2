/** The stock peer command in a shell, as a user has it: `network up`, `eval "$(… network env …)"`, `npm run package`. */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { peerCertificateOf } from '../chaincode/peer-certificates.ts';
import { freePort } from '../network/embedded/chaincode-process.ts';

jest.setTimeout(180_000);

const ROOT = join(__dirname, '..', '..');
const PROGRAM = join(ROOT, 'bin', 'lamplighter.js');
/** Fabric's own command, when it is on PATH. */
const describeWithPeer = spawnSync('peer', ['version']).error ? describe.skip : describe;
const run = promisify(execFile);

describeWithPeer('the stock peer command on a network that was brought up', () => {
  const root = mkdtempSync(join(tmpdir(), 'lamplighter-peer-'));
  const directory = join(root, 'state');
  let contracts: ChildProcess | undefined;
  let packageId = '';
  const archive = join(root, 'package', 'second-ccaas.tar.gz');

  const network = (...args: readonly string[]): Promise<unknown> =>
    run(process.execPath, [PROGRAM, 'network', ...args, '--directory', directory]);

  /** Runs a script as a member of an organisation; both outputs together, since the command logs to the second. */
  async function shell(script: string, organisation = 'northlight'): Promise<string> {
    const environment = `eval "$('${process.execPath}' '${PROGRAM}' network env ${organisation} --directory '${directory}')"`;
    const { stdout, stderr } = await run('sh', ['-c', `set -e; ${environment}; ${script}`], {
      cwd: root,
      env: { PATH: process.env['PATH'], HOME: root, FABRIC_LOGGING_SPEC: 'info:grpc=error' },
      maxBuffer: 16 * 1_048_576,
    });
    return `${stdout}${stderr}`;
  }

  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const signingKey = Buffer.from(x, 'base64url').toString('hex');
  const ORDERER = '-o $ORDERER_ADDRESS --tls --cafile $ORDERER_CA';
  const vendor = (id: string): string =>
    JSON.stringify({
      Args: [
        'DeviceRegistry:RegisterVendor',
        JSON.stringify({
          id,
          url: 'http://127.0.0.1:1',
          signingKey,
          peerCertificates: [peerCertificateOf(id)],
        }),
      ],
    });

  beforeAll(async () => {
    await network('up', '--detach');
  });
  afterAll(async () => {
    contracts?.kill();
    await network('down', '--wipe');
    rmSync(root, { recursive: true, force: true });
  });

  it('queries a contract', async () => {
    const query = `peer chaincode query -C city -n lamplighter -c '{"Args":["StatusLog:AbnormalDevices","100",""]}'`;
    expect(await shell(query)).toContain('"items":[]');
    expect(await shell(query, 'MeridianMSP')).toContain('"items":[]');
  });

  it.each([
    ['with', ORDERER],
    ['without', '--tls --cafile $ORDERER_CA'],
  ])('invokes %s the address of the orderer, and waits for every peer', async (word, orderer) => {
    const output = await shell(
      `peer chaincode invoke -C city -n lamplighter ${orderer} $PEER_CONN_PARMS --waitForEvent -c '${vendor(`vendor-${word}`)}'`,
    );
    expect(output.match(/committed with status \(VALID\)/g)).toHaveLength(3);
  });

  it('shows the code of a contract', async () => {
    await expect(
      shell(
        `peer chaincode query -C city -n lamplighter -c '{"Args":["DeviceRegistry:ReadVendor","nobody"]}'`,
      ),
    ).rejects.toMatchObject({ stderr: expect.stringContaining('VENDOR_NOT_FOUND') as string });
  });

  it('tells channels and heights', async () => {
    expect(await shell('peer channel list')).toMatch(/^city$/m);
    expect(await shell('peer channel getinfo -c city')).toMatch(/"height":\d+/);
  });

  it.each([
    ['newest', '"number": "[1-9]'],
    ['1', '"number": "1"'],
    [`config`, '"channel_group"'],
  ])('fetches block %s in a form that configtxlator reads', async (which, part) => {
    const output = await shell(
      `peer channel fetch ${which} block.pb -c city ${ORDERER}; configtxlator proto_decode --type common.Block --input block.pb | cat`,
    );
    expect(output).toMatch(new RegExp(part));
  });

  it('tells what is committed, installed and approved', async () => {
    const output = await shell(
      [
        'peer lifecycle chaincode querycommitted -C city',
        'peer lifecycle chaincode queryinstalled',
        'peer lifecycle chaincode queryapproved -C city -n lamplighter',
        'peer lifecycle chaincode checkcommitreadiness -C city -n lamplighter -v 0.2 --sequence 2',
      ].join('; '),
    );
    expect(output).toContain('Name: lamplighter, Version: 0.1.0, Sequence: 1');
    expect(output).toMatch(
      /Package ID: lamplighter_0\.1\.0:[0-9a-f]{64}, Label: lamplighter_0\.1\.0/,
    );
    expect(output).toContain('sequence: 1, version: 0.1.0, init-required: false');
    expect(output).toContain('HeliosMSP: false');
  });

  it('installs what `npm run package` makes, and its service starts', async () => {
    const port = await freePort();
    const out = join(root, 'package');
    const packaging = join(ROOT, 'chaincode', 'scripts', 'package.mjs');
    const { stdout } = await run(process.execPath, [
      ...[packaging, '--out', out],
      ...['--address', `127.0.0.1:${port}`, '--label', 'second_1.0'],
    ]);
    packageId = stdout.trim();
    await run('mv', [join(out, 'lamplighter-ccaas.tar.gz'), archive]);
    for (const organisation of ['northlight', 'helios', 'meridian']) {
      expect(await shell(`peer lifecycle chaincode install ${archive}`, organisation)).toContain(
        packageId,
      );
    }
    const folder = join(out, 'lamplighter');
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    contracts = spawn(
      process.execPath,
      [
        join(ROOT, 'node_modules', 'fabric-shim', 'cli.js'),
        ...['server', '--chaincode-address', `127.0.0.1:${port}`, '--chaincode-id', packageId],
      ],
      {
        cwd: folder,
        env: { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'error' },
        stdio: 'ignore',
      },
    );
    await once(contracts, 'spawn');
  });

  /** Words of the environment that name a peer: two options with their values. */
  const WORDS = 4;

  /** Approved, and endorsed, by the first organisations. */
  async function deploy(name: string, sequence: number, approvals: 2 | 3): Promise<string> {
    const definition = `-C city -n ${name} -v 1.0 --sequence ${sequence}`;
    for (const organisation of ['northlight', 'helios', 'meridian'].slice(0, approvals)) {
      await shell(
        `peer lifecycle chaincode approveformyorg ${ORDERER} ${definition} --package-id ${packageId}`,
        organisation,
      );
    }
    const ready = await shell(`peer lifecycle chaincode checkcommitreadiness ${definition}`);
    const peers = Array.from({ length: approvals * WORDS }, (_, index) => `$\{${index + 1}}`).join(
      ' ',
    );
    await shell(
      `set -- $PEER_CONN_PARMS; peer lifecycle chaincode commit ${ORDERER} ${definition} ${peers}`,
    );
    return ready;
  }

  /** The service may still be starting. */
  async function answered(script: string): Promise<string> {
    for (;;) {
      try {
        return await shell(script);
      } catch (error) {
        if (!/ECONNREFUSED|cannot be reached|CHAINCODE_UNAVAILABLE/.test(String(error)))
          throw error;
        await delay(200);
      }
    }
  }

  it('deploys it as a second chaincode, and as a new sequence of ours', async () => {
    expect(await deploy('second', 1, 3)).toMatch(
      /HeliosMSP: true\nMeridianMSP: true\nNorthlightMSP: true/,
    );
    const query = `peer chaincode query -C city -c '{"Args":["StatusLog:AbnormalDevices","100",""]}'`;
    expect(await answered(`${query} -n second`)).toContain('"items":[]');
    expect(await deploy('lamplighter', 2, 2)).toMatch(
      /HeliosMSP: true\nMeridianMSP: false\nNorthlightMSP: true/,
    );
    const output = await shell('peer lifecycle chaincode querycommitted -C city');
    expect(output).toContain('Name: lamplighter, Version: 1.0, Sequence: 2');
    expect(output).toContain('Name: second, Version: 1.0, Sequence: 1');
    const vendors = `peer chaincode query -C city -n lamplighter -c '{"Args":["DeviceRegistry:ReadVendor","vendor-with"]}'`;
    expect(await shell(vendors)).toContain('"id":"vendor-with"');
  });

  it('finds both where they were when the network is brought up again', async () => {
    await network('down');
    await network('up', '--detach');
    const output = await shell('peer lifecycle chaincode querycommitted -C city');
    expect(output).toContain('Name: lamplighter, Version: 1.0, Sequence: 2');
    const query = `peer chaincode query -C city -n second -c '{"Args":["StatusLog:AbnormalDevices","100",""]}'`;
    expect(await shell(query)).toContain('"items":[]');
    const status = await run(process.execPath, [
      PROGRAM,
      'network',
      'status',
      '--directory',
      directory,
    ]);
    expect(status.stdout).toMatch(/MeridianMSP .*contracts: .*not .*approved/);
  });
});
