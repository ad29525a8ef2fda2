/**
 * The approved releases of a model at one key, so that the latest is found by one read: what peers sign for devices (protocol
 * §7.3) tells all that was read, and should be small.
 */
import type { Context } from 'fabric-contract-api';
import { keys } from './keys.ts';
import type { ApprovedRelease, ApprovedReleasesRecord, ReleaseRecord } from './records.ts';
import { isAbove } from './release.ts';
import { readRecord, writeRecord } from './state.ts';

/** The newest of each model: when all of them are withdrawn, older ones do not come back. */
const RELEASES = 64;

/** The newest first. */
export async function approvedOf(ctx: Context, model: string): Promise<readonly ApprovedRelease[]> {
  const record = await readRecord<ApprovedReleasesRecord>(ctx, keys.approved(model));
  return record?.releases ?? [];
}

/** Approvals may come in another order than releases. */
export async function addApproved(ctx: Context, release: ReleaseRecord): Promise<void> {
  const { id, model, firmware } = release;
  const { gen, sequence } = firmware;
  const before = await approvedOf(ctx, model);
  const later = before.filter((other) => isAbove(other, firmware));
  const earlier = before.slice(later.length);
  await write(ctx, model, [...later, { gen, sequence, id }, ...earlier]);
}

export async function removeApproved(ctx: Context, { id, model }: ReleaseRecord): Promise<void> {
  const before = await approvedOf(ctx, model);
  await write(
    ctx,
    model,
    before.filter((other) => other.id !== id),
  );
}

async function write(
  ctx: Context,
  model: string,
  releases: readonly ApprovedRelease[],
): Promise<void> {
  const record: ApprovedReleasesRecord = {
    docType: 'approvedReleases',
    schema: 1,
    model,
    releases: releases.slice(0, RELEASES),
  };
  await writeRecord(ctx, keys.approved(model), record);
}
