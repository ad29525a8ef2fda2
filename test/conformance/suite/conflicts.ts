/** Validation codes that depend on what other transactions did before: conflicts, phantoms, duplicates. */
import { peer } from '@hyperledger/fabric-protos';

import { newEnvelope } from '../../network/embedded/raw-client.ts';
import { newChecks } from './checks.ts';
import { BFT } from '../target/consensus.ts';
import type { Suite } from './suite.ts';

const Code = peer.TxValidationCode;

/** BFT orderers remember what they ordered lately. */
function duplicated(consensus: string): unknown {
  const refusal: unknown = expect.stringContaining('request already processed');
  return consensus === BFT ? refusal : Code.DUPLICATE_TXID;
}

export function testConflicts(suite: Suite): void {
  const { key, evaluate, submit } = newChecks(suite);
  const endorse: Suite['target']['endorse'] = (name, ...args) =>
    suite.target.endorse(name, ...args);

  describe('conflicts', () => {
    it('make the later of two increments MVCC_READ_CONFLICT', async () => {
      const first = await endorse('Increment', key('count'));
      const second = await endorse('Increment', key('count'));
      expect(await suite.target.submitEndorsed(first)).toBe(Code.VALID);
      expect(await suite.target.submitEndorsed(second)).toBe(Code.MVCC_READ_CONFLICT);
      expect(await evaluate('Get', key('count'))).toBe('1');
    });

    it('are found inside one block, too', async () => {
      const drafts = await Promise.all([1, 2, 3].map(() => endorse('Increment', key('block'))));
      const codes = await Promise.all(
        drafts.map((endorsed) => suite.target.submitEndorsed(endorsed)),
      );
      expect(codes.sort()).toEqual([Code.VALID, Code.MVCC_READ_CONFLICT, Code.MVCC_READ_CONFLICT]);
    });

    it.each([
      ['put', ['Put', 'v']],
      ['deleted', ['Delete']],
      ['given a policy', ['SetPolicy', '']],
    ])('come of a key that was %s meanwhile', async (what, [name, value]) => {
      await submit('Put', key(what), 'v');
      const late = await endorse('Increment', key(what));
      const { mspId } = suite.target.organisations[0];
      await submit(name!, key(what), ...(value === undefined ? [] : [value || mspId]));
      expect(await suite.target.submitEndorsed(late)).toBe(Code.MVCC_READ_CONFLICT);
    });

    it('do not come of writes alone', async () => {
      const both = [
        await endorse('Put', key('blind'), 'a'),
        await endorse('Put', key('blind'), 'b'),
      ];
      for (const endorsed of both) {
        expect(await suite.target.submitEndorsed(endorsed)).toBe(Code.VALID);
      }
      expect(await evaluate('Get', key('blind'))).toBe('b');
    });

    it('do not come of transactions that are invalid themselves', async () => {
      const late = await endorse('Increment', key('calm'));
      const code = await suite.target.submitWith({ endorsements: [] }, 'Put', key('calm'), 'v');
      expect(code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      expect(await suite.target.submitEndorsed(late)).toBe(Code.VALID);
    });
  });

  describe('phantoms', () => {
    const code = async (
      read: readonly [string, ...string[]],
      change: readonly [string, ...string[]],
    ): Promise<number> => {
      const endorsed = await endorse(...read);
      await submit(...change);
      return suite.target.submitEndorsed(endorsed);
    };

    it.each([
      ['a new record', 'Put', 'phantom-3', 'v'],
      ['a changed record', 'Put', 'phantom-1', 'w'],
      ['a deleted record', 'Delete', 'phantom-2', undefined],
    ])('make a range with %s PHANTOM_READ_CONFLICT', async (_, name, record, value) => {
      await submit('Put', key('phantom-1'), 'v');
      await submit('Put', key('phantom-2'), 'v');
      await submit('Delete', key('phantom-3'));
      const counted = ['CountInto', key('phantom-'), key('phantom.'), key('counted')] as const;
      const change = [name, key(record), ...(value === undefined ? [] : [value])] as const;
      expect(await code(counted, change)).toBe(Code.PHANTOM_READ_CONFLICT);
    });

    it('do not come of a range that stays as it is', async () => {
      await submit('PutMany', key('still'), '120');
      await submit('CountInto', key('still'), key('still~'), key('counted'));
      const counted = ['CountInto', key('still'), key('still~'), key('counted')] as const;
      expect(await code(counted, ['Put', key('stilt'), 'v'])).toBe(Code.VALID);
      expect(await code(counted, ['Put', key('still0060'), 'v'])).toBe(Code.PHANTOM_READ_CONFLICT);
    });

    it('do not come of what lies behind the record where a range was left', async () => {
      await submit('PutMany', key('left'), '250');
      const some = ['RangeSome', key('left'), key('left~'), '3'] as const;
      expect(await code(some, ['Put', key('left0101'), 'v'])).toBe(Code.VALID);
      expect(await code(some, ['Put', key('left0100'), 'v'])).toBe(Code.PHANTOM_READ_CONFLICT);
    });

    it('count less than a conflict of a single key', async () => {
      await submit('Put', key('both-1'), '1');
      const steps = [
        ['range', key('both'), key('both~'), 100],
        ['get', key('both-1')],
      ];
      const read = ['Run', JSON.stringify(steps)] as const;
      expect(await code(read, ['Put', key('both-1'), '2'])).toBe(Code.MVCC_READ_CONFLICT);
    });
  });

  describe('duplicates', () => {
    it('are DUPLICATE_TXID or not ordered, whatever became of the first', async () => {
      for (const endorsements of [undefined, []]) {
        const endorsed = await endorse('Put', key('twice'), 'v');
        const changes = endorsements ? { endorsements } : {};
        const first = endorsements ? Code.ENDORSEMENT_POLICY_FAILURE : Code.VALID;
        expect(await suite.target.submitEndorsed(endorsed, changes)).toBe(first);
        suite.target.forget(endorsed.draft.transactionId);
        const again = suite.target.submitEndorsed(endorsed, changes);
        const outcome = await again.catch((error: unknown) => String(error));
        expect(outcome).toEqual(duplicated(suite.target.consensus));
      }
    });

    it('are found inside one block: two at once come out as one', async () => {
      const { draft, responses } = await endorse('Increment', key('once'));
      const { client, channel } = suite.target;
      const envelope = newEnvelope(draft, responses, client.signer);
      await Promise.all([client.broadcast(envelope), client.broadcast(envelope)]);
      await suite.target.code(draft.transactionId);
      await submit('Put', key('behind'), 'v');
      expect(await evaluate('Get', key('once'))).toBe('1');
      const bytes = await suite.target.query({
        chaincode: 'qscc',
        args: ['GetTransactionByID', channel, draft.transactionId],
      });
      const { validationcode } = peer.ProcessedTransaction.deserializeBinary(bytes).toObject();
      expect(validationcode).toBe(Code.VALID);
    });
  });
}
