/** Errors of the vendor node; over HTTP they travel as problem+json with the same code. */
import { LamplighterError } from '../errors.ts';

export type VendorErrorCode =
  /** The address to listen on is taken. */
  | 'ADDRESS_IN_USE'
  /** The node was closed. */
  | 'CLOSED'
  /** Too many requests, or transmissions that wait to be recorded. */
  | 'BUSY'
  | 'ROUTE_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  /** A body, header, path or order is not as documented. */
  | 'REQUEST_MALFORMED'
  | 'BODY_TOO_LARGE'
  /** `Range` names no byte of the image. */
  | 'RANGE_NOT_SATISFIABLE'
  /** No ticket, signature or token, or a false one. */
  | 'NOT_AUTHORISED'
  | 'IMAGE_NOT_FOUND'
  /** The stored image no longer has the digest that names it. */
  | 'IMAGE_CORRUPT'
  | 'IMAGE_TOO_LARGE'
  | 'DEVICE_UNKNOWN'
  | 'DEVICE_EXISTS'
  /** The device has no assignment of that serial. */
  | 'ASSIGNMENT_UNKNOWN'
  | 'DEVICE_RETIRED'
  /** A take-over of a manager whose devices are not overdue. */
  | 'MANAGER_NOT_OVERDUE'
  /** The device is not this manager's, or not of this model. */
  | 'DEVICE_NOT_MANAGED'
  /** A device has no chain to renew, or not the one that is named. */
  | 'RENEWAL_REFUSED'
  /** A device was renewed less than ten minutes ago. */
  | 'RENEWAL_TOO_OFTEN'
  /** A release is not this vendor's, or not for this device. */
  | 'RELEASE_MISMATCH'
  | 'RELEASE_NOT_APPROVED'
  /** A review found that a release must not be approved. */
  | 'RELEASE_REFUSED'
  /** Too few organisations have registered peers for a validator set. */
  | 'VALIDATORS_NOT_FOUND'
  /** A file of this node is not as this node writes it. */
  | 'STORE_CORRUPT'
  /** A bounded store has no room. */
  | 'STORE_FULL'
  | 'INTERNAL';

export class VendorError extends LamplighterError<VendorErrorCode> {}
