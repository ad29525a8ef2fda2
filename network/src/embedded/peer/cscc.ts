/** Questions about channels: the system chaincode `cscc` (core/scc/cscc). The one channel's configuration is block 0. */
import { common, peer } from '@hyperledger/fabric-protos';

import type { ChannelAccess } from '../access.ts';
import { EmbeddedError } from '../errors.ts';
import { configOf } from '../genesis.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { decode } from '../wire/messages.ts';
import { success } from './responses.ts';
import {
  assertReader,
  newSystemChaincode,
  text,
  type SystemChaincode,
  type SystemFunction,
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

/** The embedded network never joins a channel by a snapshot. */
function noSnapshot(): Uint8Array {
  return new peer.JoinBySnapshotStatus().serializeBinary();
}

function assertAdministrator({ args, caller }: SystemRequest): void {
  if (caller.role !== 'admin') {
    throw new EmbeddedError(
      'ACCESS_DENIED',
      `access denied for [${text(args[0])}]: expected an admin of ${caller.mspId}, got a ${caller.role}`,
    );
  }
}

function refusal({ args, origin }: SystemRequest): string | undefined {
  const called = text(args[0]);
  const alone = called === 'GetChannels' || called === 'JoinBySnapshotStatus';
  if (args.length < (alone ? 1 : 2)) {
    return `Incorrect number of arguments, ${args.length}`;
  }
  return origin === undefined
    ? undefined
    : `Rejecting invoke of CSCC from another chaincode, original invocation for '${origin}'`;
}

export function newCscc({ channel, ledger, access }: CsccOptions): SystemChaincode {
  const assertKnown = (request: SystemRequest): void => {
    const asked = text(request.args[1]);
    if (asked !== channel) {
      throw new EmbeddedError(
        'NOT_FOUND',
        asked === '' ? 'empty channel name provided' : `unknown channel ID, ${asked.slice(0, 80)}`,
      );
    }
    assertReader(access, request);
  };
  const functions: Readonly<Record<string, SystemFunction>> = {
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
    JoinBySnapshotStatus: (request) => {
      assertAdministrator(request);
      return success(noSnapshot());
    },
  };
  const unserved = { JoinChain: FIXED, JoinChainBySnapshot: FIXED };
  return newSystemChaincode('cscc', false, functions, unserved, refusal);
}
