import { Algorithm, decodeSigned, encodeSigned, type Assignment } from '@lamplighter/sdk/wire';
import { createHash } from 'node:crypto';
import type {
  DeviceRecord,
  HierarchyVendor,
  HistoryEntry,
  ManagementNodeRecord,
  Page,
  VendorRecord,
  WeakDevice,
} from '../../chaincode/src/records.ts';
import {
  aChainAssignment,
  aDevice,
  aFirmware,
  aManager,
  aModel,
  anAssignment,
  aReport,
  aVendor,
  City,
  hexOf,
  macAssignment,
  signedAssignment,
  signerOf,
} from './city.ts';
import { newIdentity } from './identities.ts';
import { codeOf } from './memory-ledger.ts';
import { certificateDigestOf, peerCertificateOf } from './peer-certificates.ts';

const lamp = 'lamp-0001';

describe('RegisterVendor', () => {
  it('records the caller as the organisation, and rotates keys for it only', async () => {
    const city = await City.empty();
    const { northlight, helios } = city.people;
    await city.register(northlight.administrator, 'RegisterVendor', aVendor('northlight'));
    const peerCertificates = [peerCertificateOf('a'), peerCertificateOf('b')];
    const rotated = aVendor('northlight', { peerCertificates });
    await city.register(northlight.administrator, 'RegisterVendor', rotated);
    const record = await city.ask<VendorRecord>('DeviceRegistry:ReadVendor', 'northlight');
    expect(record).toMatchObject({
      ...rotated,
      mspId: 'NorthlightMSP',
      docType: 'vendor',
      peerCertificates: peerCertificates.map(certificateDigestOf),
    });
    const taken = city.register(helios.administrator, 'RegisterVendor', aVendor('northlight'));
    expect(await codeOf(taken)).toBe('VENDOR_EXISTS');
  });

  it.each([['vendor'], ['manager']] as const)('refuses a caller that is %s', async (role) => {
    const city = await City.empty();
    const call = city.register(city.people.northlight[role], 'RegisterVendor', aVendor('x'));
    expect(await codeOf(call)).toBe('CALLER_NOT_ALLOWED');
  });

  it('finds the NodeOU among more organisational units, and only there', async () => {
    const city = await City.empty();
    const more = await newIdentity('NorthlightMSP', 'Admin@Northlight', 'city', 'admin');
    const register = (identity: typeof more): Promise<string> =>
      codeOf(city.register(identity, 'RegisterVendor', aVendor('northlight')));
    expect(await register(more)).toBe('accepted');
    const named = await newIdentity('NorthlightMSP', 'x\nOU=admin', 'client', 'admins');
    expect(await register(named)).toBe('CALLER_NOT_ALLOWED');
  });

  it('refuses a key that is no Ed25519 key', async () => {
    const city = await City.empty();
    const { administrator } = city.people.northlight;
    const weak = aVendor('x', { signingKey: `01${'00'.repeat(31)}` });
    expect(await codeOf(city.register(administrator, 'RegisterVendor', weak))).toBe(
      'ARGUMENT_INVALID',
    );
  });
});

describe('RegisterModel', () => {
  it('is for the vendor, once', async () => {
    const city = await City.founded();
    const { northlight, helios } = city.people;
    const register = (caller: keyof typeof city.people, id: string): Promise<string> =>
      codeOf(city.register(city.people[caller].vendor, 'RegisterModel', aModel(id, 'northlight')));
    expect(await register('helios', 'hub')).toBe('CALLER_NOT_ALLOWED');
    expect(await register('northlight', 'hub')).toBe('accepted');
    expect(await register('northlight', 'hub')).toBe('MODEL_EXISTS');
    const stray = city.register(northlight.vendor, 'RegisterModel', aModel('y', 'nobody'));
    expect(await codeOf(stray)).toBe('VENDOR_NOT_FOUND');
    const other = city.register(helios.vendor, 'RegisterModel', aModel('prime', 'helios'));
    expect(await codeOf(other)).toBe('MODEL_EXISTS');
  });
});

describe('RegisterManagementNode', () => {
  it('rotates certificate and keys for its own organisation only', async () => {
    const city = await City.founded();
    const { northlight, helios } = city.people;
    const rotated = aManager('gate-1', northlight.vendor);
    await city.register(northlight.administrator, 'RegisterManagementNode', rotated);
    const record = await city.ask<ManagementNodeRecord>(
      'DeviceRegistry:ReadManagementNode',
      'gate-1',
    );
    expect(record).toMatchObject({ ...rotated, mspId: 'NorthlightMSP' });
    const taken = city.register(helios.administrator, 'RegisterManagementNode', rotated);
    expect(await codeOf(taken)).toBe('MANAGER_EXISTS');
    const member = city.register(northlight.manager, 'RegisterManagementNode', rotated);
    expect(await codeOf(member)).toBe('CALLER_NOT_ALLOWED');
  });

  it('binds reports to the new certificate at once', async () => {
    const city = await City.inhabited(lamp);
    const { northlight } = city.people;
    await city.register(
      northlight.administrator,
      'RegisterManagementNode',
      aManager('gate-1', northlight.vendor),
    );
    expect(await codeOf(city.report(aReport(lamp)))).toBe('CALLER_NOT_ALLOWED');
    const renewed = city.ledger.submit(northlight.vendor, 'StatusLog:ReportStatus', [
      JSON.stringify(aReport(lamp)),
    ]);
    expect(await codeOf(renewed)).toBe('accepted');
  });
});

describe('RegisterDevices', () => {
  it('registers 500 in one transaction, in place in the hierarchy', async () => {
    const city = await City.founded();
    const devices = Array.from({ length: 500 }, (_, index) => aDevice(`lamp-${index}`, 'prime'));
    const execution = await city.ledger.submit(
      city.people.northlight.vendor,
      'DeviceRegistry:RegisterDevices',
      [JSON.stringify(devices)],
    );
    expect(execution.writes).toHaveLength(1000);
    expect(execution.queries).toStrictEqual([]);
    expect(new Set(execution.reads).size).toBe(execution.reads.length);
    const record = await city.ask<DeviceRecord>('DeviceRegistry:ReadDevice', 'lamp-499');
    expect(record).toMatchObject({
      docType: 'device',
      schema: 1,
      vendor: 'northlight',
      kind: 'end',
      state: 'registered',
      assignment: null,
      firmware: aFirmware(),
    });
  });

  it('is all or nothing, and each device once', async () => {
    const city = await City.founded();
    const { vendor } = city.people.northlight;
    await city.register(vendor, 'RegisterDevice', aDevice('b', 'prime'));
    const batch = (...ids: string[]): Promise<string> =>
      codeOf(
        city.register(
          vendor,
          'RegisterDevices',
          ids.map((id) => aDevice(id, 'prime')),
        ),
      );
    expect(await batch('a', 'b')).toBe('DEVICE_EXISTS');
    expect(await codeOf(city.ask('DeviceRegistry:ReadDevice', 'a'))).toBe('DEVICE_NOT_FOUND');
    expect(await batch('a', 'a')).toBe('ARGUMENT_INVALID');
  });

  it('refuses other organisations, unknown models and images above the slot', async () => {
    const city = await City.founded();
    const { northlight, helios } = city.people;
    const register = (caller: typeof helios, device: object): Promise<string> =>
      codeOf(city.register(caller.vendor, 'RegisterDevice', device));
    expect(await register(helios, aDevice(lamp, 'prime'))).toBe('CALLER_NOT_ALLOWED');
    expect(await register(northlight, aDevice(lamp, 'nothing'))).toBe('MODEL_NOT_FOUND');
    const firmware = aFirmware({ size: 1_048_577 });
    expect(await register(northlight, aDevice(lamp, 'prime', { firmware }))).toBe(
      'ARGUMENT_INVALID',
    );
    for (const change of [{ suites: [0x0301] }, { suites: [0x0103, 0x8001] }]) {
      expect(await register(northlight, aDevice(lamp, 'prime', change))).toBe('SUITE_REFUSED');
    }
  });
});

describe('AssignDevice', () => {
  it('records where the assignment stands and tells the managers', async () => {
    const city = await City.inhabited(lamp);
    const assignment = anAssignment(lamp, 'gate-2', { serial: 4, epoch: 7, suite: 0x0102 });
    await city.assign(assignment, 1_795_100_000, '660');
    const record = await city.ask<DeviceRecord>('DeviceRegistry:ReadDevice', lamp);
    expect(record.state).toBe('assigned');
    const { payload } = decodeSigned(
      Buffer.from(signedAssignment('northlight', assignment), 'hex'),
    );
    expect(record.assignment).toStrictEqual({
      manager: 'gate-2',
      serial: 4,
      epoch: 7,
      suite: 0x0102,
      managerProof: 1,
      digest: createHash('sha256').update(payload).digest('hex'),
      time: '2026-11-19T14:53:20.123Z',
      dueWithin: 660,
    });
    expect(city.ledger.events.at(-1)).toStrictEqual({
      name: 'DeviceAssigned',
      payload: {
        device: lamp,
        vendor: 'northlight',
        manager: 'gate-2',
        serial: 4,
        previousManager: 'gate-1',
      },
    });
  });

  it('takes a chain assignment with the vendor MAC for a lightweight node', async () => {
    const city = await City.founded();
    const { vendor } = city.people.northlight;
    await city.register(vendor, 'RegisterDevice', aDevice(lamp, 'mote'));
    const envelope = macAssignment(aChainAssignment(lamp, 'gate-1'));
    await city.ledger.submit(vendor, 'DeviceRegistry:AssignDevice', [envelope, '600']);
    const record = await city.ask<DeviceRecord>('DeviceRegistry:ReadDevice', lamp);
    expect(record.assignment).toMatchObject({ managerProof: 2, serial: 0 });
  });

  it.each<[string, Partial<Assignment>, string]>([
    ['an older serial', { serial: 5, epoch: 9 }, 'ASSIGNMENT_OUTDATED'],
    ['an older epoch', { serial: 9, epoch: 5 }, 'ASSIGNMENT_OUTDATED'],
    ['op 1', { op: 1 }, 'ASSIGNMENT_INVALID'],
    ['an unknown manager', { idM: 'gate-9' }, 'MANAGER_NOT_FOUND'],
    ['an unknown device', { idD: 'lamp-9' }, 'DEVICE_NOT_FOUND'],
    ['another key than the manager registered', { mkey: new Uint8Array(32) }, 'ASSIGNMENT_INVALID'],
    ['a legacy suite', { suite: 0x8001 }, 'SUITE_REFUSED'],
    ['an unknown suite', { suite: 0x0999 }, 'SUITE_REFUSED'],
    ['a suite that the device does not carry', { suite: 0x0101 }, 'SUITE_REFUSED'],
    ['a suite for lightweight nodes only', { suite: 0x0301 }, 'SUITE_REFUSED'],
  ])('refuses %s', async (_what, change, code) => {
    const city = await City.founded();
    const { vendor } = city.people.northlight;
    await city.register(vendor, 'RegisterDevice', aDevice(lamp, 'prime'));
    await city.assign(anAssignment(lamp, 'gate-1', { serial: 5, epoch: 5 }));
    const next = anAssignment(lamp, 'gate-1', { serial: 6, epoch: 6, ...change });
    expect(await codeOf(city.assign(next))).toBe(code);
  });

  it('refuses the other class', async () => {
    const city = await City.founded();
    const { vendor } = city.people.northlight;
    await city.register(vendor, 'RegisterDevice', aDevice(lamp, 'prime'));
    const light = city.ledger.submit(vendor, 'DeviceRegistry:AssignDevice', [
      macAssignment(aChainAssignment(lamp, 'gate-1')),
      '600',
    ]);
    expect(await codeOf(light)).toBe('ASSIGNMENT_INVALID');
  });

  it('refuses signatures that are not the vendor’s', async () => {
    const city = await City.founded();
    const { vendor } = city.people.northlight;
    await city.register(vendor, 'RegisterDevice', aDevice(lamp, 'prime'));
    const right = signedAssignment('northlight', anAssignment(lamp, 'gate-1'));
    const signed = decodeSigned(Buffer.from(right, 'hex'));
    const assign = (envelope: string): Promise<string> =>
      codeOf(city.ledger.submit(vendor, 'DeviceRegistry:AssignDevice', [envelope, '600']));
    const [signature] = signed.signatures;
    const flipped = Uint8Array.from(signature!.sig);
    flipped[0]! ^= 1;
    const broken = { ...signed, signatures: [{ ...signature!, sig: flipped }] };
    expect(await assign(hexOf(encodeSigned(broken)))).toBe('SIGNATURE_INVALID');
    expect(await assign(signedAssignment('helios', anAssignment(lamp, 'gate-1')))).toBe(
      'SIGNATURE_INVALID',
    );
    expect(await assign(macAssignment(anAssignment(lamp, 'gate-1')))).toBe('SIGNATURE_INVALID');
    expect(await assign(right.slice(0, -2))).toBe('ASSIGNMENT_INVALID');
    expect(await assign(`${right}00`)).toBe('ASSIGNMENT_INVALID');
    expect(await assign(right)).toBe('accepted');
  });

  it('refuses a lightweight assignment without one whole MAC, or with a false signature', async () => {
    const city = await City.founded();
    const { vendor } = city.people.northlight;
    await city.register(vendor, 'RegisterDevice', aDevice(lamp, 'mote'));
    const assignment = aChainAssignment(lamp, 'gate-1');
    const signed = decodeSigned(Buffer.from(macAssignment(assignment), 'hex'));
    const mac = signed.signatures[0]!;
    const assign = (...signatures: (typeof mac)[]): Promise<string> =>
      codeOf(
        city.ledger.submit(vendor, 'DeviceRegistry:AssignDevice', [
          hexOf(encodeSigned({ ...signed, signatures })),
          '600',
        ]),
      );
    expect(await assign({ ...mac, sig: mac.sig.slice(1) })).toBe('ASSIGNMENT_INVALID');
    expect(await assign(mac, mac)).toBe('ASSIGNMENT_INVALID');
    const foreign = { alg: Algorithm.ed25519, keyId: mac.keyId, sig: new Uint8Array(64) };
    expect(await assign(mac, foreign)).toBe('SIGNATURE_INVALID');
    expect(await assign(foreign)).toBe('SIGNATURE_INVALID');
    expect(await assign(mac)).toBe('accepted');
  });

  it('refuses every caller but the vendor', async () => {
    const city = await City.founded();
    const { northlight, helios } = city.people;
    await city.register(northlight.vendor, 'RegisterDevice', aDevice(lamp, 'prime'));
    const envelope = signedAssignment('northlight', anAssignment(lamp, 'gate-1'));
    for (const caller of [helios.vendor, helios.administrator, helios.manager]) {
      const call = city.ledger.submit(caller, 'DeviceRegistry:AssignDevice', [envelope, '600']);
      expect(await codeOf(call)).toBe('CALLER_NOT_ALLOWED');
    }
  });
});

describe('SuspendDevice', () => {
  const suspend = (city: City, caller: City['people']['helios']['vendor']): Promise<string> =>
    codeOf(city.ledger.submit(caller, 'DeviceRegistry:SuspendDevice', [lamp, 'stolen']));

  it('is for the present manager and the vendor', async () => {
    const city = await City.inhabited(lamp);
    const { northlight, helios, meridian } = city.people;
    await city.assign(anAssignment(lamp, 'gate-2', { serial: 1, epoch: 2 }));
    expect(await suspend(city, helios.vendor)).toBe('CALLER_NOT_ALLOWED');
    expect(await suspend(city, meridian.administrator)).toBe('CALLER_NOT_ALLOWED');
    expect(await suspend(city, helios.manager)).toBe('accepted');
    expect(await suspend(city, northlight.vendor)).toBe('DEVICE_SUSPENDED');
    const record = await city.ask<DeviceRecord>('DeviceRegistry:ReadDevice', lamp);
    expect(record).toMatchObject({ state: 'suspended', reason: 'stolen' });
    expect(city.ledger.events.at(-1)).toStrictEqual({
      name: 'DeviceSuspended',
      payload: { device: lamp, manager: 'gate-2' },
    });
  });

  it('works before the first assignment, and a new assignment lifts it', async () => {
    const city = await City.founded();
    const { vendor } = city.people.northlight;
    await city.register(vendor, 'RegisterDevice', aDevice(lamp, 'prime'));
    expect(await suspend(city, vendor)).toBe('accepted');
    await city.assign(anAssignment(lamp, 'gate-1'));
    const record = await city.ask<DeviceRecord>('DeviceRegistry:ReadDevice', lamp);
    expect(record).toMatchObject({ state: 'assigned', reason: '' });
  });
});

describe('RetireDevice', () => {
  const retirement = { op: 1, serial: 1, epoch: 2 } as const;
  const retire = (
    city: City,
    assignment: Assignment,
    caller = city.people.northlight.vendor,
  ): Promise<string> =>
    codeOf(
      city.ledger.submit(caller, 'DeviceRegistry:RetireDevice', [
        lamp,
        signedAssignment('northlight', assignment),
      ]),
    );

  it('ends a device for good and takes it off every list', async () => {
    const city = await City.inhabited(lamp);
    expect(await retire(city, anAssignment(lamp, 'gate-1', retirement))).toBe('accepted');
    const record = await city.ask<DeviceRecord>('DeviceRegistry:ReadDevice', lamp);
    expect(record.state).toBe('retired');
    expect(city.ledger.events.at(-1)?.name).toBe('DeviceRetired');
    expect(await city.ask('DeviceRegistry:DevicesOf', 'gate-1', '10', '')).toStrictEqual({
      bookmark: '',
      items: [],
    });
    const again = anAssignment(lamp, 'gate-1', { serial: 2, epoch: 3 });
    expect(await codeOf(city.assign(again))).toBe('DEVICE_RETIRED');
    const suspended = city.ledger.submit(
      city.people.northlight.vendor,
      'DeviceRegistry:SuspendDevice',
      [lamp, 'lost'],
    );
    expect(await codeOf(suspended)).toBe('DEVICE_RETIRED');
  });

  it('wants op 1 for this device, newer than the last assignment, from the vendor', async () => {
    const city = await City.inhabited(lamp);
    const given = (change: Partial<Assignment>): Assignment =>
      anAssignment(lamp, 'gate-1', { ...retirement, ...change });
    expect(await retire(city, given({ op: 0 }))).toBe('ASSIGNMENT_INVALID');
    expect(await retire(city, given({ idD: 'lamp-2' }))).toBe('ASSIGNMENT_INVALID');
    expect(await retire(city, given({ serial: 0 }))).toBe('ASSIGNMENT_OUTDATED');
    expect(await retire(city, given({}), city.people.helios.vendor)).toBe('CALLER_NOT_ALLOWED');
  });
});

describe('queries of the registry', () => {
  it('shows a device’s history, newest first', async () => {
    const city = await City.inhabited(lamp);
    const history = await city.ask<HistoryEntry<DeviceRecord>[]>(
      'DeviceRegistry:DeviceHistory',
      lamp,
    );
    expect(history.map(({ value }) => value?.state)).toStrictEqual(['assigned', 'registered']);
    expect(history[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('lists the devices of a manager, and of no other with a longer name', async () => {
    const city = await City.inhabited('a', 'b', 'c');
    await city.register(
      city.people.helios.administrator,
      'RegisterManagementNode',
      aManager('gate-11', city.people.helios.manager),
    );
    await city.settle('d', 'gate-11');
    const devices = async (bookmark: string): Promise<[string[], string]> => {
      const page = await city.ask<Page<DeviceRecord>>(
        'DeviceRegistry:DevicesOf',
        'gate-1',
        '2',
        bookmark,
      );
      return [page.items.map(({ id }) => id), page.bookmark];
    };
    expect(await devices('')).toStrictEqual([['a', 'b'], 'c']);
    expect(await devices('c')).toStrictEqual([['c'], '']);
    await city.assign(anAssignment('c', 'gate-2', { serial: 1, epoch: 2 }));
    expect(await devices('')).toStrictEqual([['a', 'b'], '']);
  });

  it('builds the hierarchy of what is on a page', async () => {
    const city = await City.inhabited('a', 'b');
    await city.settle('c', 'gate-2');
    await city.register(city.people.northlight.vendor, 'RegisterDevice', aDevice('d', 'mote'));
    const whole = await city.ask<Page<HierarchyVendor>>('DeviceRegistry:Hierarchy', '100', '');
    expect(whole).toStrictEqual({
      bookmark: '',
      items: [
        { vendor: 'helios', count: 0, models: [] },
        { vendor: 'meridian', count: 0, models: [] },
        {
          vendor: 'northlight',
          count: 4,
          models: [
            {
              model: 'mote',
              count: 1,
              managers: [{ manager: null, count: 1, devices: ['d'] }],
            },
            {
              model: 'prime',
              count: 3,
              managers: [
                { manager: 'gate-1', count: 2, devices: ['a', 'b'] },
                { manager: 'gate-2', count: 1, devices: ['c'] },
              ],
            },
          ],
        },
      ],
    });
    const seen: string[] = [];
    let bookmark = '';
    do {
      const page = await city.ask<Page<HierarchyVendor>>('DeviceRegistry:Hierarchy', '2', bookmark);
      const models = page.items.flatMap((vendor) => vendor.models);
      const managers = models.flatMap((model) => model.managers);
      seen.push(...managers.flatMap((manager) => manager.devices));
      bookmark = page.bookmark;
    } while (bookmark !== '');
    expect(seen).toStrictEqual(['d', 'a', 'b', 'c']);
  });

  it('lists legacy suites first, then the weakest, and says what limits each', async () => {
    const city = await City.inhabited('strong');
    const { vendor } = city.people.northlight;
    for (const [id, suite, legacy] of [
      ['weak', 0x0304, false],
      ['fair', 0x0201, false],
      ['zoo', 0x8001, true],
    ] as const) {
      await city.register(
        vendor,
        'RegisterDevice',
        aDevice(id, 'mote', { suites: [suite], legacy }),
      );
      const envelope = macAssignment(aChainAssignment(id, 'gate-1', { suite }));
      await city.ledger.submit(vendor, 'DeviceRegistry:AssignDevice', [envelope, '600']);
    }
    const page = await city.ask<Page<WeakDevice>>('DeviceRegistry:WeakestDevices', '3', '');
    const common = { vendor: 'northlight', manager: 'gate-1', legacy: false, hashCollision: 128 };
    const chained = { managerProof: 2, keyAgreement: 256, managerProofStrength: 128 } as const;
    const narrow = { ...common, ...chained, strength: 64, aead: 64 };
    expect(page.items).toStrictEqual([
      { ...narrow, device: 'zoo', suite: 0x8001, legacy: true },
      { ...narrow, device: 'weak', suite: 0x0304 },
      {
        ...common,
        device: 'strong',
        suite: 0x0103,
        managerProof: 1,
        strength: 128,
        aead: 128,
        keyAgreement: 128,
        managerProofStrength: 128,
      },
    ]);
    expect(page.bookmark).not.toBe('');
  });

  it.each([
    ['ReadVendor', 'VENDOR_NOT_FOUND'],
    ['ReadModel', 'MODEL_NOT_FOUND'],
    ['ReadManagementNode', 'MANAGER_NOT_FOUND'],
    ['ReadDevice', 'DEVICE_NOT_FOUND'],
  ])('%s of nobody is %s', async (query, code) => {
    const city = await City.empty();
    expect(await codeOf(city.ask(`DeviceRegistry:${query}`, 'nobody'))).toBe(code);
  });

  it('knows the signing key that the vendor registered', async () => {
    const city = await City.founded();
    const { signingKey } = await city.ask<VendorRecord>('DeviceRegistry:ReadVendor', 'helios');
    expect(signingKey).toBe(hexOf(signerOf('helios').publicKey));
  });
});
