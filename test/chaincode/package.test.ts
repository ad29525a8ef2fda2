/** `npm run package`: what Fabric deploys. Works on the compiled contracts, so `npm run build` comes first. */
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const ROOT = join(__dirname, '..', '..');
const BLOCK = 512;

/** The files of a gzipped ustar archive, with the whole header of each. */
function untar(archive: Uint8Array): Map<string, { content: Buffer; header: Buffer }> {
  const bytes = gunzipSync(archive);
  const files = new Map<string, { content: Buffer; header: Buffer }>();
  for (let at = 0; bytes[at] !== 0;) {
    const header = bytes.subarray(at, at + BLOCK);
    const size = parseInt(header.toString('latin1', 124, 135), 8);
    const name = header.toString('latin1', 0, 100).replace(/\0+$/, '');
    files.set(name, { content: bytes.subarray(at + BLOCK, at + BLOCK + size), header });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function runPackage(out: string, ...options: readonly string[]): string {
  const script = join(ROOT, 'chaincode', 'scripts', 'package.mjs');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [script, '--out', out, ...options],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

let folder: string;
let id: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamplighter-package-'));
  id = runPackage(join(folder, 'first'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const readPackaged = (...path: string[]): Buffer => readFileSync(join(folder, 'first', ...path));

describe('the package for chaincode as a service', () => {
  it('has an id by its label and bytes, the same in each run', () => {
    const archive = readPackaged('lamplighter-ccaas.tar.gz');
    const digest = createHash('sha256').update(archive).digest('hex');
    expect(id).toBe(`lamplighter_0.1.0:${digest}`);
    expect(runPackage(join(folder, 'second'))).toBe(id);
  });

  it('holds metadata and connection as the ccaas builder reads them', () => {
    const files = untar(readPackaged('lamplighter-ccaas.tar.gz'));
    expect([...files.keys()]).toStrictEqual(['metadata.json', 'code.tar.gz']);
    expect(JSON.parse(files.get('metadata.json')!.content.toString())).toStrictEqual({
      type: 'ccaas',
      label: 'lamplighter_0.1.0',
    });
    const code = untar(files.get('code.tar.gz')!.content);
    expect([...code.keys()]).toStrictEqual(['connection.json']);
    expect(JSON.parse(code.get('connection.json')!.content.toString())).toStrictEqual({
      address: '{{.peername}}_lamplighter_ccaas:9999',
      dial_timeout: '10s',
      tls_required: false,
    });
  });

  it('has right header sums, no time and no owner', () => {
    for (const { header } of untar(readPackaged('lamplighter-ccaas.tar.gz')).values()) {
      const blank = Buffer.from(header).fill(' ', 148, 156);
      const sum = blank.reduce((total, byte) => total + byte, 0);
      expect(parseInt(header.toString('latin1', 148, 154), 8)).toBe(sum);
      expect(header.toString('latin1', 108, 124)).toBe('0000000\x000000000\x00');
      expect(header.toString('latin1', 136, 148)).toBe('00000000000\x00');
      expect(header.toString('latin1', 257, 265)).toBe('ustar\x0000');
    }
  });

  it('takes another address and label', () => {
    const out = join(folder, 'third');
    const other = runPackage(out, '--address', '127.0.0.1:7777', '--label', 'mine');
    expect(other).toMatch(/^mine:[0-9a-f]{64}$/);
    const files = untar(readFileSync(join(out, 'lamplighter-ccaas.tar.gz')));
    const code = untar(files.get('code.tar.gz')!.content);
    expect(code.get('connection.json')!.content.toString()).toContain('"127.0.0.1:7777"');
  });
});

describe('the chaincode folder', () => {
  it('needs nothing but Fabric’s two packages', () => {
    expect(readdirSync(join(folder, 'first', 'lamplighter')).sort()).toStrictEqual([
      'README.md',
      'dist',
      'npm-shrinkwrap.json',
      'package.json',
    ]);
    const manifest = JSON.parse(readPackaged('lamplighter', 'package.json').toString()) as object;
    expect(manifest).toMatchObject({
      main: 'dist/index.js',
      dependencies: { 'fabric-contract-api': '2.5.8', 'fabric-shim': '2.5.8' },
    });
    const code = readPackaged('lamplighter', 'dist', 'index.js').toString();
    const required = new Set([...code.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name));
    expect([...required].sort()).toStrictEqual(['fabric-contract-api', 'node:crypto']);
  });

  it('locks every package that they reach, by digest and by no machine’s address', () => {
    const text = readPackaged('lamplighter', 'npm-shrinkwrap.json').toString();
    const { packages } = JSON.parse(text) as {
      packages: Record<string, { integrity?: string; dependencies?: Record<string, string> }>;
    };
    expect(text).not.toContain('"resolved"');
    const names = Object.keys(packages).map((path) => path.split('node_modules/').at(-1));
    for (const [path, entry] of Object.entries(packages)) {
      expect([path, path === '' || entry.integrity !== undefined]).toStrictEqual([path, true]);
      for (const name of Object.keys(entry.dependencies ?? {})) expect(names).toContain(name);
    }
  });

  it('serves the contracts with the names of their parameters', () => {
    const packaged = join(folder, 'first', 'lamplighter');
    symlinkSync(join(ROOT, 'node_modules'), join(packaged, 'node_modules'));
    const { status } = spawnSync(
      process.execPath,
      [
        join(ROOT, 'node_modules', 'fabric-shim', 'cli.js'),
        'metadata',
        'generate',
        '--file',
        'metadata.json',
      ],
      { cwd: packaged, env: { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'critical' } },
    );
    expect(status).toBe(0);
    const { contracts } = JSON.parse(readPackaged('lamplighter', 'metadata.json').toString()) as {
      contracts: Record<
        string,
        { transactions: { name: string; parameters?: { name: string }[] }[] }
      >;
    };
    const transactions = Object.entries(contracts).flatMap(([contract, value]) =>
      value.transactions.map(
        ({ name, parameters = [] }) =>
          `${contract}:${name}(${parameters.map((parameter) => parameter.name).join(', ')})`,
      ),
    );
    expect(transactions).toStrictEqual([
      'DeviceRegistry:RegisterVendor(json)',
      'DeviceRegistry:RegisterModel(json)',
      'DeviceRegistry:RegisterManagementNode(json)',
      'DeviceRegistry:RegisterDevice(json)',
      'DeviceRegistry:RegisterDevices(json)',
      'DeviceRegistry:AssignDevice(envelope, dueWithin)',
      'DeviceRegistry:SuspendDevice(id, reason)',
      'DeviceRegistry:RetireDevice(id, envelope)',
      'DeviceRegistry:ReadVendor(id)',
      'DeviceRegistry:ReadModel(id)',
      'DeviceRegistry:ReadManagementNode(id)',
      'DeviceRegistry:ReadDevice(id)',
      'DeviceRegistry:DeviceHistory(id)',
      'DeviceRegistry:DevicesOf(manager, pageSize, bookmark)',
      'DeviceRegistry:Hierarchy(pageSize, bookmark)',
      'DeviceRegistry:WeakestDevices(pageSize, bookmark)',
      'StatusLog:ReportStatus(json)',
      'StatusLog:ReportStatuses(json)',
      'StatusLog:ReadStatus(device)',
      'StatusLog:StatusHistory(device)',
      'StatusLog:AbnormalDevices(pageSize, bookmark)',
      'StatusLog:OverdueDevices(pageSize, bookmark)',
      'Firmware:PublishRelease(json)',
      'Firmware:ApproveRelease(id)',
      'Firmware:WithdrawRelease(id, reason)',
      'Firmware:RecordTransmission(json)',
      'Firmware:RecordUpdates(json)',
      'Firmware:LatestRelease(model)',
      'Firmware:ProveRelease(model, challenge)',
      'Firmware:ReadRelease(id)',
      'Firmware:ReleasesOf(model, pageSize, bookmark)',
      'Firmware:UpdateHistory(device)',
      'Firmware:TransmissionHistory(release, pageSize, bookmark)',
      'Stake:Initialise(json)',
      'Stake:OfferShares(json)',
      'Stake:AcceptOffer(id)',
      'Stake:WithdrawOffer(id)',
      'Stake:ElectValidator()',
      'Stake:SkipValidator(validator, epoch, reason)',
      'Stake:Return()',
      'Stake:ReportMisconduct(json)',
      'Stake:VoteBurn(caseId)',
      'Stake:LiftBar(caseId)',
      'Stake:Reissue(json)',
      'Stake:ReadTable()',
      'Stake:CoinAges()',
      'Stake:Elections()',
      'Stake:Cases(pageSize, bookmark)',
      'Stake:Offers(pageSize, bookmark)',
      'Stake:Validators()',
      'Stake:ValidatorSet(epoch)',
      'Stake:ProveValidators(from, to)',
      'Stake:StakeHistory()',
      'org.hyperledger.fabric:GetMetadata()',
    ]);
  });
});
