/** Every field of every argument with a wrong type, size or charset, and the hooks that all transactions share. */
import { contracts } from '../../chaincode/src/index.ts';
import {
  aDevice,
  aFirmware,
  aManager,
  aManifest,
  aModel,
  anAssignment,
  anUpdate,
  aRelease,
  aReport,
  aTransmission,
  aVendor,
  City,
  digestOf,
  signedAssignment,
  thePeople,
} from './city.ts';
import type { Identity } from './identities.ts';
import { codeOf, type MemoryLedger } from './memory-ledger.ts';
import { peerCertificateOf } from './peer-certificates.ts';
import { foundedLedger } from './stake/founded-ledger.ts';

/** One for all refusals: nothing is written by them. */
const newLedger = async (): Promise<MemoryLedger> =>
  foundedLedger((await thePeople()).northlight.administrator);
let shared: MemoryLedger;

beforeAll(async () => {
  shared = await newLedger();
});

type Fields = Readonly<Record<string, unknown>>;

const WRONG_ID = ['', 'Lamp', 'lamp 1', '-lamp', 'lamp:1', 'lämp', 'l'.repeat(64), 7, null, ['a']];
const WRONG_DIGEST = ['', 'AB'.repeat(32), 'ab'.repeat(31), 'ab'.repeat(33), 'zz'.repeat(32), 1];
const WRONG_COUNT = [-1, 1.5, '1', Number.MAX_SAFE_INTEGER + 1, null, true, [1]];
const WRONG_VERSION = ['', 'v'.repeat(65), 'v\n1', 'v1é', 7];
const WRONG_TIME = [
  '2026-11-22',
  '2026-11-22T12:00:00',
  '2026-11-22T12:00:00+01:00',
  '2026-02-30T12:00:00Z',
  '2026-11-22T25:00:00Z',
  '2026-11-22T12:00:00.1Z',
  1_795_000_000,
];
const WRONG_HTTP = ['', 'ftp://a', 'http://', 'http://a b', 'http://a/\u00e9', 'HTTP://a', 5];
const WRONG_WEB_SOCKET = ['', 'http://a', 'ws://', 'ws://a/ b'];
const WRONG_FIRMWARE = [
  null,
  [],
  'image',
  { ...aFirmware(), extra: 1 },
  ...WRONG_COUNT.map((value) => ({ ...aFirmware(), gen: value })),
  ...WRONG_COUNT.map((value) => ({ ...aFirmware(), sequence: value })),
  ...[...WRONG_COUNT, 4_294_967_296].map((value) => ({ ...aFirmware(), size: value })),
  ...WRONG_VERSION.map((value) => ({ ...aFirmware(), version: value })),
  ...WRONG_DIGEST.map((value) => ({ ...aFirmware(), sha256: value })),
];

interface Subject {
  readonly transaction: string;
  readonly right: Fields;
  readonly isBatch: boolean;
  readonly wrong: Readonly<Record<string, readonly unknown[]>>;
}

const identity: Identity = {
  mspId: 'X',
  certificate: '',
  der: '',
  digest: digestOf('certificate'),
};

const SUBJECTS: readonly Subject[] = [
  {
    transaction: 'DeviceRegistry:RegisterVendor',
    right: { ...aVendor('v') },
    isBatch: false,
    wrong: {
      id: WRONG_ID,
      url: WRONG_HTTP,
      signingKey: [...WRONG_DIGEST, '00'.repeat(32), 'ff'.repeat(32)],
      peerCertificates: [
        [],
        'ab',
        [''],
        ['AB'],
        ['abc'],
        ['ab'.repeat(4097)],
        [peerCertificateOf('a'), peerCertificateOf('a')],
        Array.from({ length: 65 }, (_, index) => peerCertificateOf(String(index))),
      ],
    },
  },
  {
    transaction: 'DeviceRegistry:RegisterModel',
    right: { ...aModel('m', 'v') },
    isBatch: false,
    wrong: {
      id: WRONG_ID,
      vendor: WRONG_ID,
      kind: ['', 'END', 'hub', 0],
      slotBytes: [...WRONG_COUNT, 0, 4_294_967_296],
      approvals: [...WRONG_COUNT, 0, 65],
    },
  },
  {
    transaction: 'DeviceRegistry:RegisterManagementNode',
    right: { ...aManager('g', identity) },
    isBatch: false,
    wrong: {
      id: WRONG_ID,
      certificate: WRONG_DIGEST,
      signatureKey: [...WRONG_DIGEST, '00'.repeat(32)],
      sealingKey: WRONG_DIGEST,
      treeKey: ['00', 'AB'.repeat(52), '00'.repeat(51), '00'.repeat(53), null],
      endpoints: [
        [],
        'ws://a',
        ...WRONG_WEB_SOCKET.map((url) => [url]),
        ['ws://a', 'ws://a'],
        Array.from({ length: 9 }, (_, index) => `ws://a/${index}`),
      ],
      url: WRONG_HTTP,
    },
  },
  {
    transaction: 'DeviceRegistry:RegisterDevice',
    right: { ...aDevice('d', 'm') },
    isBatch: false,
    wrong: {
      id: WRONG_ID,
      model: WRONG_ID,
      firmware: WRONG_FIRMWARE,
      suites: [null, [], [0], [0x10000], ['0x0103'], [0x0103, 0x0103], Array.from({ length: 17 })],
      legacy: [0, 'no', null],
    },
  },
  {
    transaction: 'DeviceRegistry:RegisterDevices',
    right: { ...aDevice('d', 'm') },
    isBatch: true,
    wrong: { id: WRONG_ID },
  },
  ...[false, true].map((isBatch) => ({
    transaction: isBatch ? 'StatusLog:ReportStatuses' : 'StatusLog:ReportStatus',
    right: { ...aReport('d') },
    isBatch,
    wrong: {
      device: WRONG_ID,
      n: [...WRONG_COUNT, 0],
      status: ['', 'Normal', 'broken', 1, 'abnormal'],
      reasons: [null, 'size', ['size'], ['colour'], ['size', 'size']],
      sequence: WRONG_COUNT,
      version: WRONG_VERSION,
      sha256: WRONG_DIGEST,
      observed: WRONG_TIME,
      dueWithin: [...WRONG_COUNT, 0, 31_536_001],
    },
  })),
  {
    transaction: 'Firmware:PublishRelease',
    right: { ...aRelease(aManifest('v', 'm')) },
    isBatch: false,
    wrong: {
      envelope: ['', 'abc', 'AB', 'zz', 7, 'ab'.repeat(65_537)],
      url: WRONG_HTTP,
      propagate: ['true', 1, null],
    },
  },
  {
    transaction: 'Firmware:RecordTransmission',
    right: { ...aTransmission('t', digestOf('release')) },
    isBatch: true,
    wrong: {
      id: WRONG_ID,
      release: WRONG_DIGEST,
      manager: WRONG_ID,
      bytes: WRONG_COUNT,
      observed: WRONG_TIME,
    },
  },
  {
    transaction: 'Firmware:RecordUpdates',
    right: { ...anUpdate('d', digestOf('release')) },
    isBatch: true,
    wrong: {
      device: WRONG_ID,
      attempt: [...WRONG_COUNT, 0],
      release: WRONG_DIGEST,
      from: WRONG_FIRMWARE,
      code: [...WRONG_COUNT, 12],
      cause: ['', 'Request', 3],
      observed: WRONG_TIME,
    },
  },
];

describe.each(SUBJECTS)(
  'the argument of $transaction',
  ({ transaction, right, isBatch, wrong }) => {
    const call = async (value: unknown): Promise<string> => {
      const { northlight } = await thePeople();
      const json = typeof value === 'string' ? value : JSON.stringify(isBatch ? [value] : value);
      return codeOf(shared.submit(northlight.administrator, transaction, [json]));
    };

    it('passes when it is right', async () => {
      expect(await call(right)).not.toBe('ARGUMENT_INVALID');
    });

    it.each(
      Object.entries(wrong).flatMap(([field, values]) =>
        values.map((value) => [field, JSON.stringify(value).slice(0, 60), value] as const),
      ),
    )('is refused with %s = %s', async (field, _shown, value) => {
      expect(await call({ ...right, [field]: value })).toBe('ARGUMENT_INVALID');
    });

    it.each(Object.keys(right))('is refused without %s', async (field) => {
      expect(await call({ ...right, [field]: undefined })).toBe('ARGUMENT_INVALID');
    });

    it('is refused with a field that is not named, a hidden one included', async () => {
      expect(await call({ ...right, time: 'now' })).toBe('ARGUMENT_INVALID');
      const hidden = JSON.stringify(right).replace('{', '{"__proto__":{},');
      expect(await call(isBatch ? `[${hidden}]` : hidden)).toBe('ARGUMENT_INVALID');
    });

    it.each([
      '',
      'null',
      '[]',
      '7',
      '"text"',
      '{',
      '{"a":1}x',
      '[[]]',
      `"${'x'.repeat(1_048_576)}"`,
    ])('is refused as the text %p', async (json) => {
      expect(await call(json)).toBe('ARGUMENT_INVALID');
    });
  },
);

describe('plain arguments', () => {
  const release = digestOf('release');
  const envelope = signedAssignment('northlight', anAssignment('d', 'g'));
  it.each([
    ...[
      'DeviceRegistry:ReadVendor',
      'DeviceRegistry:ReadModel',
      'DeviceRegistry:ReadManagementNode',
      'DeviceRegistry:ReadDevice',
      'DeviceRegistry:DeviceHistory',
      'StatusLog:ReadStatus',
      'StatusLog:StatusHistory',
      'Firmware:LatestRelease',
      'Firmware:UpdateHistory',
    ].map((transaction) => [transaction, ['No Id']] as const),
    ['Firmware:ReadRelease', [`${release}0`]],
    ['Firmware:ApproveRelease', ['no release']],
    ['Firmware:WithdrawRelease', ['no release', 'why']],
    ['DeviceRegistry:SuspendDevice', ['No Id', 'why']],
    ['DeviceRegistry:RetireDevice', ['No Id', envelope]],
    ['DeviceRegistry:AssignDevice', ['', '600']],
    ['DeviceRegistry:AssignDevice', ['abc', '600']],
    ['DeviceRegistry:AssignDevice', [envelope.toUpperCase(), '600']],
    ['DeviceRegistry:AssignDevice', ['ab'.repeat(65_537), '600']],
    ...['', '0', '-1', '1e3', '060', '6.5', '31536001', 'x'].map(
      (dueWithin) => ['DeviceRegistry:AssignDevice', [envelope, dueWithin]] as const,
    ),
    ['DeviceRegistry:DevicesOf', ['No Id', '10', '']],
    ['DeviceRegistry:DevicesOf', ['g', '0', '']],
    ['DeviceRegistry:DevicesOf', ['g', '501', '']],
    ['DeviceRegistry:DevicesOf', ['g', '1e1', '']],
    ['DeviceRegistry:DevicesOf', ['g', '10', 'A']],
    ['DeviceRegistry:DevicesOf', ['g', '10', '\u0000']],
    ['DeviceRegistry:DevicesOf', ['g', '10', 'a'.repeat(201)]],
    ['DeviceRegistry:Hierarchy', ['', '']],
    ['DeviceRegistry:WeakestDevices', ['-1', '']],
    ['StatusLog:AbnormalDevices', ['ten', '']],
    ['StatusLog:OverdueDevices', ['10', '~']],
    ['Firmware:ReleasesOf', ['No Id', '10', '']],
    ['Firmware:TransmissionHistory', ['x', '10', '']],
  ] as const)('%s refuses %j', async (transaction, args) => {
    const { northlight } = await thePeople();
    const call = shared.submit(northlight.vendor, transaction, args);
    expect(await codeOf(call)).toBe('ARGUMENT_INVALID');
  });

  it.each(['', 'x'.repeat(201), 'line\nbreak', 'naïve'])(
    'refuses the reason %p',
    async (reason) => {
      const city = await City.inhabited('lamp');
      const { vendor } = city.people.northlight;
      const suspend = city.ledger.submit(vendor, 'DeviceRegistry:SuspendDevice', ['lamp', reason]);
      expect(await codeOf(suspend)).toBe('ARGUMENT_INVALID');
      const id = await city.publish(aManifest('northlight', 'prime'));
      const withdraw = city.ledger.submit(vendor, 'Firmware:WithdrawRelease', [id, reason]);
      expect(await codeOf(withdraw)).toBe('ARGUMENT_INVALID');
    },
  );

  it('refuses a transaction time that no calendar has', async () => {
    const { northlight } = await thePeople();
    const ledger = await newLedger();
    const call = ledger.submit(
      northlight.administrator,
      'DeviceRegistry:RegisterVendor',
      [JSON.stringify(aVendor('northlight'))],
      { time: 253_402_300_800 },
    );
    expect(await codeOf(call)).toBe('ARGUMENT_INVALID');
  });
});

describe.each(contracts.map((Contract) => [new Contract().getName(), Contract] as const))(
  '%s',
  (contract, Contract) => {
    const transactions = (
      Reflect.getMetadata('fabric:transactions', Contract.prototype) as {
        name: string;
        parameters: unknown[];
      }[]
    ).map(({ name, parameters }) => [name, parameters.length] as const);

    it.each(transactions)('refuses transient data in %s', async (name, parameters) => {
      const { northlight } = await thePeople();
      const execution = await shared.execute(
        northlight.administrator,
        [`${contract}:${name}`, ...Array.from({ length: parameters }, () => 'x')],
        { transient: new Map([['secret', new Uint8Array(1)]]) },
      );
      expect(execution.message).toMatch(/^TRANSIENT_DATA_REFUSED: /);
      expect(execution.reads).toStrictEqual([]);
    });

    it('answers an unknown transaction by a code', async () => {
      const { northlight } = await thePeople();
      for (const name of ['Nothing', 'beforeTransaction', 'constructor', '']) {
        const call = shared.submit(northlight.vendor, `${contract}:${name}`, []);
        expect(await codeOf(call)).toBe('TRANSACTION_UNKNOWN');
      }
    });
  },
);
