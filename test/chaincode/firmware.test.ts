import { decodeSigned, encodeSigned, type Manifest } from '@lamplighter/sdk/wire';
import { createHash } from 'node:crypto';
import type {
  DeviceRecord,
  HistoryEntry,
  Page,
  ReleaseRecord,
  TransmissionRecord,
  UpdateRecord,
} from '../../chaincode/src/records.ts';
import {
  aManifest,
  aModel,
  anAssignment,
  anUpdate,
  aRelease,
  aTransmission,
  City,
  digestOf,
  hexOf,
} from './city.ts';
import { codeOf } from './memory-ledger.ts';

const lamp = 'lamp-0001';
const prime = (change: Partial<Manifest> = {}): Manifest =>
  aManifest('northlight', 'prime', change);

describe('PublishRelease', () => {
  it('records the release under the digest of its manifest', async () => {
    const city = await City.founded();
    const release = aRelease(prime(), { propagate: false });
    const { payload, event } = await city.ledger.submit(
      city.people.northlight.vendor,
      'Firmware:PublishRelease',
      [JSON.stringify(release)],
    );
    const manifest = decodeSigned(Buffer.from(release.envelope, 'hex')).payload;
    expect(payload).toBe(createHash('sha256').update(manifest).digest('hex'));
    expect(await city.ask('Firmware:ReadRelease', payload)).toMatchObject({
      ...release,
      id: payload,
      docType: 'release',
      schema: 1,
      vendor: 'northlight',
      model: 'prime',
      firmware: {
        gen: 1,
        sequence: 2,
        version: '7.28.0',
        size: 2000,
        sha256: digestOf('image 2'),
      },
      state: 'published',
      approvals: [],
    });
    expect(event).toStrictEqual({
      name: 'ReleasePublished',
      payload: `{"model":"prime","release":"${payload}"}`,
    });
  });

  it.each<[string, Partial<Manifest>, string]>([
    ['the same release', {}, 'RELEASE_EXISTS'],
    ['the same sequence number', { size: 1 }, 'RELEASE_OUTDATED'],
    ['an older sequence number', { seq: 1 }, 'RELEASE_OUTDATED'],
    ['an older generation', { gen: 0, seq: 9 }, 'RELEASE_OUTDATED'],
    ['another vendor', { vendor: 'helios', seq: 3 }, 'RELEASE_INVALID'],
    ['an unknown model', { model: 'nothing', seq: 3 }, 'MODEL_NOT_FOUND'],
    ['a model that is no id', { model: 'No Id', seq: 3 }, 'ARGUMENT_INVALID'],
    ['an image above the slot', { size: 1_048_577, seq: 3 }, 'RELEASE_INVALID'],
    ['no version', { version: '', seq: 3 }, 'RELEASE_INVALID'],
    ['a long version', { version: 'v'.repeat(65), seq: 3 }, 'RELEASE_INVALID'],
    ['a higher sequence number', { seq: 3 }, 'accepted'],
    ['a higher generation', { gen: 2, seq: 0 }, 'accepted'],
  ])('answers %s by %s', async (_what, change, code) => {
    const city = await City.founded();
    await city.publish(prime());
    const call = city.ledger.submit(city.people.northlight.vendor, 'Firmware:PublishRelease', [
      JSON.stringify(aRelease(prime(change), { signer: 'northlight' })),
    ]);
    expect(await codeOf(call)).toBe(code);
  });

  it('refuses an envelope whose signature is not the vendor’s', async () => {
    const city = await City.founded();
    const publish = (release: object): Promise<string> =>
      codeOf(
        city.ledger.submit(city.people.northlight.vendor, 'Firmware:PublishRelease', [
          JSON.stringify(release),
        ]),
      );
    const right = aRelease(prime());
    const signed = decodeSigned(Buffer.from(right.envelope, 'hex'));
    const sig = Uint8Array.from(signed.signatures[0]!.sig);
    sig[63]! ^= 1;
    const broken = { ...signed, signatures: [{ ...signed.signatures[0]!, sig }] };
    const envelope = hexOf(encodeSigned(broken));
    expect(await publish({ ...right, envelope })).toBe('SIGNATURE_INVALID');
    expect(await publish(aRelease(prime(), { signer: 'helios' }))).toBe('SIGNATURE_INVALID');
    expect(await publish({ ...right, envelope: right.envelope.slice(0, -2) })).toBe(
      'RELEASE_INVALID',
    );
    const other = { ...signed, payload: Uint8Array.of(0xa0) };
    expect(await publish({ ...right, envelope: hexOf(encodeSigned(other)) })).toBe(
      'RELEASE_INVALID',
    );
  });

  it('is for the vendor of the model', async () => {
    const city = await City.founded();
    for (const { vendor } of [city.people.helios, city.people.meridian]) {
      const call = city.ledger.submit(vendor, 'Firmware:PublishRelease', [
        JSON.stringify(aRelease(prime())),
      ]);
      expect(await codeOf(call)).toBe('CALLER_NOT_ALLOWED');
    }
  });

  it('wants releases for lightweight nodes propagated, since they never ask', async () => {
    const city = await City.founded();
    const mote = aManifest('northlight', 'mote');
    expect(await codeOf(city.publish(mote, { propagate: false }))).toBe('RELEASE_INVALID');
    expect(await codeOf(city.publish(mote, { propagate: true }))).toBe('accepted');
  });
});

describe('ApproveRelease', () => {
  it('counts organisations, none twice and never the publisher', async () => {
    const city = await City.founded();
    const { northlight, helios, meridian } = city.people;
    const model = aModel('careful', 'northlight', { approvals: 2 });
    await city.register(northlight.vendor, 'RegisterModel', model);
    const id = await city.publish(aManifest('northlight', 'careful'));
    const approve = (caller: typeof helios.vendor): Promise<string> =>
      codeOf(city.approve(id, caller));
    expect(await approve(northlight.vendor)).toBe('CALLER_NOT_ALLOWED');
    expect(await approve(northlight.administrator)).toBe('CALLER_NOT_ALLOWED');
    expect(await approve(helios.vendor)).toBe('accepted');
    expect(city.ledger.events.at(-1)?.name).toBe('ReleasePublished');
    expect(await approve(helios.administrator)).toBe('RELEASE_APPROVED_ALREADY');
    const half = await city.ask<ReleaseRecord>('Firmware:ReadRelease', id);
    expect(half.state).toBe('published');
    expect(await codeOf(city.ask('Firmware:LatestRelease', 'careful'))).toBe('RELEASE_NOT_FOUND');
    expect(await approve(meridian.vendor)).toBe('accepted');
    expect(city.ledger.events.at(-1)).toStrictEqual({
      name: 'ReleaseApproved',
      payload: { release: id, model: 'careful' },
    });
    expect(await city.ask('Firmware:LatestRelease', 'careful')).toMatchObject({
      id,
      state: 'approved',
      approvals: ['HeliosMSP', 'MeridianMSP'],
    });
  });

  it('refuses unknown releases', async () => {
    const city = await City.founded();
    expect(await codeOf(city.approve(digestOf('nothing')))).toBe('RELEASE_NOT_FOUND');
  });
});

describe('WithdrawRelease', () => {
  const withdraw = (city: City, id: string, caller = city.people.northlight.vendor) =>
    codeOf(city.ledger.submit(caller, 'Firmware:WithdrawRelease', [id, 'bricks lamps']));

  it('takes the release back, for the publisher only and once', async () => {
    const city = await City.founded();
    const old = await city.publish(prime());
    const young = await city.publish(prime({ seq: 3 }));
    await city.approve(old);
    await city.approve(young);
    expect(await city.ask('Firmware:LatestRelease', 'prime')).toMatchObject({ id: young });
    expect(await withdraw(city, young, city.people.helios.vendor)).toBe('CALLER_NOT_ALLOWED');
    expect(await withdraw(city, young)).toBe('accepted');
    expect(city.ledger.events.at(-1)?.name).toBe('ReleaseWithdrawn');
    expect(await city.ask('Firmware:LatestRelease', 'prime')).toMatchObject({ id: old });
    expect(await city.ask('Firmware:ReadRelease', young)).toMatchObject({
      state: 'withdrawn',
      reason: 'bricks lamps',
    });
    expect(await withdraw(city, young)).toBe('RELEASE_WITHDRAWN');
    expect(await codeOf(city.approve(young, city.people.meridian.vendor))).toBe(
      'RELEASE_WITHDRAWN',
    );
    expect(await codeOf(city.publish(prime({ seq: 3, size: 7 })))).toBe('RELEASE_OUTDATED');
  });
});

describe('the list of releases', () => {
  it('runs from the newest to the oldest, page by page', async () => {
    const city = await City.founded();
    const ids: string[] = [];
    for (const [gen, seq] of [
      [1, 2],
      [1, 10],
      [2, 1],
    ] as const) {
      ids.unshift(await city.publish(prime({ gen, seq })));
    }
    const page = await city.ask<Page<ReleaseRecord>>('Firmware:ReleasesOf', 'prime', '2', '');
    const rest = await city.ask<Page<ReleaseRecord>>(
      'Firmware:ReleasesOf',
      'prime',
      '2',
      page.bookmark,
    );
    expect([...page.items, ...rest.items].map(({ id }) => id)).toStrictEqual(ids);
    expect(rest.bookmark).toBe('');
    expect(await codeOf(city.ask('Firmware:LatestRelease', 'nothing'))).toBe('MODEL_NOT_FOUND');
  });
});

describe('RecordTransmission', () => {
  it('writes each once, for the publisher only', async () => {
    const city = await City.founded();
    const { northlight, helios } = city.people;
    const release = await city.publish(prime());
    const record = (transmissions: object[], caller = northlight.vendor): Promise<string> =>
      codeOf(
        city.ledger.submit(caller, 'Firmware:RecordTransmission', [JSON.stringify(transmissions)]),
      );
    const first = aTransmission('t-1', release);
    expect(await record([first], helios.vendor)).toBe('CALLER_NOT_ALLOWED');
    expect(await record([first, first])).toBe('ARGUMENT_INVALID');
    expect(await record([{ ...first, manager: 'gate-9' }])).toBe('MANAGER_NOT_FOUND');
    expect(await record([{ ...first, release: digestOf('nothing') }])).toBe('RELEASE_NOT_FOUND');
    expect(await record([first, aTransmission('t-2', release)])).toBe('accepted');
    expect(await record([aTransmission('t-3', release), first])).toBe('TRANSMISSION_EXISTS');
    const page = await city.ask<Page<TransmissionRecord>>(
      'Firmware:TransmissionHistory',
      release,
      '10',
      '',
    );
    expect(page.items.map(({ id, vendor }) => [id, vendor])).toStrictEqual([
      ['t-1', 'northlight'],
      ['t-2', 'northlight'],
    ]);
  });
});

describe('RecordUpdates', () => {
  const record = (city: City, updates: object[], caller = city.people.northlight.manager) =>
    codeOf(city.ledger.submit(caller, 'Firmware:RecordUpdates', [JSON.stringify(updates)]));

  it('moves the device’s firmware by code 0 and keeps the history', async () => {
    const city = await City.inhabited(lamp);
    const release = await city.publish(prime());
    await city.approve(release);
    const failed = anUpdate(lamp, release, { code: 8, cause: 'request' });
    expect(await record(city, [failed])).toBe('accepted');
    const before = await city.ask<DeviceRecord>('DeviceRegistry:ReadDevice', lamp);
    expect(before.firmware.sequence).toBe(1);
    expect(await record(city, [anUpdate(lamp, release, { attempt: 2 })])).toBe('accepted');
    const after = await city.ask<DeviceRecord>('DeviceRegistry:ReadDevice', lamp);
    expect(after.firmware).toMatchObject({ sequence: 2, sha256: digestOf('image 2') });
    expect(after.assignment).toStrictEqual(before.assignment);
    const history = await city.ask<HistoryEntry<UpdateRecord>[]>('Firmware:UpdateHistory', lamp);
    expect(history.map(({ value }) => [value?.attempt, value?.code, value?.manager])).toStrictEqual(
      [
        [2, 0, 'gate-1'],
        [1, 8, 'gate-1'],
      ],
    );
    expect(city.ledger.events.at(-1)).toStrictEqual({
      name: 'UpdatesRecorded',
      payload: { manager: 'gate-1', devices: [lamp] },
    });
  });

  it('records each attempt once; a new assignment counts anew', async () => {
    const city = await City.inhabited(lamp);
    const release = await city.publish(prime());
    await city.approve(release);
    const update = anUpdate(lamp, release, { attempt: 3 });
    expect(await record(city, [update])).toBe('accepted');
    expect(await record(city, [update])).toBe('REPORT_DUPLICATE');
    const later = { observed: '2026-11-22T13:00:00Z' };
    expect(await record(city, [{ ...update, ...later }])).toBe('REPORT_DUPLICATE');
    expect(await record(city, [{ ...update, ...later, attempt: 2 }])).toBe('REPORT_CONFLICT');
    expect(await record(city, [{ ...update, code: 8 }])).toBe('REPORT_CONFLICT');
    await city.assign(anAssignment(lamp, 'gate-1', { serial: 1, epoch: 2 }));
    expect(await record(city, [update])).toBe('REPORT_DUPLICATE');
    expect(await record(city, [{ ...update, ...later, attempt: 1 }])).toBe('accepted');
  });

  it('is for the present manager only', async () => {
    const city = await City.inhabited(lamp);
    const { northlight, helios } = city.people;
    const release = await city.publish(prime());
    await city.approve(release);
    for (const caller of [northlight.vendor, northlight.administrator, helios.manager]) {
      expect(await record(city, [anUpdate(lamp, release)], caller)).toBe('CALLER_NOT_ALLOWED');
    }
  });

  it('refuses releases that do not fit, all or nothing', async () => {
    const city = await City.inhabited(lamp, 'lamp-0002');
    const release = await city.publish(prime());
    const light = await city.publish(aManifest('northlight', 'mote'));
    expect(await record(city, [anUpdate(lamp, release)])).toBe('RELEASE_NOT_APPROVED');
    await city.approve(release);
    await city.approve(light);
    expect(await record(city, [anUpdate(lamp, light)])).toBe('RELEASE_INVALID');
    const batch = [anUpdate(lamp, release), anUpdate('lamp-0002', light)];
    expect(await record(city, batch)).toBe('RELEASE_INVALID');
    expect(await city.ask('Firmware:UpdateHistory', lamp)).toStrictEqual([]);
    expect(await record(city, [anUpdate(lamp, digestOf('x'))])).toBe('RELEASE_NOT_FOUND');
  });

  it('does not move a device back, but takes an approved release that was withdrawn since', async () => {
    const city = await City.inhabited(lamp);
    const old = await city.publish(prime());
    const young = await city.publish(prime({ seq: 3 }));
    await city.approve(old);
    await city.approve(young);
    await city.ledger.submit(city.people.northlight.vendor, 'Firmware:WithdrawRelease', [
      young,
      'late',
    ]);
    expect(await record(city, [anUpdate(lamp, young)])).toBe('accepted');
    expect(await record(city, [anUpdate(lamp, old, { attempt: 2 })])).toBe('RELEASE_OUTDATED');
    expect(await record(city, [anUpdate(lamp, young, { attempt: 2 })])).toBe('accepted');
  });

  it('records 500 devices in one transaction', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `lamp-${index}`);
    const city = await City.crowded(...names);
    const release = await city.publish(prime());
    await city.approve(release);
    const execution = await city.ledger.submit(
      city.people.northlight.manager,
      'Firmware:RecordUpdates',
      [JSON.stringify(names.map((name) => anUpdate(name, release)))],
    );
    expect(execution.writes).toHaveLength(1000);
    expect(execution.queries).toStrictEqual([]);
  });
});
