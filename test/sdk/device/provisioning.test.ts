/** The provisioning document (docs/provisioning.md): right ones parse, everything else is refused by field. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeviceError,
  EndNode,
  MemoryFirmwareStore,
  loadProvisioning,
  parseProvisioning,
} from '@lamplighter/sdk';
import type { EndNodeIdentity } from '@lamplighter/sdk';
import { encodeRoots, toHex } from '@lamplighter/sdk/wire';

const KEY = 'ab'.repeat(32);
const DOCUMENT = {
  format: 'lamplighter.provisioning.v1',
  device: 'lamp-0001',
  model: 'primehub',
  vendor: 'northlight',
  kind: 'end',
  gateway: 'ws://127.0.0.1:7000/v1/device',
  assignment: '820180',
  kv: 'cd'.repeat(32),
  kv_n: 0,
  vendorKey: KEY,
  image: '/var/lib/lamp/firmware.bin',
  imageSize: 1000,
  imageSha256: 'ef'.repeat(32),
  seq: 7,
  gen: 0,
  ver: '1.0.7',
  slotBytes: 65536,
  component: ['firmware', 0],
  fti: 10,
  rti: 2,
  uti: 15,
};
const WITHOUT_KEY = without('vendorKey');

function without(name: string): object {
  return Object.fromEntries(Object.entries(DOCUMENT).filter(([field]) => field !== name));
}

function refusalOf(document: unknown): { code: string; message: string } {
  try {
    parseProvisioning(document);
  } catch (error) {
    if (error instanceof DeviceError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('parseProvisioning', () => {
  it('reads a document of either kind', () => {
    expect(parseProvisioning(DOCUMENT)).toMatchObject({
      kind: 'end',
      device: 'lamp-0001',
      version: '1.0.7',
      kvN: 0,
      intervals: { fti: 10, rti: 2, uti: 15 },
      component: ['firmware', 0],
      vendorKey: new Uint8Array(32).fill(0xab),
    });
    const light = parseProvisioning({ ...WITHOUT_KEY, kind: 'lightweight', vendorMacKey: KEY });
    expect(light).toMatchObject({
      kind: 'lightweight',
      vendorMacKey: new Uint8Array(32).fill(0xab),
    });
    const document = { ...WITHOUT_KEY, kind: 'lightweight', vendorMacKey: KEY, legacy: true };
    expect(parseProvisioning(document)).toMatchObject({ legacy: true });
  });

  it('reads k of n roots in place of one key, and the ledger', () => {
    const keys = [1, 2, 3].map((byte) => ({ alg: 1 as const, key: new Uint8Array(32).fill(byte) }));
    const roots = { gen: 4, k: 2, keys };
    const vendorRoots = toHex(encodeRoots(roots));
    const ledger = { channel: 'city', chaincode: 'lamplighter', validators: '820180' };
    expect(parseProvisioning({ ...WITHOUT_KEY, vendorRoots, ledger })).toMatchObject({
      vendorRoots: roots,
      ledger: { ...ledger, validators: Uint8Array.of(0x82, 1, 0x80) },
    });
  });

  it.each<[string, object]>([
    ['vendorRoots', { ...WITHOUT_KEY, vendorRoots: '80' }],
    ['vendorRoots', { ...WITHOUT_KEY, vendorRoots: 'xx' }],
    ['vendorKey', { ...DOCUMENT, vendorRoots: '80' }],
    ['ledger', { ...DOCUMENT, ledger: 'city' }],
    ['ledger.channel', { ...DOCUMENT, ledger: { chaincode: 'c', validators: '80' } }],
    [
      'ledger.chaincode',
      { ...DOCUMENT, ledger: { channel: 'c', chaincode: '', validators: '80' } },
    ],
    ['ledger.validators', { ...DOCUMENT, ledger: { channel: 'c', chaincode: 'c' } }],
    ['ledger.more', { ...DOCUMENT, ledger: { more: 1 } }],
    ['legacy', { ...WITHOUT_KEY, kind: 'lightweight', vendorMacKey: KEY, legacy: 1 }],
    ['legacy', { ...DOCUMENT, legacy: true }],
    ['ledger', { ...WITHOUT_KEY, kind: 'lightweight', vendorMacKey: KEY, ledger: {} }],
  ])('refuses a false %s', (name, document) => {
    const { code, message } = refusalOf(document);
    expect(code).toBe('PROVISIONING_INVALID');
    expect(message).toContain(`provisioning: ${name}: expected `);
  });

  it.each(Object.keys(DOCUMENT))('refuses a document without %s', (name) => {
    const { code, message } = refusalOf(without(name));
    expect(code).toBe('PROVISIONING_INVALID');
    expect(message).toContain(`provisioning: ${name}: expected `);
  });

  it.each([
    ['format', 'lamplighter.provisioning.v2'],
    ['device', 'Lamp'],
    ['device', 'a'.repeat(64)],
    ['model', ''],
    ['kind', 'middle'],
    ['gateway', 'http://127.0.0.1/v1/device'],
    ['gateway', 'ws://127.0.0.1'],
    ['assignment', ''],
    ['assignment', 'ABCD'],
    ['assignment', 'abc'],
    ['kv', 'cd'.repeat(31)],
    ['kv_n', -1],
    ['kv_n', 0.5],
    ['kv_n', '0'],
    ['vendorKey', 'zz'.repeat(32)],
    ['imageSize', 65537],
    ['slotBytes', 0],
    ['component', ['firmware']],
    ['component', 'firmware'],
    ['fti', 9],
    ['fti', 2_592_001],
    ['rti', 0],
    ['uti', 31_536_001],
    ['ver', 'a\nb'],
  ])('refuses %s: %j', (name, value) => {
    const { code, message } = refusalOf({ ...DOCUMENT, [name]: value });
    expect(code).toBe('PROVISIONING_INVALID');
    expect(message).toMatch(/^provisioning: (?:component|slot|name|\w+): expected /);
  });

  it('refuses unknown fields, the key of the other kind, and what is no object', () => {
    expect(refusalOf({ ...DOCUMENT, colour: 'red' }).message).toContain('colour');
    expect(refusalOf({ ...DOCUMENT, vendorMacKey: KEY }).message).toContain('vendorMacKey');
    for (const document of [null, [], 'text', 7]) {
      expect(refusalOf(document).code).toBe('PROVISIONING_INVALID');
    }
  });

  it('never says what a secret was', () => {
    expect(refusalOf({ ...DOCUMENT, kv: 'cafe' }).message).not.toContain('cafe');
  });
});

describe('loadProvisioning', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'provisioning-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('reads a file', async () => {
    const path = join(directory, 'lamp.json');
    await writeFile(path, JSON.stringify(DOCUMENT), { mode: 0o600 });
    expect((await loadProvisioning(path)).device).toBe('lamp-0001');
  });

  it.each([
    ['that is missing', null, 'PROVISIONING_NOT_READABLE'],
    ['that is no JSON', '{"kv":"secret', 'PROVISIONING_INVALID'],
    ['beyond 64 KiB', `"${'a'.repeat(65_536)}"`, 'PROVISIONING_INVALID'],
  ])('refuses a file %s', async (_, text, code) => {
    const path = join(directory, 'lamp.json');
    if (text !== null) await writeFile(path, text);
    await expect(loadProvisioning(path)).rejects.toMatchObject({ code });
    await expect(loadProvisioning(path)).rejects.not.toThrow('secret');
  });
});

describe('EndNode.start', () => {
  it('refuses the document of a lightweight node', async () => {
    const identity = parseProvisioning({ ...WITHOUT_KEY, kind: 'lightweight', vendorMacKey: KEY });
    const firmware = new MemoryFirmwareStore(
      { gen: 0, seq: 1, version: '1', bytes: new Uint8Array(1) },
      10,
    );
    const wrong = identity as unknown as EndNodeIdentity;
    await expect(EndNode.start({ identity: wrong, firmware })).rejects.toMatchObject({
      code: 'WRONG_DEVICE_KIND',
    });
  });
});
