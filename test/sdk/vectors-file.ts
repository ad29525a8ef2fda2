/** The committed vectors as a typed value, for the tests that replay them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, type CborValue } from '@lamplighter/sdk/wire';

type Hex = string;
type Fields<K extends string> = Readonly<Record<K, Hex>>;
/** A value whose byte strings are written in hex. */
export type Json = Readonly<Record<string, unknown>>;

export interface HandshakeVector extends Fields<
  | 'name'
  | 'device'
  | 'kg'
  | 'hello'
  | 'accept'
  | 'finish'
  | 'helloCore'
  | 'acceptCore'
  | 'acceptBody'
  | 'finishBody'
  | 'z'
  | 's'
  | 'h1'
  | 'h2'
  | 'h3'
  | 'h4'
  | 'ka'
  | 'na'
  | 'kf'
  | 'nf'
  | 'ms'
  | 'm2dT0'
  | 'm2dKey0'
  | 'm2dIv0'
  | 'd2mT0'
  | 'd2mKey0'
  | 'd2mIv0'
> {
  readonly ctr: number;
  readonly chainIndexBefore: number;
  readonly chainHighestSent: number;
  readonly chainIndexShown: number;
  /** Leaf of the manager's tree, under mauth 3. */
  readonly leaf?: number;
  /** Ticket of a session that is resumed. */
  readonly rid?: Hex;
  readonly rs?: Hex;
}

export interface EnrolmentVector extends Fields<
  'name' | 'payload' | 'envelope' | 'psk' | 'en' | 'kHello' | 'kv1'
> {
  readonly assignment: Json;
  readonly generations: readonly Hex[];
  readonly kvm?: Hex;
}

export interface WindowStep {
  readonly at: number;
  readonly event: string;
  readonly n: number;
  readonly check: 'right' | 'wrong' | 'unsure';
  readonly ivn: number;
  readonly fti: number;
  readonly rti: number;
  readonly uti: number;
  readonly action: unknown;
  readonly after: Json;
}

export interface VectorsFile {
  readonly suite: number;
  readonly inputs: { readonly chainLength: number } & Fields<
    | 'kv0'
    | 'vendorSecret'
    | 'managerSecret'
    | 'deviceSecret'
    | 'chainSeed'
    | 'nd'
    | 'nm'
    | 'deviceEphemeral'
    | 'managerEphemeral'
    | 'r'
    | 'cek'
    | 'treeSeed'
  >;
  readonly functions: {
    readonly extract: readonly Fields<'salt' | 'ikm' | 'out'>[];
    readonly expand: readonly (Fields<'key' | 'label' | 'context' | 'out'> & {
      readonly length: number;
    })[];
    readonly mac: readonly Fields<'key' | 'message' | 'out'>[];
    readonly seal: readonly Fields<'key' | 'nonce' | 'ad' | 'text' | 'sealed'>[];
  };
  readonly enrolment: readonly EnrolmentVector[];
  readonly handshakes: readonly HandshakeVector[];
  readonly records: {
    readonly handshake: string;
    readonly manager: readonly Hex[];
    readonly managerMessages: readonly Json[];
    readonly device: readonly Hex[];
    readonly wrongInPlaceOfManagerRecord1: readonly {
      readonly name: string;
      readonly hex: Hex;
      readonly closeCode: number;
    }[];
  };
  readonly refusals: {
    readonly resync: Fields<'hello' | 'frame'> & { readonly answeredCtr: number };
    readonly notices: readonly { readonly envelope: Hex; readonly frames: readonly Hex[] }[];
  };
  readonly messages: readonly { readonly value: Json; readonly hex: Hex }[];
  readonly monitorSigned: Fields<'h4' | 'r' | 'idD' | 'bytes'> & {
    readonly n: number;
    readonly mode: 0 | 1;
  };
  readonly intervals: Fields<'r' | 'hfti' | 'hack'> & {
    readonly fti: number;
    readonly rti: number;
  };
  readonly releases: {
    readonly manifests: readonly { readonly value: Json; readonly payload: Hex }[];
    readonly envelopes: readonly {
      readonly name: string;
      readonly hex: Hex;
      readonly trust: Json;
      readonly refusedWith: string | null;
    }[];
  };
  readonly chunkLog2: number;
  readonly emptyRoot: Hex;
  readonly trees: readonly {
    readonly size: number;
    readonly chunks: number;
    readonly leaves: readonly Hex[];
    readonly root: Hex;
    readonly paths: readonly (readonly Hex[])[];
  }[];
  readonly content: Fields<'cek' | 'sha256'> & {
    readonly size: number;
    readonly segments: readonly Fields<'key' | 'iv'>[];
    readonly chunks: readonly { readonly index: number; readonly sealed: Hex }[];
  };
  readonly window: readonly {
    readonly name: string;
    readonly intervals: { readonly fti: number; readonly rti: number; readonly uti: number };
    readonly steps: readonly WindowStep[];
  }[];
}

function read(suite: string): VectorsFile {
  const file = join(__dirname, `../vectors/lamplighter-${suite}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as VectorsFile;
}

/** Of suite 0x0103. */
export const vectors = read('0x0103');

/** Of every suite that §9 names. */
export const allVectors: readonly VectorsFile[] = [
  vectors,
  ...['0x0201', '0x0301', '0x0304'].map(read),
];

export const bytes = fromHex;

/** Byte strings as hex, as the file has them; `type` of messages stays. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value instanceof Map) {
    return [...(value as ReadonlyMap<number, CborValue>)].map(([key, item]) => [key, plain(item)]);
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** An image of the vectors: byte i is i mod 251. */
export function image(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => at % 251);
}
