/** Formats between nodes, both ends (pure), and the bounded requests that carry them (`fetch.ts`, `…-requests.ts`). */
export {
  MAX_ANCHORS,
  openAnchorAnswer,
  readAnchorRequest,
  signAnchorAnswer,
  signAnchorRequest,
  verifyAnchorRequest,
  type AnchorRequest,
  type ChainWish,
} from './anchors.ts';
export { ExchangeError, type ExchangeErrorCode, type Refusal } from './exchange-error.ts';
export { fetchBounded, type FetchOptions, type FetchPatience } from './fetch.ts';
export {
  readFetchTicket,
  signFetchTicket,
  verifyFetchTicket,
  type FetchTicket,
} from './fetch-ticket.ts';
export { FRESH_SECONDS, NONCE_BYTES, NonceMemory, type Freshness } from './freshness.ts';
export {
  FORMER_KIDS,
  openHandOver,
  sealHandOver,
  type HandOver,
  type HandOverExpectation,
  type HandOverSubject,
} from './hand-over.ts';
export { fetchImage, type ImageSource } from './image-request.ts';
export {
  requestAssignment,
  requestDeviceEnvelope,
  requestValidatorSet,
  requestHandOver,
  requestImage,
  requestRenewal,
  requestRoots,
  requestUpdate,
  type ManagerParty,
} from './manager-requests.ts';
export {
  readRenewalRequest,
  signRenewalRequest,
  verifyRenewalRequest,
  type RenewalRequest,
} from './renewal.ts';
export { newRsaKeyPair, RSA_BITS_LEAST, type RsaKeyPair } from './rsa.ts';
export { newSealingKeyPair, type SealingKeyPair } from './sealing.ts';
export { type Unverified } from './signed-message.ts';
export {
  openUpdateAnswer,
  readUpdateRequest,
  sealUpdateAnswer,
  signUpdateRequest,
  verifyUpdateRequest,
  type UpdateAnswer,
  type UpdateRequest,
} from './update-request.ts';
export { requestAnchors, type VendorParty } from './vendor-requests.ts';
