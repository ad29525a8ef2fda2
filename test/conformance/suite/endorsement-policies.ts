/** Endorsement policies: of the chaincode, and of single keys. */
import { ledger, peer } from '@hyperledger/fabric-protos';

import { toHighS } from '../../network/embedded/high-s.ts';
import { newChecks } from './checks.ts';
import { flip, withResults, withSignatures } from './endorsements.ts';
import type { Suite } from './suite.ts';

const Code = peer.TxValidationCode;
const { kvrwset } = ledger.rwset;

export function testEndorsementPolicies(suite: Suite): void {
  const { key, evaluate, submit } = newChecks(suite);
  /** Endorsed by one peer each of so many organisations, from the first or from the last. */
  async function putBy(endorsers: readonly string[], name: string, value = 'v'): Promise<number> {
    const fields = suite.target.fields('Put', key(name), value);
    return suite.target.submitEndorsed(await suite.target.client.endorse(fields, endorsers));
  }
  const majority = (): number => Math.floor(suite.target.endorsers.length / 2) + 1;

  describe('the endorsement policy of a chaincode', () => {
    it('is met by a majority of the organisations, whichever', async () => {
      const { endorsers } = suite.target;
      expect(await putBy(endorsers.slice(0, majority()), 'first')).toBe(Code.VALID);
      expect(await putBy(endorsers.slice(-majority()), 'last')).toBe(Code.VALID);
    });

    it('is not met by fewer', async () => {
      const few = suite.target.endorsers.slice(0, majority() - 1);
      expect(await putBy(few, 'few')).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      expect(await evaluate('Get', key('few'))).toBe('');
    });

    it('is met when signatures are broken that it does not need', async () => {
      const spare = suite.target.endorsers.length - majority();
      const code = await suite.target.submitWith(withSignatures(spare, flip), 'Put', key('k'), 'v');
      expect(code).toBe(Code.VALID);
    });

    it.each([
      ['broken signatures', flip],
      ['high-S signatures', toHighS],
      ['no signatures', () => new Uint8Array()],
    ])('is not met with %s in place of those that it needs', async (_, change) => {
      const count = suite.target.endorsers.length - majority() + 1;
      const changes = withSignatures(count, change);
      const code = await suite.target.submitWith(changes, 'Put', key('never'), 'v');
      expect(code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    });

    it('counts an endorser once', async () => {
      const code = await suite.target.submitWith(
        ({ responses }) => ({ endorsements: responses.map(() => responses[0]!.getEndorsement()!) }),
        'Put',
        key('never'),
        'v',
      );
      expect(code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    });

    it('counts neither clients nor strangers', async () => {
      const { signer } = suite.target.client;
      const code = await suite.target.submitWith(
        ({ responses }) => {
          const payload = responses[0]!.getPayload_asU8();
          const own = new peer.Endorsement();
          own.setEndorser(signer.identity);
          own.setSignature(signer.sign(Buffer.concat([payload, signer.identity])));
          const stranger = new peer.Endorsement();
          stranger.setEndorser(Buffer.from('stranger'));
          stranger.setSignature(signer.sign(payload));
          return { endorsements: [responses[0]!.getEndorsement()!, own, stranger] };
        },
        'Put',
        key('never'),
        'v',
      );
      expect(code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    });

    it('is not met without any endorsement', async () => {
      const code = await suite.target.submitWith({ endorsements: [] }, 'Put', key('never'), 'v');
      expect(code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    });

    it('is not met for other results than those that were endorsed', async () => {
      const forged = withResults((results) => {
        const own = results.getNsRwsetList().at(-1)!;
        const content = kvrwset.KVRWSet.deserializeBinary(own.getRwset_asU8());
        content.getWritesList()[0]!.setValue(Buffer.from('forged'));
        own.setRwset(content.serializeBinary());
      });
      const code = await suite.target.submitWith(forged, 'Put', key('never'), 'v');
      expect(code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      expect(await evaluate('Get', key('never'))).toBe('');
    });

    it('holds for a transaction that writes nothing, too', async () => {
      expect((await suite.target.submit('Get', key('never'))).code).toBe(Code.VALID);
      const code = await suite.target.submitWith({ endorsements: [] }, 'Get', key('never'));
      expect(code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    });
  });

  describe('the endorsement policy of a key', () => {
    it('takes the place of the policy of the chaincode', async () => {
      const [first, second, third = first] = suite.target.endorsers;
      const { mspId } = suite.target.organisations[1]!;
      await submit('Put', key('owned'), 'v');
      await submit('SetPolicy', key('owned'), mspId);
      expect(await putBy([second!], 'owned', 'by its owner')).toBe(Code.VALID);
      expect(await putBy([first!, third!], 'owned')).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      expect(await putBy([second!], 'another')).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      expect(await evaluate('Get', key('owned'))).toBe('by its owner');
    });

    it('wants all of the organisations that it names', async () => {
      const mspIds = suite.target.organisations.map(({ mspId }) => mspId).join();
      await submit('Put', key('shared'), 'v');
      await submit('SetPolicy', key('shared'), mspIds);
      const { endorsers } = suite.target;
      expect(await putBy(endorsers.slice(1), 'shared')).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      expect(await putBy(endorsers, 'shared')).toBe(Code.VALID);
    });

    it('guards its own change, and the deletion of its key', async () => {
      const [first, second, third = first] = suite.target.endorsers;
      const { mspId } = suite.target.organisations[1]!;
      await submit('Put', key('guarded'), 'v');
      await submit('SetPolicy', key('guarded'), mspId);
      const submitBy = async (endorsers: readonly string[], name: string, ...args: string[]) => {
        const fields = suite.target.fields(name, key('guarded'), ...args);
        const endorsed = await suite.target.client.endorse(fields, endorsers);
        return suite.target.submitEndorsed(endorsed);
      };
      const others = [first!, third!];
      const { mspId: other } = suite.target.organisations[0];
      expect(await submitBy(others, 'SetPolicy', other)).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      expect(await submitBy(others, 'Delete')).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      expect(await submitBy([second!], 'SetPolicy', other)).toBe(Code.VALID);
      expect(await submitBy([first!], 'Delete')).toBe(Code.VALID);
    });
  });
}
