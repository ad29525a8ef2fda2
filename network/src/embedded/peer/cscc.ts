/** Questions about channels: the system chaincode `cscc` (core/scc/cscc). The one channel's configuration is block 0. */
import { common, peer } from '@hyperledger/fabric-protos';

import type { ChannelAccess } from '../access.ts';
import { EmbeddedError } from '../errors.ts';
import { configOf } from '../genesis.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { decode } from '../wire/messages.ts';
import { success } from './responses.ts';
import {
  argument,
  newSystemChaincode,
  text,
  type SystemChaincode,
  type SystemRequest,
} from './system-chaincode.ts';

const FIXED = 'the embedded network has one channel, which is made at its first start';

export interface CsccOptions {
  readonly channel: string;
  readonly ledger: Ledger;
  readonly access: ChannelAccess;
}

function channelList(channel: string): Uint8Array {
  const info = new peer.ChannelInfo();
  info.setChannelId(channel);
  const response = new peer.ChannelQueryResponse();
  response.setChannelsList([info]);
  return response.serializeBinary();
}

export function newCscc({ channel, ledger, access }: CsccOptions): SystemChaincode {
  const assertKnown = (request: SystemRequest): void => {
    const asked = text(argument(request, 1));
    if (asked !== channel) {
      throw new EmbeddedError('NOT_FOUND', `unknown channel ID, ${asked}`);
    }
    access.assertReader(request.caller);
  };
  return newSystemChaincode(
    'cscc',
    false,
    {
      GetChannels: () => success(channelList(channel)),
      GetConfigBlock: async (request) => {
        assertKnown(request);
        return success(await ledger.readBytes(0));
      },
      GetChannelConfig: async (request) => {
        assertKnown(request);
        const block = decode(common.Block, await ledger.readBytes(0), 'Block');
        return success(configOf(block).serializeBinary());
      },
    },
    { JoinChain: FIXED, JoinChainBySnapshot: FIXED, JoinBySnapshotStatus: FIXED },
  );
}
