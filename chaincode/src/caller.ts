/**
 * Who calls, from the transaction's creator: the MSP and the certificate that the peers have verified decide what a
 * caller may do. A vendor's administrator is one whose certificate carries the NodeOU `admin`.
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { Context } from 'fabric-contract-api';
import { ContractError } from './errors.ts';
import type { ManagementNodeRecord, VendorRecord } from './records.ts';

const ADMINISTRATOR = 'admin';

export interface Caller {
  readonly mspId: string;
  /** SHA-256 of the certificate's DER, hex. */
  readonly certificate: string;
  readonly isAdministrator: boolean;
}

export function callerOf(ctx: Context): Caller {
  const certificate = new X509Certificate(ctx.clientIdentity.getIDBytes());
  // OpenSSL's list of the subject's attributes: one string, or an array when there are more organisational units.
  const subject: { OU?: string | string[] } = certificate.toLegacyObject().subject;
  return {
    mspId: ctx.clientIdentity.getMSPID(),
    certificate: createHash('sha256').update(certificate.raw).digest('hex'),
    isAdministrator: [subject.OU ?? []].flat().includes(ADMINISTRATOR),
  };
}

function refusal(caller: Caller, who: string): ContractError {
  return new ContractError(
    'CALLER_NOT_ALLOWED',
    `only ${who} may; the caller is of ${caller.mspId}`,
  );
}

/** An administrator of the organisation that registers itself or what it owns. */
export function requireAdministrator(caller: Caller): void {
  if (!caller.isAdministrator) {
    throw refusal(caller, "an administrator (certificate with the NodeOU 'admin')");
  }
}

/** A member of the vendor's organisation. */
export function requireVendor(caller: Caller, vendor: VendorRecord): void {
  if (caller.mspId !== vendor.mspId) {
    throw refusal(caller, `vendor ${vendor.id} (organisation ${vendor.mspId})`);
  }
}

/** A member of any organisation but the publisher's. */
export function requireOther(caller: Caller, publisher: VendorRecord): void {
  if (caller.mspId === publisher.mspId) {
    throw refusal(caller, `an organisation other than the publisher's (${publisher.mspId})`);
  }
}

/** Whether the caller is the management node by its one registered certificate. */
export function isManager(caller: Caller, manager: ManagementNodeRecord): boolean {
  return caller.mspId === manager.mspId && caller.certificate === manager.certificate;
}

/** The management node itself: that identity only. */
export function requireManager(caller: Caller, manager: ManagementNodeRecord): void {
  if (!isManager(caller, manager)) {
    throw refusal(caller, `the registered certificate of manager ${manager.id}`);
  }
}
