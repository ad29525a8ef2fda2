/** Every parser of what a stolen management node can send about the ledger, under bytes that are nearly right or not at all. */
import { p256Verify } from '@lamplighter/sdk/crypto';
import { judgeResponse } from '@lamplighter/sdk/protocol';
import {
  certificateOfPem,
  decodeProofSet,
  decodeProtobuf,
  decodeRoots,
  decodeSigned,
  decodeValidatorLink,
  decodeValidatorSet,
  encodeRoots,
  parseStatement,
  peerMessages,
  WireError,
  type ProtobufMessage,
} from '@lamplighter/sdk/wire';
import fc from 'fast-check';
import { PIN, TestLedger, pemOf, responseOf } from '../sdk/protocol/proof-fixture.ts';

interface Parser {
  /** Bytes that it takes. */
  readonly valid: Uint8Array;
  readonly parse: (bytes: Uint8Array) => unknown;
}

const challenge = new Uint8Array(32).fill(3);
const ledger = new TestLedger();
const answer = ledger.release(challenge);
const response = responseOf(ledger.peers[0]!, answer);
const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const protobuf = (valid: Uint8Array, message: ProtobufMessage): Parser => ({
  valid,
  parse: (bytes) => decodeProtobuf(bytes, message),
});
const { key } = ledger.set.validators[0]!;

/** By name. */
export const parsers: Readonly<Record<string, Parser>> = {
  'proof set': { valid: ledger.proof(challenge), parse: decodeProofSet },
  link: { valid: ledger.link(new TestLedger({ A: 1 }, { epoch: 9 })), parse: decodeValidatorLink },
  'validator set': { valid: ledger.encodedSet, parse: decodeValidatorSet },
  'signed set': { valid: ledger.signedSet(), parse: decodeSigned },
  roots: {
    valid: encodeRoots({ gen: 1, k: 1, keys: [{ alg: 1, key: challenge }] }),
    parse: decodeRoots,
  },
  'channel header': protobuf(response.chdr, peerMessages.channelHeader),
  'signature header': protobuf(response.shdr, peerMessages.signatureHeader),
  'proposal payload': protobuf(response.ccpp, peerMessages.proposalPayload),
  'response payload': protobuf(response.payload, peerMessages.answeredPayload),
  identity: protobuf(response.endorser, peerMessages.serializedIdentity),
  PEM: {
    valid: ascii(pemOf(challenge)),
    parse: (bytes) => certificateOfPem(Buffer.from(bytes).toString('latin1')),
  },
  'DER signature': {
    valid: response.sig,
    parse: (bytes) => p256Verify(key, response.payload, bytes),
  },
  statement: { valid: ascii(answer.statement as string), parse: parseStatement },
  'whole response': {
    valid: response.payload,
    parse: (payload) => judgeResponse({ ...response, payload }, ledger.set, { ...PIN, args: [] }),
  },
};

export interface ParserRow {
  readonly parser: string;
  readonly inputs: number;
  readonly taken: number;
  /** By WireError's codes. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Changed in a few places, cut, joined with itself, or anything at all. */
function inputsFor(valid: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat(valid.length - 1);
  const changes = fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 4 });
  return fc.oneof(
    changes.map((each) => each.reduce((bytes, [index, byte]) => bytes.with(index, byte), valid)),
    at.map((end) => valid.slice(0, end)),
    fc
      .tuple(at, at)
      .map(([from, to]) => Uint8Array.from([...valid.slice(0, to), ...valid.slice(from)])),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
  );
}

/**
 * @param runs inputs of each parser
 * @throws whatever a parser throws that is no {@link WireError}, with the input that made it
 */
export function fuzzParsers(runs: number, seed: number): ParserRow[] {
  return Object.entries(parsers).map(([parser, { valid, parse }]) => {
    const refused: Record<string, number> = {};
    let taken = 0;
    parse(valid);
    fc.assert(
      fc.property(inputsFor(valid), (input) => {
        try {
          parse(input);
          taken += 1;
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
          refused[error.code] = (refused[error.code] ?? 0) + 1;
        }
      }),
      { numRuns: runs, seed: seed | 0, endOnFailure: true },
    );
    return { parser, inputs: runs, taken, refused };
  });
}
