/** Mode `full` (docs/protocol.md §6.2): the node wants the image itself, and what a device may show in place of it. */
import type { DeviceKind } from '@lamplighter/chaincode';
import type { Intervals, Message, Want } from '@lamplighter/sdk/wire';
import { answer } from './support/monitoring-answer.ts';
import { TestCity } from './support/test-city.ts';
import type { DeviceLine, TestDevice } from './support/test-device.ts';

const PROVISIONED: Intervals = { fti: 10, rti: 2, uti: 15 };
const FMAX = 1280;
const PIECE = FMAX - 128;

describe.each(['end', 'lightweight'] as const)('mode full with class %s', (kind: DeviceKind) => {
  const asked = kind === 'end' ? 'mon-req-e' : 'mon-req-l';
  let city: TestCity;
  let device: TestDevice;
  let line: DeviceLine;
  beforeEach(async () => {
    city = await TestCity.start({ mode: 'full' });
    device = await city.device(kind);
    line = await device.open(city.url, {}, FMAX);
    await city.event('device-connected');
  });
  afterEach(async () => {
    await city.close();
  });

  /** Answers rightly, and takes the `want` for the image. */
  async function wanted(seconds = 12): Promise<Want> {
    await city.clock.advance(seconds * 1_000);
    const request = await line.expect(asked);
    expect(request.mode).toBe(1);
    line.send(answer(device, request, PROVISIONED));
    return line.expect('want');
  }

  function blob(want: Want, held: Uint8Array, from: number, to = from + PIECE): Message {
    return { type: 'blob', sha256: want.sha256, from, data: held.subarray(from, to) };
  }

  function show(want: Want, held: Uint8Array): void {
    for (let from = 0; from < held.length; from += PIECE) line.send(blob(want, held, from));
  }

  it('is satisfied with the right image, and goes on with new intervals', async () => {
    const want = await wanted();
    expect(want).toMatchObject({ from: 0, credit: 5, paths: false, sha256: device.state.sha256 });
    show(want, device.image);
    expect(await line.expect('done')).toEqual({ type: 'done', sha256: want.sha256, code: 0 });
    expect(await line.expect('mon-set')).toMatchObject({ ivn: 1 });
    expect(await city.event('judged')).toMatchObject({ n: 1, status: 'normal', reasons: [] });
  });

  it('sees one changed byte, and sends no new intervals', async () => {
    const want = await wanted();
    show(want, device.image.with(4_999, device.image[4_999]! ^ 1));
    expect(await line.expect('done')).toMatchObject({ code: 5 });
    expect(await city.event('judged')).toMatchObject({ status: 'abnormal', reasons: ['digest'] });
    // The next round, and no mon-set before it.
    await city.clock.advance(20_000);
    expect((await line.expect(asked)).n).toBe(2);
  });

  it('takes a longer image for abnormal, and hears no more of it', async () => {
    const want = await wanted();
    const held = new Uint8Array(6_000);
    held.set(device.image);
    show(want, held);
    expect(await city.event('judged')).toMatchObject({ status: 'abnormal', reasons: ['size'] });
    expect(await line.line.closed).toBe(4402);
  });

  it('takes a device that does not have the end of its image for abnormal', async () => {
    const want = await wanted();
    line.send(blob(want, device.image, 0));
    line.send({ type: 'error', re: 20, code: 9 });
    expect(await line.expect('done')).toMatchObject({ code: 5 });
    expect(await city.event('judged')).toMatchObject({ status: 'abnormal', reasons: ['digest'] });
  });

  it('judges a wrong answer without asking for the image', async () => {
    device.image = device.image.with(0, device.image[0]! ^ 1);
    await city.clock.advance(12_000);
    line.send(answer(device, await line.expect(asked), PROVISIONED));
    expect(await city.event('judged')).toMatchObject({ reasons: ['digest', 'proof'] });
  });

  it.each<[string, (want: Want) => Message]>([
    ['out of order', (want) => blob(want, device.image, PIECE)],
    [
      'under another digest',
      (want) => blob({ ...want, sha256: new Uint8Array(32) }, device.image, 0),
    ],
    ['that is empty', (want) => blob(want, device.image, 0, 0)],
  ])('gives no verdict for a piece %s, and a window that is lost', async (_, piece) => {
    line.send(piece(await wanted()));
    expect(await line.line.closed).toBe(4402);
    expect(await city.event('device-overdue')).toMatchObject({ missed: 1 });
    expect(city.ledger.statuses).toEqual([]);
  });

  it('gives up a device that stops, after 30 s and the time for its image', async () => {
    const want = await wanted();
    line.send(blob(want, device.image, 0));
    await city.clock.advance(31_500);
    expect(await line.line.closed).toBe(4408);
    expect(await city.event('device-overdue')).toMatchObject({ missed: 1 });
    expect(city.ledger.statuses).toEqual([]);
  });

  it('passes over a second answer, and closes on pieces that nobody wants', async () => {
    await city.clock.advance(12_000);
    const right = answer(device, await line.expect(asked), PROVISIONED);
    line.send(right);
    const want = await line.expect('want');
    line.send(right);
    show(want, device.image);
    await line.expect('done');
    line.send(blob(want, device.image, 0));
    expect(await line.line.closed).toBe(4402);
    expect(city.events.filter(({ type }) => type === 'judged')).toHaveLength(1);
  });

  it('tells its operator of a device that refuses to be asked so', async () => {
    await city.clock.advance(12_000);
    await line.expect(asked);
    line.send({ type: 'error', re: kind === 'end' ? 8 : 9, code: 9 });
    expect(await city.event('alarm')).toMatchObject({
      device: device.id,
      code: 'MONITORING_REFUSED',
    });
  });
});

it('asks again and again for an image that is longer than its credit', async () => {
  const city = await TestCity.start({ mode: 'full' });
  const piece = 66_560 - 128;
  const image = new Uint8Array(15 * piece + 1).map((_byte, at) => (at * 7) & 0xff);
  const device = await city.device('end', {}, image);
  const line = await device.open(city.url, {}, 66_560);
  await city.event('device-connected');
  await city.clock.advance(12_000);
  line.send(answer(device, await line.expect('mon-req-e'), PROVISIONED));
  const wants: (readonly [from: number, credit: number])[] = [];
  for (let shown = 0; shown < image.length;) {
    const { from, credit, sha256 } = await line.expect('want');
    wants.push([from, credit]);
    for (let sent = 0; sent < credit && shown < image.length; sent += 1) {
      const data = image.subarray(shown, shown + piece);
      line.send({ type: 'blob', sha256, from: shown, data });
      shown += data.length;
    }
  }
  expect(wants).toEqual([
    [0, 7],
    [7 * piece, 7],
    [14 * piece, 2],
  ]);
  expect(await line.expect('done')).toMatchObject({ code: 0 });
  await city.close();
});
