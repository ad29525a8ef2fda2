/** What orderers take, and what orderers and peers deliver. */
import { common } from '@hyperledger/fabric-protos';

import {
  newDraft,
  newEnvelope,
  type EnvelopeChanges,
  type SeekFields,
} from '../../network/embedded/raw-client.ts';
import { toHighS } from '../../network/embedded/high-s.ts';
import { codesOf, transactionIdIn } from '../target/block-follower.ts';
import { newChecks } from './checks.ts';
import { flip } from './endorsements.ts';
import type { Suite } from './suite.ts';

const { Status } = common;
const FULL = '/protos.Deliver/Deliver';
const FILTERED = '/protos.Deliver/DeliverFiltered';
const PRIVATE = '/protos.Deliver/DeliverWithPrivateData';
const ORDERER = '/orderer.AtomicBroadcast/Deliver';

export function testOrdering(suite: Suite): void {
  const { key, submit } = newChecks(suite);

  describe('an envelope', () => {
    const statusOf = async (changes: EnvelopeChanges, channel?: string): Promise<number> => {
      const { target } = suite;
      const { signer } = target.client;
      const fields = target.fields('Put', target.key('never'), 'v');
      const draft = newDraft(signer, channel === undefined ? fields : { ...fields, channel });
      return (await target.client.broadcast(newEnvelope(draft, [], signer, changes))).status;
    };
    const signed = (change: (signature: Uint8Array) => Uint8Array): EnvelopeChanges => ({
      sign: (payload) => change(suite.target.client.signer.sign(payload)),
    });

    it.each([
      ['a broken signature', flip],
      ['a high-S signature', toHighS],
      ['no signature', () => new Uint8Array()],
    ])('with %s is forbidden', async (_, change) => {
      expect(await statusOf(signed(change))).toBe(Status.FORBIDDEN);
    });

    it('signed by another than its creator is forbidden', async () => {
      const { target } = suite;
      const other = target.clientOf(target.organisations[1]!.mspId).signer;
      expect(await statusOf({ sign: (payload) => other.sign(payload) })).toBe(Status.FORBIDDEN);
    });

    it('for a channel that is not there is refused', async () => {
      const status = await statusOf({}, 'channel-not-there');
      expect([Status.BAD_REQUEST, Status.NOT_FOUND]).toContain(status);
    });

    it('without a payload is refused', async () => {
      const { status } = await suite.target.client.broadcast(
        new common.Envelope().serializeBinary(),
      );
      expect(status).toBe(Status.BAD_REQUEST);
    });
  });

  describe('blocks', () => {
    const seek = (fields: SeekFields, path = FULL, node?: string) =>
      suite.target.client.seek({ channel: suite.target.channel, ...fields }, path, node);

    it('come in order, and then a status', async () => {
      const answers = await seek({ start: 0, stop: 2 });
      const numbers = answers.map((answer) => answer.getBlock()?.getHeader()?.getNumber());
      expect(numbers).toEqual([0, 1, 2, undefined]);
      expect(answers[3]?.getStatus()).toBe(Status.SUCCESS);
    });

    it('are the same from every peer and from the orderer', async () => {
      const id = await submit('Put', key('everywhere'), 'v');
      const { blockNumber } = await suite.target.verdict(id);
      const { client } = suite.target;
      const at = { start: blockNumber, stop: blockNumber };
      const sources = [...client.peers.map((node) => [FULL, node]), [ORDERER, client.orderer]];
      const blocks = await Promise.all(
        sources.map(async ([path, node]) => (await seek(at, path, node))[0]!.getBlock()!),
      );
      const [first, ...others] = blocks;
      for (const other of others) {
        expect(other.getHeader()!.toObject()).toEqual(first!.getHeader()!.toObject());
        expect(other.getData()!.toObject()).toEqual(first!.getData()!.toObject());
      }
      expect(codesOf(first!).length).toBe(first!.getData()!.getDataList().length);
    });

    it('are chained by the hashes of their headers', async () => {
      const answers = await seek({ start: 0, stop: 1 });
      const [first, second] = answers.map((answer) => answer.getBlock());
      expect(first!.getHeader()!.getPreviousHash_asU8()).toHaveLength(0);
      expect(second!.getHeader()!.getPreviousHash_asU8()).toHaveLength(32);
    });

    it('have the hashes of what peers committed', async () => {
      const hashes = await Promise.all(
        suite.target.client.peers.map(async (node) => {
          const [answer] = await seek({ start: 2, stop: 2 }, FULL, node);
          const list = answer!.getBlock()!.getMetadata()!.getMetadataList_asU8();
          const metadata = list[common.BlockMetadataIndex.COMMIT_HASH];
          return Buffer.from(metadata!).toString('hex');
        }),
      );
      expect(hashes[0]!.length).toBeGreaterThanOrEqual(64);
      expect(new Set(hashes).size).toBe(1);
    });

    it('come filtered without payloads', async () => {
      const id = await submit('Emit', 'Lit', key('payload'));
      const { blockNumber } = await suite.target.verdict(id);
      const [answer] = await seek({ start: blockNumber, stop: blockNumber }, FILTERED);
      const block = answer!.getFilteredBlock()!;
      expect(block.getChannelId()).toBe(suite.target.channel);
      const found = block.getFilteredTransactionsList().find((item) => item.getTxid() === id)!;
      const [action] = found.getTransactionActions()!.getChaincodeActionsList();
      expect(action!.getChaincodeEvent()!.toObject()).toEqual({
        chaincodeId: suite.target.names.chaincode,
        txId: id,
        eventName: 'Lit',
        payload: '',
      });
    });

    it('come with private data, of which there is none', async () => {
      const { blockNumber } = await suite.target.verdict(await submit('Put', key('public'), 'v'));
      const [answer] = await seek({ start: blockNumber, stop: blockNumber }, PRIVATE);
      const { block, privateDataMapMap } = answer!.getBlockAndPrivateData()!.toObject();
      expect(block?.header?.number).toBe(blockNumber);
      expect(privateDataMapMap).toEqual([]);
    });

    it('come as the newest and the oldest', async () => {
      const id = await submit('Put', key('newest'), 'v');
      const [newest] = await seek({ start: 'newest', stop: 'newest' });
      const envelopes = newest!.getBlock()!.getData()!.getDataList_asU8();
      expect(envelopes.map(transactionIdIn)).toContain(id);
      const [oldest] = await seek({ start: 'oldest', stop: 'oldest' });
      expect(oldest!.getBlock()!.getHeader()!.getNumber()).toBe(0);
    });

    it.each<[string, SeekFields, number]>([
      ['do not exist', { start: 9_999_999, stop: 9_999_999 }, Status.NOT_FOUND],
      ['end before they begin', { start: 2, stop: 1 }, Status.BAD_REQUEST],
      ['are of no channel', { start: 0, stop: 0, channel: 'not-there' }, Status.NOT_FOUND],
    ])('that %s are answered with a status', async (_, fields, expected) => {
      const answers = await seek(fields);
      expect(answers.map((answer) => answer.getStatus())).toEqual([expected]);
    });
  });
}
