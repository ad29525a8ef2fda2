/** What the stub reads and writes one key at a time, and what it tells of the call. */
import { createHash } from 'node:crypto';

import { common, peer } from '@hyperledger/fabric-protos';

import { newDraft, signDraft } from '../../network/embedded/raw-client.ts';
import { newChecks } from './checks.ts';
import type { Suite } from './suite.ts';

export function testStub(suite: Suite): void {
  const { key, evaluate, read, submit } = newChecks(suite);

  describe('single keys', () => {
    it('come back from every peer as they were put', async () => {
      await submit('Put', key('lamp'), 'lit \u{1f4a1}');
      for (const node of suite.target.client.peers) {
        const bytes = await suite.target.query(suite.target.fields('Get', key('lamp')), node);
        expect(Buffer.from(bytes).toString()).toBe('lit \u{1f4a1}');
      }
    });

    it('are empty before they are put and after they are deleted', async () => {
      expect(await evaluate('Get', key('gone'))).toBe('');
      await submit('Put', key('gone'), 'v');
      await submit('Delete', key('gone'));
      expect(await evaluate('Get', key('gone'))).toBe('');
    });

    it('may be deleted without being there', async () => {
      await submit('Delete', key('never'));
      expect(await evaluate('Get', key('never'))).toBe('');
    });

    it('are read as committed, not as the transaction itself has written them', async () => {
      await submit('Put', key('own'), 'committed');
      const { result } = await suite.target.submit('PutAndGet', key('own'), 'written');
      expect(result).toBe('committed');
      expect(await read('DeleteAndGet', key('own'))).toEqual([
        'written',
        [[key('own'), 'written']],
      ]);
      expect(await evaluate('Get', key('own'))).toBe('written');
    });

    it('are deleted by an empty value', async () => {
      await submit('Put', key('emptied'), 'v');
      await submit('Put', key('emptied'), '');
      expect(await read('Range', key('emptied'), key('emptied~'))).toEqual([]);
      const history = (await read('History', key('emptied'))) as readonly { isDelete: boolean }[];
      expect(history.map(({ isDelete }) => isDelete)).toEqual([true, false]);
    });

    it('may have an empty name', async () => {
      await submit('Put', '', key('nameless'));
      expect(await evaluate('Get', '')).toBe(key('nameless'));
    });

    it('may hold every character', async () => {
      const name = key('\u0001 /\\"\u00e9\uffee\u{1f4a1}');
      await submit('Put', name, 'v');
      expect(await evaluate('Get', name)).toBe('v');
    });

    it('may hold a megabyte', async () => {
      const value = 'x'.repeat(2 ** 20);
      await submit('Put', key('large'), value);
      expect(await evaluate('Get', key('large'))).toBe(value);
    });

    it('are written together by many requests at a time', async () => {
      await submit('Together', key('together-'));
      expect(await evaluate('Get', key('together-b'))).toBe(key('together-b'));
    });
  });

  describe('the history of a key', () => {
    it('has its writes, newest first, with the ids of their transactions', async () => {
      const ids = [
        await submit('Put', key('past'), 'one'),
        await submit('Delete', key('past')),
        await submit('Put', key('past'), 'two'),
      ];
      expect(await read('History', key('past'))).toEqual([
        { txId: ids[2], value: 'two', isDelete: false },
        { txId: ids[1], value: '', isDelete: true },
        { txId: ids[0], value: 'one', isDelete: false },
      ]);
    });

    it('is empty for a key that never was', async () => {
      expect(await read('History', key('unheard'))).toEqual([]);
    });

    it('comes in batches', async () => {
      for (let count = 0; count < 3; count++) {
        await submit('PutMany', key('batch'), '2');
      }
      expect(await read('History', key('batch0001'))).toHaveLength(3);
    });

    it('leaves out keys that only begin alike', async () => {
      await submit('Put', key('like'), 'v');
      await submit('Put', key('like-another'), 'v');
      expect(await read('History', key('like'))).toHaveLength(1);
    });
  });

  describe('the policy of a key', () => {
    it('is none before it is set, and then what was set', async () => {
      await submit('Put', key('policy'), 'v');
      expect(await evaluate('GetPolicy', key('policy'))).toBe('');
      const { mspId } = suite.target.organisations[1]!;
      await submit('SetPolicy', key('policy'), mspId);
      expect(await evaluate('GetPolicy', key('policy'))).toBe(mspId);
      expect(await evaluate('Get', key('policy'))).toBe('v');
    });

    it('is not kept for a key that does not exist', async () => {
      await submit('SetPolicy', key('without'), suite.target.organisations[1]!.mspId);
      expect(await evaluate('GetPolicy', key('without'))).toBe('');
    });

    it('goes with its key', async () => {
      const mspIds = suite.target.organisations.map(({ mspId }) => mspId).join();
      await submit('Put', key('passing'), 'v');
      await submit('SetPolicy', key('passing'), mspIds);
      await submit('Delete', key('passing'));
      expect(await evaluate('GetPolicy', key('passing'))).toBe('');
      await submit('Put', key('passing'), 'v');
      expect(await evaluate('GetPolicy', key('passing'))).toBe('');
    });
  });

  describe('the call', () => {
    it('is told as it was made', async () => {
      const { target } = suite;
      const { signer } = target.client;
      const nonce = Buffer.alloc(24, 7);
      const fields = { ...target.fields('Call', 'first', 'second'), nonce };
      const draft = newDraft(signer, fields);
      const signed = signDraft(draft, signer);
      const { signature } = peer.SignedProposal.deserializeBinary(signed).toObject();
      const answer = await target.client.process(target.endorsers[0]!, signed);
      const told = JSON.parse(
        Buffer.from(answer.getResponse()!.getPayload_asU8()).toString(),
      ) as Readonly<Record<string, unknown>>;
      const channelHeader = common.ChannelHeader.deserializeBinary(
        draft.header.getChannelHeader_asU8(),
      );
      const epoch = Buffer.alloc(8);
      const { mspId } = target.organisations[0];
      expect(told).toMatchObject({
        given: ['first', 'second'],
        args: ['Features:Call', 'first', 'second'],
        parameters: ['first', 'second'],
        transactionId: draft.transactionId,
        signature: Buffer.from(String(signature), 'base64').toString('hex'),
        channel: target.channel,
        creator: mspId,
        caller: mspId,
        callerId: expect.stringMatching(/^x509::.*::/) as string,
        seconds: String(channelHeader.getTimestamp()!.getSeconds()),
        binding: createHash('sha256')
          .update(nonce)
          .update(signer.identity)
          .update(epoch)
          .digest('hex'),
      });
    });

    it('brings transient data, which is in no block', async () => {
      const { target } = suite;
      const secret = `secret of ${target.prefix}`;
      const fields = { ...target.fields('Transient', 'name'), transient: { name: secret } };
      expect(Buffer.from(await target.query(fields)).toString()).toBe(secret);
      const { draft, responses } = await target.client.endorse(fields, target.endorsers);
      expect(Buffer.from(draft.payload).includes(secret)).toBe(false);
      expect(responses.every((response) => response.hasEndorsement())).toBe(true);
    });
  });
}
