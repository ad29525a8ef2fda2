/**
 * Every decoder of lamplighter.v1 under bytes that somebody chose: right ones with a few changes, any bytes, and any CBOR. Each
 * gives a value or refuses with a code; nothing else may come out of it.
 */
import fc from 'fast-check';
import {
  acceptBodyCodec,
  acceptCoreCodec,
  CodedError,
  decodeAssignment,
  decodeCbor,
  decodeChainKey,
  decodeFrame,
  decodeManifest,
  decodeMessage,
  decodeProofSet,
  decodeRoots,
  decodeSigned,
  decodeValidatorLink,
  decodeValidatorSet,
  encodeCbor,
  encodeMessage,
  encodeProofSet,
  encodeRoots,
  encodeValidatorLink,
  encodeValidatorSet,
  encodeManifest,
  finishBodyCodec,
  helloCoreCodec,
  parseStatement,
  type CborValue,
  type HelloFrame,
} from '@lamplighter/sdk/wire';
import { encodeAssignment } from '@lamplighter/sdk/wire';
import {
  enrolPair,
  establish,
  filled,
  lightweight,
  STATE,
} from '../../sdk/protocol/session-fixture.ts';

export interface Decoder {
  readonly name: string;
  readonly decode: (bytes: Uint8Array) => unknown;
  /** What it takes as it is. */
  readonly samples: readonly Uint8Array[];
}

/** What became of a decoder's cases. */
export interface DecoderResult {
  readonly name: string;
  readonly cases: number;
  readonly rejects: number;
  /** How it failed, with the seed and the smallest case; undefined when it did not. */
  readonly failure: string | undefined;
}

const light = lightweight(64);
const pair = enrolPair(light);
const { hello, accept, finish } = establish(pair);
const { core } = decodeFrame(hello) as HelloFrame;

const part = (byte: number): Uint8Array => filled(byte, 40);
const response = {
  chdr: part(1),
  shdr: part(2),
  ccpp: part(3),
  payload: part(4),
  endorser: part(5),
  sig: part(6),
};
const set = {
  epoch: 3,
  num: 1,
  den: 2,
  total: 1,
  validators: [{ mspId: 'LunaMSP', cert: filled(4), key: filled(4, 65), shares: 1 }],
};
const statement = '{"channel":"city","epoch":3,"from":"00","to":"01"}';

const messages = [
  { type: 'ready', flags: 0 },
  { type: 'ticket', rid: filled(1, 16), ttl: 60 },
  { type: 'mon-set', ivn: 2, fti: 3600, rti: 600, uti: 86_400 },
  { type: 'want', sha256: filled(2), from: 0, credit: 256, paths: true },
  { type: 'blob', sha256: filled(2), from: 1024, data: filled(3, 100) },
  { type: 'error', re: 11, code: 9 },
] as const;

const manifest = {
  vendor: 'northlight',
  model: 'lamp',
  gen: 1,
  seq: 8,
  version: '7.28.0',
  size: 2000,
  sha256: filled(1),
  chunkLog2: 10,
  root: filled(2),
  format: 0,
  expiry: 1_893_456_000,
  component: ['firmware', 0],
} as const;

export const decoders: readonly Decoder[] = [
  { name: 'cbor', decode: decodeCbor, samples: [hello, pair.device.payload] },
  { name: 'frame', decode: decodeFrame, samples: [hello, accept, finish] },
  { name: 'message', decode: decodeMessage, samples: messages.map(encodeMessage) },
  { name: 'hello-core', decode: helloCoreCodec.decode, samples: [core] },
  {
    name: 'accept-core',
    decode: acceptCoreCodec.decode,
    samples: [acceptCoreCodec.encode({ nm: filled(1, 16), em: filled(2) })],
  },
  {
    name: 'accept-body',
    decode: acceptBodyCodec.decode,
    samples: [acceptBodyCodec.encode({ idM: 'manager-1', proof: filled(1, 64) })],
  },
  {
    name: 'finish-body',
    decode: finishBodyCodec.decode,
    samples: [finishBodyCodec.encode({ idD: 'lamp-1', dsig: filled(1, 64), state: STATE })],
  },
  { name: 'assignment', decode: decodeAssignment, samples: [encodeAssignment(light)] },
  { name: 'chain-key', decode: decodeChainKey, samples: [light.mkey] },
  { name: 'signed', decode: decodeSigned, samples: [pair.envelope] },
  { name: 'manifest', decode: decodeManifest, samples: [encodeManifest(manifest)] },
  {
    name: 'roots',
    decode: decodeRoots,
    samples: [encodeRoots({ gen: 3, k: 1, keys: [{ alg: 1, key: filled(1) }] })],
  },
  { name: 'validator-set', decode: decodeValidatorSet, samples: [encodeValidatorSet(set)] },
  {
    name: 'validator-link',
    decode: decodeValidatorLink,
    samples: [encodeValidatorLink({ set: encodeValidatorSet(set), responses: [response] })],
  },
  {
    name: 'proof-set',
    decode: decodeProofSet,
    samples: [
      encodeProofSet({ path: [{ left: true, sibling: filled(9) }], responses: [response] }),
    ],
  },
  { name: 'statement', decode: parseStatement, samples: [new TextEncoder().encode(statement)] },
];

/** One change: a byte set, some taken out, some put in. */
const change = fc.record({
  kind: fc.constantFrom('set', 'cut', 'insert'),
  at: fc.nat(),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x17, 0x18, 0x3b, 0x5f, 0x9f, 0xbf, 0xff)),
  length: fc.integer({ min: 1, max: 9 }),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(bytes: Uint8Array, { kind, at, byte, length }: Change): Uint8Array {
  const place = at % (bytes.length + 1);
  const taken = { set: 1, cut: length, insert: 0 }[kind];
  const put = { set: 1, cut: 0, insert: length }[kind];
  return Uint8Array.of(
    ...bytes.subarray(0, place),
    ...new Uint8Array(put).fill(byte),
    ...bytes.subarray(place + taken),
  );
}

const { tree: anyItem } = fc.letrec<{ tree: CborValue; leaf: CborValue }>((tie) => ({
  tree: fc.oneof({ maxDepth: 3 }, tie('leaf'), fc.array(tie('tree'), { maxLength: 8 })),
  leaf: fc.oneof(
    fc.maxSafeNat(),
    fc.boolean(),
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom('', 'lamp-1', 'ws://a/b'),
  ),
}));

function inputsOf({ samples }: Decoder): fc.Arbitrary<Uint8Array> {
  const near = fc
    .tuple(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([sample, changes]) => changes.reduce(changed, sample));
  const item = fc.array(anyItem, { maxLength: 14 }).map((items) => encodeCbor(items));
  return fc.oneof(
    { weight: 6, arbitrary: near },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 1, arbitrary: item },
  );
}

/** @param seed that makes the same cases again */
export function fuzz(decoder: Decoder, cases: number, seed: number): DecoderResult {
  const { name, decode } = decoder;
  let rejects = 0;
  const property = fc.property(inputsOf(decoder), (bytes) => {
    try {
      decode(bytes);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      rejects += 1;
    }
  });
  const outcome = fc.check(property, { numRuns: cases, seed });
  const failure = outcome.failed
    ? `${name}, seed ${seed}: ${String(outcome.errorInstance)} at ${hexOf(outcome.counterexample)}`
    : undefined;
  return { name, cases: outcome.numRuns, rejects, failure };
}

function hexOf(counterexample: readonly [Uint8Array] | null): string {
  return Buffer.from(counterexample?.[0] ?? []).toString('hex');
}

/** The cases are shared out evenly. */
export function* fuzzAll(cases: number, seed: number): Generator<DecoderResult> {
  const each = Math.ceil(cases / decoders.length);
  for (const decoder of decoders) yield fuzz(decoder, each, seed);
}
