/** Sessions that go on from the last one (docs/protocol.md §3.5), with the SDK's own end node. */
import { decodeFrame } from '@lamplighter/sdk/wire';
import { nodeTransport } from '../../../sdk/src/device/transport-node.ts';
import type { Connection, Transport } from '@lamplighter/sdk';
import { helloCoreCodec } from '../../../sdk/src/wire/handshake-bodies.ts';
import {
  ManagementNode,
  systemClock,
  type ManagementEvent,
  type ManagementNodeOptions,
} from '../../../network/src/management/index.ts';
import { startDevice } from './support/real-device.ts';
import { TestCity } from './support/test-city.ts';

// The device dials again after a quarter of a second or more.
jest.setTimeout(60_000);

/** Every Hello that a device sends: its mode, 1 for one that resumes. */
class Wire {
  readonly modes: number[] = [];
  connection: Connection | null = null;
  /** Frames that the device has taken on its newest connection; the one that it waits for counts. */
  awaited = 0;

  readonly transport: Transport = async (url, options) => {
    const connection = await nodeTransport(url, options);
    this.connection = connection;
    this.awaited = 0;
    const { inbox } = connection;
    const next = inbox.next.bind(inbox);
    inbox.next = () => {
      this.awaited += 1;
      return next();
    };
    return {
      ...connection,
      send: (bytes) => {
        const frame = decodeFrame(bytes);
        if (frame.type === 'hello') this.modes.push(helloCoreCodec.decode(frame.core).mode);
        connection.send(bytes);
      },
    };
  };
}

describe('an end node that dials again', () => {
  let city: TestCity;
  const wire = { current: new Wire() };
  /** Starts a device, and has it lose its connection after each of `sessions` sessions. */
  async function dialled(
    sessions: number,
    change: Partial<ManagementNodeOptions> = {},
  ): Promise<Awaited<ReturnType<typeof startDevice>>> {
    city = await TestCity.start({ clock: systemClock, ...change });
    wire.current = new Wire();
    const provisioned = await city.device('end');
    const retry = { nextDelay: () => 0.01 };
    const { transport } = wire.current;
    const device = await startDevice(city, provisioned, 'end', { transport, retry });
    await settled(1);
    for (let session = 2; session <= sessions; session += 1) {
      wire.current.connection?.close(1000);
      await settled(session);
    }
    return device;
  }

  /** A session is there, and its ticket with the device: Accept, `ready` and `ticket` are taken, and more is waited for. */
  async function settled(session: number): Promise<void> {
    await connected(session);
    const given = session === 17 || city.options.resumption?.inARow === 0 ? 2 : 3;
    while (wire.current.awaited <= given) await new Promise((done) => setTimeout(done, 5));
  }

  async function connected(count: number, events = city.events): Promise<void> {
    const isIt = ({ type }: ManagementEvent): boolean => type === 'device-connected';
    while (events.filter(isIt).length < count) await new Promise((done) => setTimeout(done, 5));
  }

  afterEach(async () => {
    await city.close();
  });

  it('resumes sixteen sessions in a row, and does a full handshake then', async () => {
    await using device = await dialled(19);
    expect(wire.current.modes).toEqual([0, ...Array<number>(16).fill(1), 0, 1]);
    expect(device.id).toBe(city.node.devices[0]);
  });

  it('does full handshakes with a node that gives no tickets', async () => {
    await using _device = await dialled(3, { resumption: { inARow: 0 } });
    expect(wire.current.modes).toEqual([0, 0, 0]);
  });

  it('is refused by a node that started anew, and does a full handshake', async () => {
    await using _device = await dialled(2);
    const { port } = city.node;
    await city.node.close();
    const events: ManagementEvent[] = [];
    const onEvent = (event: ManagementEvent): void => {
      events.push(event);
    };
    await using _node = await ManagementNode.start({ ...city.options, port, onEvent });
    await connected(1, events);
    expect(wire.current.modes).toEqual([0, 1, 1, 0]);
    expect(events.find(({ type }) => type === 'connection-refused')).toMatchObject({
      closeCode: 4401,
    });
  });
});
