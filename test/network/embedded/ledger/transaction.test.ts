import { readTransaction } from '../../../../network/src/embedded/ledger/transaction.ts';
import { responsePayload, success } from '../../../../network/src/embedded/peer/responses.ts';
import { newSigner, type Signer } from '../../../../network/src/membership/signer.ts';
import { enrol, newAuthority } from '../../membership/certificates.ts';
import { proposalHash } from '../peer/proposals.ts';
import { newDraft, newEnvelope, type Draft } from '../raw-client.ts';

describe('the transaction that an envelope is of', () => {
  let signer: Signer;
  beforeAll(async () => {
    signer = newSigner(await enrol(await newAuthority()));
  });

  /** @param signed - the proposal that the endorsers' signatures cover */
  function transactionOf(draft: Draft, signed = draft): string | undefined {
    const payload = responsePayload(proposalHash(signed), {
      chaincode: 'features',
      version: '1',
      response: success(new Uint8Array()),
      results: new Uint8Array(),
      event: new Uint8Array(),
    });
    const envelope = newEnvelope(draft, [], signer, { responsePayload: payload });
    return readTransaction(envelope).action?.transaction();
  }

  it.each([
    [['Stake:ElectValidator', 'more'], 'Stake:ElectValidator'],
    [[''], ''],
    [[], ''],
    [[Uint8Array.of(0xff, 0xfe)], '\u{fffd}\u{fffd}'],
  ])('is the first argument of the proposal: %j', (args, expected) => {
    expect(transactionOf(newDraft(signer, { args }))).toBe(expected);
  });

  it('is nothing where the proposal does not parse', () => {
    const draft = { ...newDraft(signer, { args: ['x'] }), payload: Buffer.from('ffff', 'hex') };
    expect(transactionOf(draft)).toBe('');
  });

  it('can not be another than the endorsers saw', () => {
    const nonce = new Uint8Array(24);
    const honest = newDraft(signer, { args: ['Firmware:WithdrawRelease'], nonce });
    const renamed = { ...honest, payload: newDraft(signer, { args: ['Stake:Skip'] }).payload };
    expect(transactionOf(honest)).toBe('Firmware:WithdrawRelease');
    expect(transactionOf(renamed, honest)).toBeUndefined();
  });
});
