/** Two enrolled ends with fixed randomness, for the tests of handshake and session. */
import {
  chainContext,
  chainValue,
  ed25519PublicKey,
  isUsableEd25519Key,
  newEd25519Signer,
  openEnvelope,
  pskOf,
  signEnvelope,
  suiteOf,
  vendorMacKey,
  macEnvelope,
  type VendorTrust,
} from '@lamplighter/sdk/crypto';
import {
  acceptSession,
  answerHello,
  checkHello,
  enrolUnder,
  finishSession,
  manageEpoch,
  startHello,
  stepCounter,
  type AcceptedSession,
  type AnsweredHello,
  type CheckedHello,
  type DeviceEpoch,
  type Enrolled,
  type FinishedSession,
  type HelloVerdict,
  type ManagedEpoch,
} from '@lamplighter/sdk/protocol';
import {
  encodeAssignment,
  encodeChainKey,
  encodeSigned,
  suiteFacts,
  type Assignment,
  type DeviceState,
} from '@lamplighter/sdk/wire';

/** `length` equal bytes, to tell one fixed secret from another. */
export function filled(byte: number, length = 32): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

export const VENDOR_SECRET = filled(0x01);
export const MANAGER_SECRET = filled(0x02);
export const DEVICE_SECRET = filled(0x03);
export const CHAIN_SEED = filled(0x04);
export const KV0 = filled(0x05);
export const STATE: DeviceState = {
  seq: 7,
  sha256: filled(0x06),
  ivn: 1,
  opensIn: 30,
  flags: 1,
  pending: 0,
  stats: { early: 0, late: 1, badauth: 0, badsig: 0, dup: 0, resync: 0, skipped: 0 },
};

export interface Pair {
  readonly enrolled: Enrolled;
  readonly device: DeviceEpoch;
  readonly managed: ManagedEpoch;
  readonly envelope: Uint8Array;
  readonly trust: VendorTrust;
}

/** An assignment with every field given, end node unless changed. */
export function assignmentOf(changes: Partial<Assignment> = {}): Assignment {
  return {
    version: 1,
    idD: 'lamp-1',
    serial: 0,
    op: 0,
    idM: 'manager-1',
    prevKid: new Uint8Array(0),
    kid: filled(0x0a, 16),
    suite: 0x0103,
    epoch: 1,
    class: 0,
    mauth: 1,
    mkey: ed25519PublicKey(MANAGER_SECRET),
    dkey: new Uint8Array(0),
    endpoints: ['ws://127.0.0.1:7070/v1/device'],
    ...changes,
  };
}

/** Fields of a lightweight node under a chain of the given length. */
export function lightweight(length = 4096, changes: Partial<Assignment> = {}): Assignment {
  const base = assignmentOf({ idD: 'soil-1', class: 1, mauth: 2, ...changes });
  const context = chainContext(base.idM, base.idD, base.epoch);
  const anchor = chainValue(suiteOf(base.suite), context, { seed: CHAIN_SEED, length }, 0);
  return { ...base, mkey: encodeChainKey({ length, anchor }) };
}

/** Both ends after enrolment. */
export function enrolPair(assignment: Assignment = assignmentOf()): Pair {
  const payload = encodeAssignment(assignment);
  const kvm = vendorMacKey(KV0, assignment.idD);
  const light = assignment.class === 1;
  const envelope = encodeSigned(
    light
      ? macEnvelope('assignment', payload, kvm)
      : signEnvelope('assignment', payload, newEd25519Signer(VENDOR_SECRET)),
  );
  const trust: VendorTrust = light
    ? { kind: 'mac', kvm }
    : { kind: 'signature', threshold: 1, keys: [ed25519PublicKey(VENDOR_SECRET)] };
  const legacy = suiteFacts(assignment.suite)?.legacy ?? false;
  const open = (encoded: Uint8Array): Uint8Array => openEnvelope('assignment', encoded, trust);
  const enrolled = enrolUnder(
    { kv: KV0.slice(), kvN: 0 },
    envelope,
    { open, isUsableKey: isUsableEd25519Key, legacy },
    assignment.idD,
  );
  const managed = manageEpoch(payload, pskOf(KV0, payload), light ? CHAIN_SEED : undefined, legacy);
  return { enrolled, device: enrolled.epoch, managed, envelope, trust };
}

/** Hello of the next counter. */
export function hello(
  epoch: DeviceEpoch,
  fmax = 4608,
  byte = 0x11,
): ReturnType<typeof startHello> & { readonly epoch: DeviceEpoch } {
  const stepped = stepCounter(epoch);
  return {
    epoch: stepped,
    ...startHello(stepped, { nd: filled(byte, 16), ephemeralSecret: filled(0x12), fmax }),
  };
}

export function checked(frame: Uint8Array, managed: ManagedEpoch): CheckedHello {
  const verdict = verdictOn(frame, managed);
  if (verdict.kind !== 'accept') throw new Error(`expected accept, got ${verdict.kind}`);
  return verdict;
}

export function verdictOn(frame: Uint8Array, managed: ManagedEpoch): HelloVerdict {
  const kid = Buffer.from(managed.assignment.kid);
  return checkHello(frame, (asked) => (kid.equals(asked) ? managed : undefined));
}

export function answer(frame: Uint8Array, managed: ManagedEpoch): AnsweredHello {
  return answerHello(checked(frame, managed), {
    nm: filled(0x21, 16),
    ephemeralSecret: filled(0x22),
    signatureKey: MANAGER_SECRET,
  });
}

export interface Established {
  readonly hello: Uint8Array;
  readonly accept: Uint8Array;
  readonly finish: Uint8Array;
  readonly device: AcceptedSession;
  readonly manager: FinishedSession;
}

/** A whole handshake; `ready` is not sent yet. */
export function establish(
  pair: { readonly device: DeviceEpoch; readonly managed: ManagedEpoch },
  fmax = 4608,
): Established {
  const sent = hello(pair.device, fmax);
  const answered = answer(sent.frame, pair.managed);
  const device = acceptSession(sent.pending, answered.frame, STATE, DEVICE_SECRET);
  const manager = finishSession(answered.pending, device.frame, answered.epoch);
  return { hello: sent.frame, accept: answered.frame, finish: device.frame, device, manager };
}

/** A session after `ready` has opened. */
export function openSession(pair: Pair, fmax = 4608): Established {
  const established = establish(pair, fmax);
  const [ready] = established.manager.session.seal({ type: 'ready', flags: 0 });
  established.device.session.open(ready ?? new Uint8Array(0));
  return established;
}
