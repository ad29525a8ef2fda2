/**
 * The provisioning document: what a device of any make needs to be monitored (docs/provisioning.md). Parsed strictly: an
 * unknown, missing or ill-formed field is an error that names it.
 */
import * as limits from '../wire/limits.ts';
import type { Intervals } from '../wire/message-types.ts';
import { fromHex } from '../wire/bytes.ts';
import { WireError } from '../wire/errors.ts';
import { decodeRoots } from '../wire/roots.ts';
import type { VendorRoots } from '../wire/roots.ts';
import { Algorithm } from '../wire/signed.ts';
import { DeviceError } from './errors.ts';

const FORMAT = 'lamplighter.provisioning.v1';

/** Class of a device, in words. */
export type DeviceKind = 'end' | 'lightweight';

interface Provisioned {
  readonly device: string;
  readonly model: string;
  readonly vendor: string;
  /** ws:// or wss:// URL with path. */
  readonly gateway: string;
  /** The signed envelope of the assignment. */
  readonly assignment: Uint8Array;
  /** kv_n, 32 bytes, and its n. */
  readonly kv: Uint8Array;
  readonly kvN: number;
  /** Absolute path of the factory image. */
  readonly image: string;
  readonly imageSize: number;
  readonly imageSha256: Uint8Array;
  readonly seq: number;
  readonly gen: number;
  readonly version: string;
  readonly slotBytes: number;
  /** Component and slot. */
  readonly component: readonly [string, number];
  /** Seconds. */
  readonly intervals: Intervals;
}

/** The ledger that an end node believes (§7.3). */
export interface LedgerIdentity {
  readonly channel: string;
  readonly chaincode: string;
  /** The first validator set in the vendor's envelope (domain `validators`). */
  readonly validators: Uint8Array;
}

/** Identity of an end node: it trusts the vendor's roots, and the ledger for what is approved. */
export interface EndNodeIdentity extends Provisioned {
  readonly kind: 'end';
  /** Ed25519, 32 bytes: the only key of the roots. Absent where `vendorRoots` is there. */
  readonly vendorKey?: Uint8Array;
  /** k of n keys (§7.1). */
  readonly vendorRoots?: VendorRoots;
  /** Absent: freshness rests on the manager. */
  readonly ledger?: LedgerIdentity;
}

/** Identity of a lightweight end node: it shares a MAC key with the vendor. */
export interface LightweightIdentity extends Provisioned {
  readonly kind: 'lightweight';
  /** kvm, 32 bytes. */
  readonly vendorMacKey: Uint8Array;
  /** It can do no better than a weak suite (§4): it is monitored under one, and takes no firmware. @default false */
  readonly legacy?: boolean;
}

export type DeviceIdentity = EndNodeIdentity | LightweightIdentity;

type Fields = Readonly<Record<string, unknown>>;

/**
 * @param document the parsed JSON
 * @throws {@link DeviceError} `PROVISIONING_INVALID`, naming the field
 */
export function parseProvisioning(document: unknown): DeviceIdentity {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw invalid('document', 'a JSON object');
  }
  const fields = document as Fields;
  const kind = oneOfTexts(fields, 'kind', ['end', 'lightweight']);
  oneOfTexts(fields, 'format', [FORMAT]);
  if (kind === 'lightweight') {
    checkNames(fields, ['vendorMacKey', 'legacy']);
    const vendorMacKey = hex(fields, 'vendorMacKey', 32);
    const legacy = 'legacy' in fields ? { legacy: flag(fields, 'legacy') } : {};
    return { ...parseCommon(fields), kind, vendorMacKey, ...legacy };
  }
  const rootsName = 'vendorRoots' in fields ? 'vendorRoots' : 'vendorKey';
  checkNames(fields, [rootsName, 'ledger']);
  const trust =
    rootsName === 'vendorKey'
      ? { vendorKey: hex(fields, 'vendorKey', 32) }
      : { vendorRoots: parseRoots(fields) };
  const ledger = 'ledger' in fields ? { ledger: parseLedger(fields['ledger']) } : {};
  return { ...parseCommon(fields), ...trust, ...ledger, kind };
}

/** The vendor's roots that an end node starts with. */
export function rootsOf(identity: EndNodeIdentity): VendorRoots {
  const { vendorRoots, vendorKey, gen } = identity;
  if (vendorRoots !== undefined) return vendorRoots;
  if (vendorKey === undefined) throw invalid('vendorKey', 'vendorKey or vendorRoots');
  return { gen, k: 1, keys: [{ alg: Algorithm.ed25519, key: vendorKey }] };
}

function parseRoots(fields: Fields): VendorRoots {
  const payload = hex(fields, 'vendorRoots');
  try {
    return decodeRoots(payload);
  } catch (error) {
    if (error instanceof WireError) throw invalid('vendorRoots', 'roots as of protocol §7.1');
    throw error;
  }
}

function parseLedger(value: unknown): LedgerIdentity {
  if (typeof value !== 'object' || value === null) throw invalid('ledger', 'an object');
  const fields = value as Fields;
  const unknown = Object.keys(fields).find((name) => !LEDGER_NAMES.has(name));
  if (unknown !== undefined) throw invalid(`ledger.${unknown}`, 'no field of this name');
  return {
    channel: text(fields, 'channel', LEDGER_NAME, 'the name of a channel', 'ledger.'),
    chaincode: text(fields, 'chaincode', LEDGER_NAME, 'the name of a chaincode', 'ledger.'),
    validators: hex(fields, 'validators', undefined, 'ledger.'),
  };
}

const LEDGER_NAMES = new Set(['channel', 'chaincode', 'validators']);
const LEDGER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,248}$/;

const NAMES = [
  'format',
  'device',
  'model',
  'vendor',
  'kind',
  'gateway',
  'assignment',
  'kv',
  'kv_n',
  'image',
  'imageSize',
  'imageSha256',
  'seq',
  'gen',
  'ver',
  'slotBytes',
  'component',
  'fti',
  'rti',
  'uti',
] as const;

function checkNames(fields: Fields, others: readonly string[]): void {
  const known = new Set<string>([...NAMES, ...others]);
  const unknown = Object.keys(fields).find((name) => !known.has(name));
  if (unknown !== undefined) throw invalid(unknown, 'no field of this name');
}

const ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const PRINTABLE = /^[ -~]{1,256}$/;
const GATEWAY = /^wss?:\/\/[^/?#\s]+\/[!-~]*$/;
/** Bytes of a slot that this version can address: 32 KiB chunks in a u32 are far above it. */
const SLOT_MOST = 2 ** 32;

function parseCommon(fields: Fields): Provisioned {
  const slotBytes = integer(fields, 'slotBytes', 1, SLOT_MOST);
  return {
    device: text(fields, 'device', ID, 'an id'),
    model: text(fields, 'model', PRINTABLE, 'printable text'),
    vendor: text(fields, 'vendor', PRINTABLE, 'printable text'),
    gateway: text(fields, 'gateway', GATEWAY, 'a ws:// or wss:// URL with a path'),
    assignment: hex(fields, 'assignment'),
    kv: hex(fields, 'kv', 32),
    kvN: integer(fields, 'kv_n', 0),
    image: text(fields, 'image', /^[^\0]{1,4096}$/, 'a path'),
    imageSize: integer(fields, 'imageSize', 0, slotBytes),
    imageSha256: hex(fields, 'imageSha256', 32),
    seq: integer(fields, 'seq', 0),
    gen: integer(fields, 'gen', 0),
    version: text(fields, 'ver', PRINTABLE, 'printable text'),
    slotBytes,
    component: component(fields['component']),
    intervals: {
      fti: integer(fields, 'fti', limits.FTI_LEAST, limits.FTI_MOST),
      rti: integer(fields, 'rti', limits.RTI_LEAST, limits.RTI_MOST),
      uti: integer(fields, 'uti', limits.UTI_LEAST, limits.UTI_MOST),
    },
  };
}

function component(value: unknown): readonly [string, number] {
  if (!Array.isArray(value) || value.length !== 2) throw invalid('component', 'a name and a slot');
  const fields = { name: value[0] as unknown, slot: value[1] as unknown };
  return [text(fields, 'name', PRINTABLE, 'printable text'), integer(fields, 'slot', 0)];
}

function text(fields: Fields, name: string, pattern: RegExp, rule: string, at = ''): string {
  const value = fields[name];
  if (typeof value !== 'string' || !pattern.test(value)) throw invalid(at + name, rule);
  return value;
}

function oneOfTexts<const T extends string>(fields: Fields, name: string, texts: readonly T[]): T {
  const found = texts.find((each) => each === fields[name]);
  if (found === undefined) throw invalid(name, `one of ${texts.join(', ')}`);
  return found;
}

function integer(
  fields: Fields,
  name: string,
  least: number,
  most: number = limits.UINT_MAX,
): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
    throw invalid(name, `an integer ${least}..${most}`);
  }
  return value as number;
}

function flag(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value !== 'boolean') throw invalid(name, 'true or false');
  return value;
}

function hex(fields: Fields, name: string, length?: number, at = ''): Uint8Array {
  const value = fields[name];
  const digits = typeof value === 'string' && /^(?:[0-9a-f]{2})+$/.test(value) ? value : '';
  if (digits === '' || (length !== undefined && digits.length !== 2 * length)) {
    throw invalid(at + name, `lower-case hex${length === undefined ? '' : ` of ${length} bytes`}`);
  }
  return fromHex(digits);
}

/** Says what was expected and never what came: some fields are secrets. */
function invalid(name: string, expected: string): DeviceError {
  return new DeviceError('PROVISIONING_INVALID', `provisioning: ${name}: expected ${expected}`);
}
