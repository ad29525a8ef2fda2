/**
 * The codes that a refused transaction's text starts with (`DEVICE_NOT_FOUND: …`). They are stable, documented in
 * chaincode/README.md and never reused: a rejected submit carries the text only, so clients match on the code.
 */
export type ContractErrorCode =
  | 'ARGUMENT_INVALID'
  | 'TRANSIENT_DATA_REFUSED'
  | 'TRANSACTION_UNKNOWN'
  | 'CALLER_NOT_ALLOWED'
  | 'VENDOR_NOT_FOUND'
  | 'VENDOR_EXISTS'
  | 'MODEL_NOT_FOUND'
  | 'MODEL_EXISTS'
  | 'MANAGER_NOT_FOUND'
  | 'MANAGER_EXISTS'
  | 'DEVICE_NOT_FOUND'
  | 'DEVICE_EXISTS'
  | 'DEVICE_NOT_ASSIGNED'
  | 'DEVICE_SUSPENDED'
  | 'DEVICE_RETIRED'
  | 'ASSIGNMENT_INVALID'
  | 'ASSIGNMENT_OUTDATED'
  | 'SUITE_REFUSED'
  | 'SIGNATURE_INVALID'
  | 'STATUS_NOT_FOUND'
  | 'REPORT_DUPLICATE'
  | 'REPORT_CONFLICT'
  | 'RELEASE_NOT_FOUND'
  | 'RELEASE_EXISTS'
  | 'RELEASE_INVALID'
  | 'RELEASE_OUTDATED'
  | 'RELEASE_NOT_APPROVED'
  | 'RELEASE_APPROVED_ALREADY'
  | 'RELEASE_WITHDRAWN'
  | 'TRANSMISSION_EXISTS'
  | 'STAKE_NOT_INITIALISED'
  | 'STAKE_INITIALISED'
  | 'STAKE_HOLDER_NOT_FOUND'
  | 'STAKE_CAP_REACHED'
  | 'STAKE_SHARES_MISSING'
  | 'STAKE_BARRED'
  | 'STAKE_NOT_BARRED'
  | 'OFFER_NOT_FOUND'
  | 'OFFER_EXISTS'
  | 'OFFER_CLOSED'
  | 'TIME_REFUSED'
  | 'EPOCH_NOT_OVER'
  | 'VALIDATOR_CHANGED'
  | 'VALIDATOR_ALONE'
  | 'NOT_ABSENT'
  | 'VOTE_EXISTS'
  | 'EVIDENCE_INVALID'
  | 'EVIDENCE_OUTDATED'
  | 'EVIDENCE_USED'
  | 'CERTIFICATE_NOT_REGISTERED'
  | 'CASE_NOT_FOUND'
  | 'CASE_CLOSED'
  | 'VALIDATORS_NOT_FOUND';

/** A transaction refused on purpose. */
export class ContractError extends Error {
  readonly code: ContractErrorCode;

  /**
   * @param code Put in front of the message.
   * @param text What was expected and what came.
   */
  constructor(code: ContractErrorCode, text: string, options?: ErrorOptions) {
    super(`${code}: ${text}`, options);
    this.name = ContractError.name;
    this.code = code;
  }
}
