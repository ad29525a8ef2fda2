/**
 * The calls that Fabric's `peer` command makes, so that they are tested where there is no such command: what `chaincode query` and
 * `invoke`, `channel list`, `getinfo` and `fetch`, and `lifecycle chaincode` send, by the same services, and what they look for in
 * the answers.
 */
import { createHash } from 'node:crypto';

import { common, msp, peer } from '@hyperledger/fabric-protos';

import { encodeInteger, encodeSequence } from '../../../network/src/membership/der.ts';
import { newEnvelope, newSeek } from '../../network/embedded/raw-client.ts';
import { newChecks } from './checks.ts';
import type { Suite } from './suite.ts';

const Code = peer.TxValidationCode;
const FULL = '/protos.Deliver/Deliver';
const ORDERER = '/orderer.AtomicBroadcast/Deliver';

/** Fabric, protoutil.BlockHeaderHash: SHA-256 of the header in DER. */
function headerHash(header: common.BlockHeader): string {
  const number = Buffer.from(header.getNumber().toString(16).padStart(16, '0'), 'hex');
  const octets = (bytes: Uint8Array): Uint8Array => Buffer.from([0x04, bytes.length, ...bytes]);
  const encoded = encodeSequence(
    encodeInteger(number),
    octets(header.getPreviousHash_asU8()),
    octets(header.getDataHash_asU8()),
  );
  return createHash('sha256').update(encoded).digest('hex');
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export function testPeerCommand(suite: Suite): void {
  const { key, evaluate, submit } = newChecks(suite);
  const system = (chaincode: string, ...args: string[]): Promise<Uint8Array> =>
    suite.target.query({ chaincode, args });
  const chainInfo = async (): Promise<common.BlockchainInfo> =>
    common.BlockchainInfo.deserializeBinary(
      await system('qscc', 'GetChainInfo', suite.target.channel),
    );

  describe('peer chaincode', () => {
    it('query asks one peer', async () => {
      await submit('Put', key('queried'), 'v');
      expect(await evaluate('Get', key('queried'))).toBe('v');
    });

    it('invoke --waitForEvent hears of the commit from every peer', async () => {
      const { target } = suite;
      const { client } = target;
      const { draft, responses } = await target.endorse('Put', key('invoked'), 'v');
      const listeners = target.endorsers.map((node) => {
        const stream = client.stream(node, '/protos.Deliver/DeliverFiltered');
        return [stream, listen(suite, stream, draft.transactionId)] as const;
      });
      await target.commit(newEnvelope(draft, responses, client.signer));
      for (const [stream, code] of listeners) {
        expect(await code).toBe(Code.VALID);
        stream.cancel();
      }
    });

    it('invoke without -o finds the orderers in the configuration', async () => {
      const { target } = suite;
      const endorsed = await target.client.endorse(
        { channel: '', chaincode: 'cscc', type: 1, args: ['GetChannelConfig', target.channel] },
        [target.endorsers[0]!],
      );
      const bytes = endorsed.responses[0]!.getResponse()!.getPayload_asU8();
      const config = common.Config.deserializeBinary(bytes).getChannelGroup()!;
      const organisations = config.getGroupsMap().get('Orderer')!.getGroupsMap();
      const addresses = [...organisations.keys()].flatMap((name: string) => {
        const value = organisations.get(name)!.getValuesMap().get('Endpoints')!.getValue_asU8();
        return common.OrdererAddresses.deserializeBinary(value).getAddressesList();
      });
      const known = Object.values(target.profile.connection.orderers).map(({ url }) =>
        url.replace('grpcs://', '').replace('localhost', '127.0.0.1'),
      );
      expect(known).toContain(addresses[0]);
    });
  });

  describe('peer channel', () => {
    it('list has the channel', async () => {
      const { target } = suite;
      const endorsed = await target.client.endorse(
        { channel: '', chaincode: 'cscc', args: ['GetChannels'] },
        [target.endorsers[0]!],
      );
      const bytes = endorsed.responses[0]!.getResponse()!.getPayload_asU8();
      const { channelsList } = peer.ChannelQueryResponse.deserializeBinary(bytes).toObject();
      expect(channelsList).toContainEqual({ channelId: target.channel });
    });

    it('getinfo has height and hashes', async () => {
      await submit('Put', key('informed'), 'v');
      const info = await chainInfo();
      const { client, channel } = suite.target;
      const [answer] = await client.seek({ channel, start: 'newest', stop: 'newest' }, FULL);
      const header = answer!.getBlock()!.getHeader()!;
      expect(info.getHeight()).toBe(header.getNumber() + 1);
      expect(hex(info.getCurrentblockhash_asU8())).toBe(headerHash(header));
      expect(hex(info.getPreviousblockhash_asU8())).toBe(hex(header.getPreviousHash_asU8()));
    });

    it.each([
      ['a peer', FULL],
      ['the orderer', ORDERER],
    ])('fetch config finds the configuration at %s by the newest block', async (_, path) => {
      const { client, channel } = suite.target;
      const node = path === ORDERER ? client.orderer : client.peers[0]!;
      const [newest] = await client.seek({ channel, start: 'newest', stop: 'newest' }, path, node);
      const [signatures] = newest!.getBlock()!.getMetadata()!.getMetadataList_asU8();
      const metadata = common.OrdererBlockMetadata.deserializeBinary(
        common.Metadata.deserializeBinary(signatures!).getValue_asU8(),
      );
      const index = metadata.getLastConfig()!.getIndex();
      const [found] = await client.seek({ channel, start: index, stop: index }, path, node);
      const [envelope] = found!.getBlock()!.getData()!.getDataList_asU8();
      const payload = common.Payload.deserializeBinary(
        common.Envelope.deserializeBinary(envelope!).getPayload_asU8(),
      );
      const config = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8());
      const application = config.getConfig()!.getChannelGroup()!.getGroupsMap().get('Application')!;
      const mspIds = [...application.getGroupsMap().keys()] as string[];
      expect(mspIds.sort()).toEqual(suite.target.organisations.map(({ mspId }) => mspId).sort());
    });

    it('configuration has the members that sign', async () => {
      const { target } = suite;
      const bytes = await system('cscc', 'GetConfigBlock', target.channel);
      const block = common.Block.deserializeBinary(bytes);
      const identity = msp.SerializedIdentity.deserializeBinary(target.client.signer.identity);
      const [envelope] = block.getData()!.getDataList_asU8();
      expect(Buffer.from(envelope!).includes(identity.getMspid())).toBe(true);
    });
  });

  describe('the block queries of qscc', () => {
    const blockBy = async (name: string, arg: string | Uint8Array): Promise<common.Block> => {
      const { target } = suite;
      const fields = { chaincode: 'qscc', args: [name, target.channel, arg] };
      return common.Block.deserializeBinary(await target.query(fields));
    };

    it('find one block by number, hash and transaction', async () => {
      const id = await submit('Put', key('found'), 'v');
      const byId = await blockBy('GetBlockByTxID', id);
      const header = byId.getHeader()!;
      const byNumber = await blockBy('GetBlockByNumber', String(header.getNumber()));
      const byHash = await blockBy('GetBlockByHash', Buffer.from(headerHash(header), 'hex'));
      expect(byNumber.toObject()).toEqual(byId.toObject());
      expect(byHash.toObject()).toEqual(byId.toObject());
    });

    it('find a transaction with its code', async () => {
      const code = await suite.target.submitWith({ endorsements: [] }, 'Put', key('bad'), 'v');
      expect(code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      const id = await submit('Put', key('good'), 'v');
      const bytes = await system('qscc', 'GetTransactionByID', suite.target.channel, id);
      const processed = peer.ProcessedTransaction.deserializeBinary(bytes);
      expect(processed.getValidationcode()).toBe(Code.VALID);
      expect(processed.getTransactionenvelope()!.getPayload_asU8().length).toBeGreaterThan(0);
    });

    it.each([
      ['GetBlockByNumber', '9999999'],
      ['GetBlockByTxID', 'ab'.repeat(32)],
      ['GetTransactionByID', 'ab'.repeat(32)],
      ['GetBlockByHash', 'no hash'],
      ['NotThere', 'x'],
    ])('refuse %s of what is not there', async (name, arg) => {
      const asked = system('qscc', name, suite.target.channel, arg);
      await expect(asked).rejects.toMatchObject({ status: 500 });
    });
  });
}

/** @returns the code of a transaction from a stream of filtered blocks. */
function listen(
  suite: Suite,
  stream: ReturnType<Suite['target']['client']['stream']>,
  transactionId: string,
): Promise<number> {
  const { client, channel } = suite.target;
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', (bytes: Uint8Array) => {
      const block = peer.DeliverResponse.deserializeBinary(bytes).getFilteredBlock();
      const found = block
        ?.getFilteredTransactionsList()
        .find((item) => item.getTxid() === transactionId);
      if (found) {
        resolve(found.getTxValidationCode());
      }
    });
    // From the newest block to the largest number, as the command asks.
    const wanted = { channel, start: 'newest', stop: 2 ** 53 - 1, wait: true } as const;
    stream.write(newSeek(client.signer, wanted));
  });
}
