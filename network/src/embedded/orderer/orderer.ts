/** The ordering node behind one TLS endpoint: Broadcast in, Deliver out. */
import type { ChannelAccess } from '../access.ts';
import { Deliver, type BlockSource } from '../deliver/deliver.ts';
import { blockFrame } from '../deliver/frames.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import type { NetworkObserver } from '../observer.ts';
import { BROADCAST, type Service } from '../wire/services.ts';
import type { ByteStream } from '../wire/stream-life.ts';
import { Broadcast } from './broadcast.ts';
import type { OrderingChain } from './chain.ts';

export interface OrdererOptions {
  readonly channel: string;
  readonly access: ChannelAccess;
  readonly chain: OrderingChain;
  /** Ends every stream. */
  readonly closing: AbortSignal;
  readonly logger: NetworkLogger;
  readonly observer: NetworkObserver;
}

function blocksOf(chain: OrderingChain): BlockSource {
  return {
    get height() {
      return chain.height;
    },
    reach: (number, signal) => chain.reach(number, signal),
    frame: async (number) => blockFrame(await chain.readBytes(number)),
  };
}

/** gRPC services of the orderer's endpoint. */
export function ordererServices(options: OrdererOptions): readonly Service[] {
  const deliver = new Deliver(options);
  const broadcast = new Broadcast(options);
  const blocks = blocksOf(options.chain);
  return [
    {
      definition: BROADCAST,
      implementation: {
        broadcast: (stream: ByteStream) => void broadcast.serve(stream),
        deliver: (stream: ByteStream) => void deliver.serve(stream, blocks),
      },
    },
  ];
}
