/** The codec of lamplighter.v1: frames, messages and signed objects as values (docs/protocol.md §1, §2.2, §7). */
export * from './assignment.ts';
export * from './bytes.ts';
export * from './cbor.ts';
export * from './errors.ts';
export * from './frames.ts';
export * from './handshake-bodies.ts';
export * as limits from './limits.ts';
export * from './manifest.ts';
export * from './message-types.ts';
export { decodeMessage, encodeMessage, messageNumber, type Extension } from './messages.ts';
export * from './proof-set.ts';
export * from './protobuf.ts';
export { type Codec } from './shapes.ts';
export * from './signed.ts';
export * from './validator-set.ts';
