/**
 * The ledger as an end node first knows it (protocol §7.3): its names, and the present validator set under the vendor's signature.
 * From there the set moves by its own links.
 */
import { signEnvelope } from '@lamplighter/sdk/crypto';
import {
  decidesInSet,
  decodeValidatorSet,
  encodeSigned,
  sharesOfOrganisations,
} from '@lamplighter/sdk/wire';

import type { RootKeys } from './root-keys.ts';
import { LedgerError, type Contracts } from '../ledger/index.ts';
import { silentLogger, type VendorLogger } from './logger.ts';

/** As docs/provisioning.md has it. */
export interface ProvisionedLedger {
  readonly channel: string;
  readonly chaincode: string;
  /** The `signed` envelope of the set, domain `validators`, hex. */
  readonly validators: string;
}

export interface ProvisionedLedgerParts {
  readonly contracts: Contracts;
  readonly roots: Pick<RootKeys, 'signers'>;
  readonly logger: VendorLogger;
}

/**
 * Null, with a warning, when no set could prove anything yet: too few organisations have registered their peers. Devices made then
 * believe their managers.
 *
 * @throws LedgerError
 */
export async function provisionedLedger(
  parts: ProvisionedLedgerParts,
): Promise<ProvisionedLedger | null> {
  const { contracts, roots, logger } = parts;
  const source = contracts.ledger.proofs;
  if (source === undefined) return null;
  const payload = await presentSet(contracts);
  if (payload === null || !decides(payload)) {
    logger.warn({}, 'devices made now have no validator set: too few peers are registered');
    return null;
  }
  const signed = signEnvelope('validators', payload, ...roots.signers);
  const validators = Buffer.from(encodeSigned(signed)).toString('hex');
  return { channel: source.channel, chaincode: source.chaincode, validators };
}

/** As a vendor node has it, which says what is missing to its own log. */
export function ledgerOf(
  parts: Omit<ProvisionedLedgerParts, 'logger'> & {
    readonly options: { readonly logger?: VendorLogger };
  },
): () => Promise<ProvisionedLedger | null> {
  return () => provisionedLedger({ ...parts, logger: parts.options.logger ?? silentLogger });
}

async function presentSet({ stake }: Contracts): Promise<Uint8Array | null> {
  try {
    const { epoch } = await stake.validators();
    const { set } = await stake.validatorSet(epoch);
    return new Uint8Array(Buffer.from(set, 'hex'));
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'VALIDATORS_NOT_FOUND') return null;
    throw error;
  }
}

/** Whether all of a set together could win. */
function decides(payload: Uint8Array): boolean {
  const set = decodeValidatorSet(payload);
  const shares = [...sharesOfOrganisations(set).values()].reduce((sum, each) => sum + each, 0);
  return decidesInSet(set, shares);
}
