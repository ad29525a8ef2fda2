/** What peers and contracts answer when they do not do what they are asked. */
import { common, peer } from '@hyperledger/fabric-protos';

import { newDraft, signDraft, type ProposalFields } from '../../network/embedded/raw-client.ts';
import { toHighS } from '../../network/embedded/high-s.ts';
import { newChecks } from './checks.ts';
import { flip } from './endorsements.ts';
import type { Suite } from './suite.ts';

const ERROR: number = common.Status.INTERNAL_SERVER_ERROR;

export function testRefusals(suite: Suite): void {
  const { key, submit } = newChecks(suite);
  const answerTo = async (fields: ProposalFields): Promise<peer.ProposalResponse> => {
    const endorsed = await suite.target.client.endorse(fields, [suite.target.endorsers[0]!]);
    return endorsed.responses[0]!;
  };
  const refusalOf = async (fields: ProposalFields): Promise<string> => {
    const answer = await answerTo(fields);
    expect(answer.getResponse()!.getStatus()).toBe(ERROR);
    expect(answer.hasEndorsement()).toBe(false);
    return answer.getResponse()!.getMessage();
  };

  describe('a refusal', () => {
    it('has the error of the contract and no endorsement', async () => {
      expect(await refusalOf(suite.target.fields('Fail', 'LAMP_BROKEN: no light'))).toContain(
        'LAMP_BROKEN: no light',
      );
    });

    it('says that there is no such function', async () => {
      expect(await refusalOf(suite.target.fields('NotThere'))).toContain('NotThere');
    });

    it('says that there is no such chaincode', async () => {
      const fields = { ...suite.target.fields('Get', 'k'), chaincode: 'chaincode-not-there' };
      expect(await refusalOf(fields)).toContain('chaincode-not-there not found');
    });

    it('says that there is no such channel', async () => {
      const fields = { ...suite.target.fields('Get', 'k'), channel: 'channel-not-there' };
      expect((await answerTo(fields)).getResponse()!.toObject()).toMatchObject({
        status: ERROR,
        message: expect.stringContaining("channel 'channel-not-there' not found") as string,
      });
    });

    it.each(['get', 'hash', 'put', 'delete', 'purge', 'range'])(
      'is given to %s of a collection that is not there',
      async (operation) => {
        expect(await refusalOf(suite.target.fields('Private', operation))).toMatch(/collection/);
      },
    );

    it('is given to rich queries where the state has only keys', async () => {
      const fields = suite.target.fields('Rich', '{"selector":{}}');
      expect(await refusalOf(fields)).toContain('failed');
    });
  });

  describe('a proposal', () => {
    const rejected = (
      fields: Partial<ProposalFields>,
      change?: (signed: Uint8Array) => Uint8Array,
    ) => {
      const { client, endorsers } = suite.target;
      const draft = newDraft(client.signer, { ...suite.target.fields('Get', key('k')), ...fields });
      const signed = signDraft(draft, client.signer);
      return client.process(endorsers[0]!, change ? change(signed) : signed);
    };
    const withSignature =
      (change: (signature: Uint8Array) => Uint8Array) => (bytes: Uint8Array) => {
        const signed = peer.SignedProposal.deserializeBinary(bytes);
        signed.setSignature(change(signed.getSignature_asU8()));
        return signed.serializeBinary();
      };

    it.each([
      ['broken', flip],
      ['with a high S', toHighS],
      ['missing', () => new Uint8Array()],
    ])('is rejected when its signature is %s', async (_, change) => {
      await expect(rejected({}, withSignature(change))).rejects.toThrow();
    });

    it.each<[string, Partial<ProposalFields>]>([
      ['its id is not that of nonce and creator', { transactionId: 'ab'.repeat(32) }],
      ['it has no nonce', { nonce: new Uint8Array() }],
      ['it has an epoch', { epoch: 1 }],
      ['it is of no type that endorsers know', { type: common.HeaderType.DELIVER_SEEK_INFO }],
    ])('is rejected when %s', async (_, fields) => {
      await expect(rejected(fields)).rejects.toThrow(/error validating proposal|UNKNOWN/);
    });

    it('is rejected when it is no proposal', async () => {
      await expect(rejected({}, () => new Uint8Array())).rejects.toThrow();
    });

    it('is rejected when its transaction is committed', async () => {
      const nonce = Buffer.from(suite.target.key('nonce').padEnd(24, 'x'));
      const fields = { ...suite.target.fields('Put', key('replayed'), 'v'), nonce };
      const endorsed = await suite.target.client.endorse(fields, suite.target.endorsers);
      await suite.target.submitEndorsed(endorsed);
      await expect(rejected({ nonce })).rejects.toThrow('duplicate transaction found');
    });

    it('changes nothing as long as it is not ordered', async () => {
      await suite.target.endorse('Put', key('endorsed-only'), 'v');
      await submit('Put', key('another'), 'v');
      expect(await suite.target.evaluate('Get', key('endorsed-only'))).toBe('');
    });
  });
}
