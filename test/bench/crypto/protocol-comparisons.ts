/** What the protocol adds to the cryptography that it cannot do without (docs/protocol.md §3, §5), suite 0x0103. */
import {
  ed25519PublicKey,
  ed25519Sign,
  suiteOf,
  x25519PublicKey,
  x25519SharedSecret,
} from '@lamplighter/sdk/crypto';
import { acceptSession, finishSession } from '@lamplighter/sdk/protocol';
import type { Message } from '@lamplighter/sdk/wire';

import { RecordChannel } from '../../../sdk/src/protocol/record-channel.ts';
import {
  answer,
  assignmentOf,
  DEVICE_SECRET,
  enrolPair,
  filled,
  hello,
  MANAGER_SECRET,
  openSession,
  STATE,
} from '../../sdk/protocol/session-fixture.ts';
import type { Comparison, Step } from './comparison.ts';

const suite = suiteOf(0x0103);
const [KEY, NONCE, AD] = [filled(1, suite.keyBytes), filled(2, suite.nonceBytes), filled(3, 6)];

function sealAndOpen(text: Uint8Array): Uint8Array {
  return suite.open(KEY, NONCE, AD, suite.seal(KEY, NONCE, AD, text));
}

const bareAead: Step = (length) => {
  const text = filled(4, length);
  return () => sealAndOpen(text);
};

/** Both ends' work on one record after another, with nonces, limits and all. */
const records: Step = (length) => {
  const text = filled(4, length);
  const [sending, receiving] = [5, 5].map(
    (byte) => new RecordChannel(suite, 'm2d', filled(byte)),
  ) as [RecordChannel, RecordChannel];
  return () => {
    // As a session does it: before the limit both ends have new keys.
    if (sending.isHalfUsed) for (const end of [sending, receiving]) end.rekey();
    if (receiving.isBeyondLimit(length)) throw new RangeError('the receiver is at its limit');
    return receiving.open(sending.seal(text));
  };
};

/** Both ends' work on one message after another as applications have it: CBOR and frame as well. */
const sessionRecords: Step = (length) => {
  const { device, manager } = openSession(enrolPair(), suite.limits.frameBytes);
  const message: Message = { type: 'blob', sha256: filled(5), from: 0, data: filled(4, length) };
  return () => device.session.seal(message).map((frame) => manager.session.open(frame));
};

/** A class E handshake as the manager has it: Hello checked, Accept made, Finish opened. */
const managerSide: Step = () => {
  const { device, managed } = enrolPair(assignmentOf({ mkey: ed25519PublicKey(MANAGER_SECRET) }));
  const sent = hello(device);
  const first = answer(sent.frame, managed);
  // All that is random is fixed, so every Accept is the same, and one Finish answers them all.
  const { frame } = acceptSession(sent.pending, first.frame, STATE, DEVICE_SECRET);
  return () => {
    const { pending, epoch } = answer(sent.frame, managed);
    return finishSession(pending, frame, epoch);
  };
};

const handshakePrimitives: Step = () => {
  const peer = x25519PublicKey(filled(6));
  const [transcript, body] = [filled(7, 64), filled(8, 80)];
  return () => [
    x25519SharedSecret(filled(6), peer),
    ed25519Sign(MANAGER_SECRET, transcript),
    // The manager seals one body and opens another.
    sealAndOpen(body),
  ];
};

export const protocolComparisons: readonly Comparison[] = [
  {
    name: 'record_by_bare_aead',
    sizes: [64, 256, 1024, 4096],
    ours: records,
    theirs: bareAead,
    target: { mostTime: 1.1 },
  },
  {
    name: 'message_through_session_by_bare_aead',
    sizes: [64, 256, 1024, 4096],
    ours: sessionRecords,
    theirs: bareAead,
    target: 'information',
  },
  {
    name: 'handshake_manager_by_x25519_ed25519_aead',
    sizes: [0],
    ours: managerSide,
    theirs: handshakePrimitives,
    target: { mostTime: 1.5 },
  },
];
