/** Two endorsers that run the same transactions must write the same bytes, whatever their clock and process. */
import {
  aDevice,
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
  signedAssignment,
} from './city.ts';
import type { Identity } from './identities.ts';
import type { Execution } from './memory-ledger.ts';

type Step = readonly [Identity, string, readonly string[]];

async function run(shuffle: (fields: object) => object): Promise<readonly Execution[]> {
  const city = await City.empty();
  const { northlight, helios } = city.people;
  const json = (value: object): string =>
    JSON.stringify(
      Array.isArray(value) ? value.map((item: object) => shuffle(item)) : shuffle(value),
    );
  const release = aRelease(aManifest('northlight', 'prime'));
  const first: readonly Step[] = [
    [northlight.administrator, 'DeviceRegistry:RegisterVendor', [json(aVendor('northlight'))]],
    [helios.administrator, 'DeviceRegistry:RegisterVendor', [json(aVendor('helios'))]],
    [northlight.vendor, 'DeviceRegistry:RegisterModel', [json(aModel('prime', 'northlight'))]],
    [
      northlight.administrator,
      'DeviceRegistry:RegisterManagementNode',
      [json(aManager('gate-1', northlight.manager))],
    ],
    [
      northlight.vendor,
      'DeviceRegistry:RegisterDevices',
      [json([aDevice('b', 'prime'), aDevice('a', 'prime')])],
    ],
    [
      northlight.vendor,
      'DeviceRegistry:AssignDevice',
      [signedAssignment('northlight', anAssignment('a', 'gate-1')), '600'],
    ],
    [northlight.manager, 'StatusLog:ReportStatuses', [json([aReport('a')])]],
    [northlight.vendor, 'Firmware:PublishRelease', [json(release)]],
  ];
  const executions: Execution[] = [];
  for (const [identity, transaction, args] of first) {
    executions.push(await city.ledger.submit(identity, transaction, args));
  }
  const id = executions.at(-1)!.payload;
  const second: readonly Step[] = [
    [helios.vendor, 'Firmware:ApproveRelease', [id]],
    [northlight.vendor, 'Firmware:RecordTransmission', [json([aTransmission('t', id)])]],
    [northlight.manager, 'Firmware:RecordUpdates', [json([anUpdate('a', id)])]],
    [northlight.manager, 'DeviceRegistry:SuspendDevice', ['a', 'stolen']],
    [northlight.vendor, 'Firmware:WithdrawRelease', [id, 'late']],
    [
      northlight.vendor,
      'DeviceRegistry:RetireDevice',
      [
        'a',
        signedAssignment('northlight', anAssignment('a', 'gate-1', { op: 1, serial: 1, epoch: 2 })),
      ],
    ],
  ];
  for (const [identity, transaction, args] of second) {
    executions.push(await city.ledger.submit(identity, transaction, args));
  }
  return executions;
}

const asGiven = (fields: object): object => fields;
const reversed = (fields: object): object => Object.fromEntries(Object.entries(fields).reverse());

it('writes equal bytes in two runs, with another clock, locale and order of fields', async () => {
  const one = await run(asGiven);
  const before = process.env['TZ'];
  process.env['TZ'] = 'Asia/Seoul';
  jest.useFakeTimers({ now: 0 });
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
  const two = await run(reversed);
  jest.useRealTimers();
  jest.restoreAllMocks();
  if (before === undefined) delete process.env['TZ'];
  else process.env['TZ'] = before;
  expect(two).toStrictEqual(one);
});

it('writes with neither range nor history, and never a key twice', async () => {
  for (const { queries, writes } of await run(asGiven)) {
    expect(queries).toStrictEqual([]);
    const keys = writes.map(([key]) => key);
    expect(new Set(keys).size).toBe(keys.length);
  }
});

it('writes canonical JSON with docType and schema', async () => {
  for (const { writes } of await run(reversed)) {
    for (const [key, hex] of writes) {
      const text = Buffer.from(hex ?? '', 'hex').toString();
      const value = JSON.parse(text === '' ? '{"docType":"","schema":1}' : text) as object;
      expect([key, value]).toStrictEqual([
        key,
        expect.objectContaining({ docType: expect.any(String) as string, schema: 1 }),
      ]);
      const names = Object.keys(value);
      expect(names).toStrictEqual([...names].sort());
    }
  }
});
