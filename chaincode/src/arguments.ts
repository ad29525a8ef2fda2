/** The shape of every argument, field by field; the types are in records.ts. */
import { isUsableEd25519Key } from '@lamplighter/sdk/crypto';
import type {
  DeviceRegistration,
  FirmwareIdentity,
  ManagementNodeRegistration,
  ModelRegistration,
  ReleasePublication,
  StatusReport,
  Transmission,
  UpdateReport,
  VendorRegistration,
} from './records.ts';
import {
  boolean,
  hex,
  integer,
  list,
  object,
  oneOf,
  parseJson,
  refuse,
  text,
  where,
} from './shape.ts';
import type { Check } from './shape.ts';
import type { PageRequest } from './state.ts';

/** Items of a batch (design §3: 500 devices in one transaction). */
export const BATCH_ITEMS = 500;
/** Largest envelope, in bytes: the largest `signed` of protocol §1 and §6.6 is a blob of 64 KiB. */
const ENVELOPE_BYTES = 65_536;
const JSON_CHARACTERS = 1_048_576;
const PAGE_ITEMS = 500;
const IMAGE_BYTES = 0xffff_ffff;
const SECONDS_A_YEAR = 31_536_000;
const RESULT_CODE_LAST = 11;
const CERTIFICATE_BYTES = 4096;
const ENDPOINTS = 8;
const PEERS = 64;
/** That a device carries. */
const SUITES = 16;
const SUITE_LAST = 0xffff;
const APPROVALS = 64;

/** The protocol's `id` (§1). */
export const id = text(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'an id ([a-z0-9][a-z0-9._-]{0,62})');
const digest = hex(32);
const signatureKey = where(
  hex(32),
  (value) => isUsableEd25519Key(Buffer.from(value, 'hex')),
  'an Ed25519 key of large order',
);
/**
 * X25519, or RSA of 3072 to 8192 bits with exponent 65537 as SubjectPublicKeyInfo in DER (RFC 8017 appendix A.1): so much of its
 * form as tells the two apart. Who seals to it checks it whole.
 */
const sealingKey = text(
  new RegExp(
    '^(?:[0-9a-f]{64}|3082[0-9a-f]{4}300d06092a864886f70d01010105000382[0-9a-f]{4}003082[0-9a-f]{4}' +
      '0282[0-9a-f]{4}00[89a-f][0-9a-f](?:[0-9a-f]{2}){383,1023}0203010001)$',
  ),
  'an X25519 key of 32 bytes, or an RSA key of 3072 to 8192 bits, in lower-case hex',
);
const version = text(/^[\x20-\x7e]{1,64}$/, '1 to 64 printable ASCII characters');
const reason = text(/^[\x20-\x7e]{1,200}$/, '1 to 200 printable ASCII characters');
const HOST_AND_PATH = '[A-Za-z0-9._:[\\]-]{1,253}(?:/[!-~]{0,250})?$';
const httpUrl = text(new RegExp(`^https?://${HOST_AND_PATH}`), 'an http:// or https:// URL');
const webSocketUrl = text(new RegExp(`^wss?://${HOST_AND_PATH}`), 'a ws:// or wss:// URL');
const sequenceNumber = integer(0);

/** ISO 8601 UTC, as Date.toISOString writes it, milliseconds optional; no day that does not exist. */
const time = where(
  text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/, 'a time in ISO 8601 UTC'),
  (value) => {
    const milliseconds = Date.parse(value);
    return (
      !Number.isNaN(milliseconds) &&
      new Date(milliseconds).toISOString().startsWith(value.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length))
    );
  },
  'a time that exists, in ISO 8601 UTC',
);

const firmware = object<FirmwareIdentity>({
  gen: sequenceNumber,
  sequence: sequenceNumber,
  version,
  size: integer(0, IMAGE_BYTES),
  sha256: digest,
});

const certificate = where(
  text(/^([0-9a-f]{2})+$/, 'a certificate: DER in lower-case hex'),
  ({ length }) => length <= 2 * CERTIFICATE_BYTES,
  `at most ${CERTIFICATE_BYTES} bytes`,
);

const distinct = <T>(check: Check<readonly T[]>): Check<readonly T[]> =>
  where(check, (items) => new Set(items).size === items.length, 'without repetition');

/** One entry a device: a transaction does not see its own writes, so a second one could not be judged. */
const batchOf = <T>(check: Check<T>, name: (item: T) => string): Check<readonly T[]> =>
  where(
    list(check, 1, BATCH_ITEMS),
    (items) => new Set(items.map(name)).size === items.length,
    'a batch that names each device or id once',
  );

const vendorRegistration = object<VendorRegistration>({
  id,
  url: httpUrl,
  signingKey: signatureKey,
  peerCertificates: distinct(list(certificate, 1, PEERS)),
});

const modelRegistration = object<ModelRegistration>({
  id,
  vendor: id,
  kind: oneOf('end', 'lightweight'),
  slotBytes: integer(1, IMAGE_BYTES),
  approvals: integer(1, APPROVALS),
});

const managementNodeRegistration = object<ManagementNodeRegistration>({
  id,
  certificate: digest,
  signatureKey,
  sealingKey,
  treeKey: text(
    /^(?:[0-9a-f]{104})?$/,
    'an HSS public key, 52 bytes in lower-case hex, or nothing',
  ),
  endpoints: distinct(list(webSocketUrl, 1, ENDPOINTS)),
  url: httpUrl,
});

const deviceRegistration = object<DeviceRegistration>({
  id,
  model: id,
  firmware,
  suites: distinct(list(integer(1, SUITE_LAST), 1, SUITES)),
  legacy: boolean,
});

const statusReport = where(
  object<StatusReport>({
    device: id,
    n: integer(1),
    status: oneOf('normal', 'abnormal', 'unreachable', 'clone-suspected', 'updating'),
    reasons: distinct(list(oneOf('version', 'size', 'digest', 'proof'), 0, 4)),
    sequence: sequenceNumber,
    version,
    sha256: digest,
    observed: time,
    dueWithin: integer(1, SECONDS_A_YEAR),
  }),
  ({ status, reasons }) => (status === 'abnormal') === reasons.length > 0,
  'a report with reasons when its status is abnormal, and only then',
);

const transmission = object<Transmission>({
  id,
  release: digest,
  manager: id,
  bytes: integer(0),
  observed: time,
});

const updateReport = object<UpdateReport>({
  device: id,
  attempt: integer(1),
  release: digest,
  from: firmware,
  code: integer(0, RESULT_CODE_LAST),
  cause: oneOf('request', 'propagation'),
  observed: time,
});

const envelope = where(
  text(/^[0-9a-f]+$/, 'lower-case hex'),
  ({ length }) => length % 2 === 0 && length <= 2 * ENVELOPE_BYTES,
  `1 to ${ENVELOPE_BYTES} bytes in lower-case hex`,
);

const releasePublication = object<ReleasePublication>({
  envelope,
  url: httpUrl,
  propagate: boolean,
});

const fromJson =
  <T>(check: Check<T>) =>
  (json: string): T =>
    parseJson(json, check, JSON_CHARACTERS);

/** One function a JSON argument: text in, checked value out, ARGUMENT_INVALID otherwise. */
export const parse = {
  vendor: fromJson(vendorRegistration),
  model: fromJson(modelRegistration),
  managementNode: fromJson(managementNodeRegistration),
  device: fromJson(deviceRegistration),
  devices: fromJson(batchOf(deviceRegistration, (device) => device.id)),
  statusReport: fromJson(statusReport),
  statusReports: fromJson(batchOf(statusReport, (report) => report.device)),
  release: fromJson(releasePublication),
  transmissions: fromJson(batchOf(transmission, ({ release, id: name }) => `${release}:${name}`)),
  updateReports: fromJson(batchOf(updateReport, (report) => report.device)),
} as const;

export const checkId = (value: string, name: string): string => id(value, name);
export const checkChallenge = (value: string): string => digest(value, 'challenge');
export const checkReleaseId = (value: string): string => digest(value, 'release');
export const checkReason = (value: string): string => reason(value, 'reason');

/** An envelope in hex as bytes. */
export function checkEnvelope(value: string): Uint8Array {
  return Buffer.from(envelope(value, 'envelope'), 'hex');
}

const secondsText = text(/^[1-9]\d{0,7}$/, `seconds from 1 to ${SECONDS_A_YEAR}`);

/** In how many seconds a report is due. */
export function checkDueWithin(value: string): number {
  const seconds = Number(secondsText(value, 'dueWithin'));
  if (seconds > SECONDS_A_YEAR) throw refuse('dueWithin', `at most ${SECONDS_A_YEAR}`, value);
  return seconds;
}

const bookmarkText = text(/^[a-z0-9._:-]{0,200}$/, 'a bookmark from the page before, or empty');
const sizeText = text(/^[1-9]\d{0,2}$/, `a number from 1 to ${PAGE_ITEMS}`);

export function checkPage(pageSize: string, bookmark: string): PageRequest {
  const size = Number(sizeText(pageSize, 'pageSize'));
  if (size > PAGE_ITEMS) throw refuse('pageSize', `at most ${PAGE_ITEMS}`, pageSize);
  return { size, bookmark: bookmarkText(bookmark, 'bookmark') };
}
