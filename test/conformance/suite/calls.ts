/** Calls from chaincode to chaincode. */
import { common, peer } from '@hyperledger/fabric-protos';

import { newChecks } from './checks.ts';
import { resultsOf } from './endorsements.ts';
import type { Suite } from './suite.ts';

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly payload: string;
}

const call = (name: string, ...args: string[]): string =>
  JSON.stringify([`Features:${name}`, ...args]);
const Code = peer.TxValidationCode;

export function testCalls(suite: Suite): void {
  const { key, evaluate, read } = newChecks(suite);
  const callee = (): string => suite.target.names.callee;
  const ofCallee = async (name: string, ...args: string[]): Promise<string> => {
    const fields = { ...suite.target.fields(name, ...args), chaincode: callee() };
    return Buffer.from(await suite.target.query(fields)).toString();
  };

  describe('a call from chaincode to chaincode', () => {
    it('reads what the other has', async () => {
      const fields = { ...suite.target.fields('Put', key('theirs'), 'v'), chaincode: callee() };
      const { client, endorsers } = suite.target;
      const endorsed = await client.endorse(fields, endorsers);
      expect(await suite.target.submitEndorsed(endorsed)).toBe(Code.VALID);
      const answer = (await read('CallOther', callee(), '', call('Get', key('theirs')))) as Answer;
      expect(answer).toMatchObject({ status: common.Status.SUCCESS, payload: 'v' });
      expect(await evaluate('Get', key('theirs'))).toBe('');
    });

    it('writes in both namespaces, in one transaction', async () => {
      const name = key('both');
      const put = call('Put', name, 'theirs');
      const endorsed = await suite.target.endorse('PutAndCallOther', name, 'mine', callee(), put);
      const results = resultsOf(endorsed);
      const { chaincode } = suite.target.names;
      expect([...results.keys()]).toEqual(['_lifecycle', chaincode, callee()]);
      expect(results.get('_lifecycle')!.readsList.map((noted) => noted.key)).toEqual(
        [
          `namespaces/fields/${callee()}/Sequence`,
          `namespaces/fields/${chaincode}/Sequence`,
        ].sort(),
      );
      expect(await suite.target.submitEndorsed(endorsed)).toBe(Code.VALID);
      expect([await evaluate('Get', name), await ofCallee('Get', name)]).toEqual([
        'mine',
        'theirs',
      ]);
    });

    it('conflicts with what others write to the other', async () => {
      const name = key('shared');
      const first = await suite.target.endorse('CallOther', callee(), '', call('Increment', name));
      const second = await suite.target.endorse('CallOther', callee(), '', call('Increment', name));
      expect(await suite.target.submitEndorsed(first)).toBe(Code.VALID);
      expect(await suite.target.submitEndorsed(second)).toBe(Code.MVCC_READ_CONFLICT);
    });

    it('may not be to itself', async () => {
      const { chaincode } = suite.target.names;
      const asked = evaluate('CallOther', chaincode, '', call('Get', key('none')));
      await expect(asked).rejects.toThrow('exists');
    });

    it('tells the error of the other', async () => {
      const answer = suite.target.evaluate('CallOther', callee(), '', call('Fail', 'BROKEN'));
      await expect(answer.then((text) => (JSON.parse(text) as Answer).message)).resolves.toContain(
        'BROKEN',
      );
    });

    it('fails when there is no other', async () => {
      const asked = evaluate('CallOther', 'chaincode-not-there', '', call('Get', 'k'));
      await expect(asked).rejects.toThrow('chaincode-not-there not found');
    });

    it('gives the event of the first only', async () => {
      const name = key('heard');
      const endorsed = await suite.target.endorse(
        'PutAndCallOther',
        name,
        'v',
        callee(),
        call('Emit', 'Inner', name),
      );
      const payload = peer.ProposalResponsePayload.deserializeBinary(
        endorsed.responses[0]!.getPayload_asU8(),
      );
      const action = peer.ChaincodeAction.deserializeBinary(payload.getExtension_asU8());
      const event = peer.ChaincodeEvent.deserializeBinary(action.getEvents_asU8());
      expect(event.getEventName()).toBe('');
    });
  });
}
