/** The SDK's own gRPC resets every stream that ended; Node would cut its connection after some 1,000 calls. */
import type * as grpcJs from '@grpc/grpc-js';

import {
  ResetBudget,
  resetsEndedStreams,
} from '../../../../network/src/embedded/wire/reset-budget.ts';
import { newTestNetwork, NORTHLIGHT } from '../fabric-client.ts';

// eslint-disable-next-line @typescript-eslint/no-require-imports -- has no types of its own
const sdkGrpc = require('fabric-protos/grpc') as typeof grpcJs;
const CALLS = 2_500;
const AT_A_TIME = 25;

describe('clients that reset ended streams', () => {
  it.each([
    ['grpc-node-js/1.9.16', true],
    ['fabric grpc-node-js/1.14.6', true],
    ['grpc-node-js/1.14.7', false],
    ['grpc-node-js/1.15.0', false],
    ['grpc-node-js/2.0.0', false],
    ['grpc-go/1.72.0', false],
    ['', false],
    [undefined, false],
  ])('are told by their name, %s: %s', (userAgent, resets) => {
    expect(resetsEndedStreams(userAgent)).toBe(resets);
  });
});

describe('budget of a connection', () => {
  it('is spent by a burst before Node would cut the connection, and once only', () => {
    const budget = new ResetBudget(0);
    const first = Array.from({ length: 1_000 }, () => budget.spend(0)).indexOf(true);
    expect(first).toBe(700);
  });

  it('lasts for ever at the rate that Node suffers', () => {
    const budget = new ResetBudget(0);
    const spent = Array.from({ length: 20_000 }, (_, index) => budget.spend(index * 31));
    expect(spent).not.toContain(true);
  });

  it('does not grow while the connection is idle', () => {
    const budget = new ResetBudget(0);
    const hour = 3_600_000;
    const first = Array.from({ length: 1_000 }, () => budget.spend(hour)).indexOf(true);
    expect(first).toBeLessThanOrEqual(700);
  });
});

describe('an endpoint of the embedded network', () => {
  it('answers every call of such a client', async () => {
    const setup = await newTestNetwork('127.0.0.1:1');
    await using network = await setup.start();
    const [peer] = Object.values(network.connectionProfile(NORTHLIGHT).peers);
    const client = new sdkGrpc.Client(
      peer!.url.replace('grpcs://', ''),
      sdkGrpc.credentials.createSsl(Buffer.from(peer!.tlsCACerts.pem)),
      peer!.grpcOptions,
    );
    const codes = new Map<number, number>();
    const bytes = (message: Buffer): Buffer => message;
    const call = (): Promise<void> =>
      new Promise((resolve) => {
        const path = '/protos.Endorser/ProcessProposal';
        client.makeUnaryRequest(path, bytes, bytes, Buffer.from('no proposal'), (error) => {
          codes.set(error?.code ?? 0, (codes.get(error?.code ?? 0) ?? 0) + 1);
          resolve();
        });
      });
    for (let done = 0; done < CALLS; done += AT_A_TIME) {
      await Promise.all(Array.from({ length: AT_A_TIME }, call));
    }
    client.close();
    // The peer's own answer to what is no proposal; a connection that was cut would give INTERNAL or UNAVAILABLE.
    expect([...codes]).toEqual([[sdkGrpc.status.UNKNOWN, CALLS]]);
    await network.close();
    await setup.remove();
  });
});
