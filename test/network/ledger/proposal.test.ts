/** What the client writes field by field, read by the generated classes and by the peer's own checks. */
import { common, peer } from '@hyperledger/fabric-protos';

import { readTransaction } from '../../../network/src/embedded/ledger/transaction.ts';
import { readProposal } from '../../../network/src/embedded/peer/proposal.ts';
import { responsePayload, success } from '../../../network/src/embedded/peer/responses.ts';
import { readSeekRequest } from '../../../network/src/embedded/deliver/seek.ts';
import { seekBlocks } from '../../../network/src/ledger/commit-feed.ts';
import { newEnvelope, newProposal, newSeekEnvelope } from '../../../network/src/ledger/proposal.ts';

const NOW = new Date('2026-03-01T12:00:00.250Z');
const SIGNER = {
  mspId: 'NorthlightMSP',
  identity: Buffer.from('identity'),
  sign: (message: Uint8Array): Uint8Array => Buffer.from(`signed ${message.length}`),
};
const INVOCATION = { channel: 'city', chaincode: 'lamplighter', args: ['A:B', '', 'ü'] };

describe('proposal', () => {
  it('is what a peer takes', () => {
    const { message, transactionId } = newProposal(INVOCATION, SIGNER, NOW);
    const proposal = readProposal(message);
    expect(proposal).toMatchObject({ channelId: 'city', chaincode: 'lamplighter', transactionId });
    expect(proposal.input.getArgsList_asU8().map((arg) => Buffer.from(arg).toString())).toEqual(
      INVOCATION.args,
    );
    expect(Buffer.from(proposal.creator)).toEqual(SIGNER.identity);
    expect(Buffer.from(proposal.signature).toString()).toBe(`signed ${proposal.bytes.length}`);
  });

  it('has the bytes that the generated classes give', () => {
    const { message, header } = newProposal(INVOCATION, SIGNER, NOW);
    const signed = peer.SignedProposal.deserializeBinary(new Uint8Array(message));
    expect(Buffer.from(signed.serializeBinary())).toEqual(Buffer.from(message));
    const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
    expect(Buffer.from(proposal.serializeBinary())).toEqual(
      Buffer.from(signed.getProposalBytes_asU8()),
    );
    const headers = common.Header.deserializeBinary(new Uint8Array(header));
    const bytes = headers.getChannelHeader_asU8();
    const channel = common.ChannelHeader.deserializeBinary(bytes);
    expect(Buffer.from(channel.serializeBinary())).toEqual(Buffer.from(bytes));
    expect(channel.getTimestamp()?.toDate()).toEqual(NOW);
  });

  it('differs each time', () => {
    const ids = Array.from(
      { length: 10 },
      () => newProposal(INVOCATION, SIGNER, NOW).transactionId,
    );
    expect(new Set(ids).size).toBe(10);
  });
});

describe('envelope', () => {
  it('is a valid transaction that binds the answers to the proposal', () => {
    const proposal = newProposal(INVOCATION, SIGNER, NOW);
    const { hash } = readProposal(proposal.message);
    const simulation = {
      chaincode: 'lamplighter',
      version: '1',
      response: success(Buffer.from('done')),
      results: new Uint8Array(),
      event: new Uint8Array(),
    };
    const payload = responsePayload(hash, simulation);
    const answers = ['one', 'two'].map((name) => ({
      connection: { name },
      response: { status: 200, message: '', payload: new Uint8Array() },
      payload,
      endorsement: { endorser: Buffer.from(name), signature: Buffer.from(`by ${name}`) },
    }));
    const transaction = readTransaction(newEnvelope(proposal, answers, SIGNER));
    expect(transaction.code).toBe(peer.TxValidationCode.VALID);
    expect(transaction.headers?.transactionId).toBe(proposal.transactionId);
    expect(
      transaction.action?.endorsements.map(({ endorser }) => Buffer.from(endorser).toString()),
    ).toEqual(['one', 'two']);
    expect(Buffer.from(transaction.action!.responsePayload)).toEqual(Buffer.from(payload));
  });
});

describe('request for blocks', () => {
  it('waits for all that come after the newest', () => {
    const request = readSeekRequest(newSeekEnvelope('city', seekBlocks(), SIGNER, NOW));
    expect(request.headers).toMatchObject({ channelId: 'city', type: 5 });
    expect(request.start.hasNewest()).toBe(true);
    expect(request.stop.getSpecified()?.getNumber()).toBe(Number.MAX_SAFE_INTEGER);
    expect(request.wait).toBe(true);
  });

  it('goes on at a block that was heard of', () => {
    const request = readSeekRequest(newSeekEnvelope('city', seekBlocks(7), SIGNER, NOW));
    expect(request.start.getSpecified()?.getNumber()).toBe(7);
  });
});
