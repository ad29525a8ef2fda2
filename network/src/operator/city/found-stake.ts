/** How stake starts on this machine's networks: once, by an administrator of the first organisation, as the plan has it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { StakeFounding } from '@lamplighter/chaincode';
import { LedgerError, type Ledger } from '../../ledger/index.ts';
import { OperatorError } from '../errors.ts';
import { EPOCH_SECONDS, VENDORS } from './plan.ts';

const HALF = { num: '1', den: '2' };
const PAUSE_MS = 50;
/** 30 s in all. */
const ATTEMPTS = 600;

/**
 * @param ledger of an administrator
 * @returns what was founded, when every peer knows of it; undefined when stake was there
 */
export async function foundStake(ledger: Ledger): Promise<StakeFounding | undefined> {
  if (await isFounded(ledger)) return undefined;
  const founding: StakeFounding = {
    epochSeconds: EPOCH_SECONDS,
    threshold: HALF,
    cap: HALF,
    organisations: VENDORS.map(({ mspId, shares }) => ({ mspId, shares: String(shares) })),
  };
  const { blockNumber } = await ledger.submit('Stake:Initialise', [JSON.stringify(founding)]);
  for (const { mspId } of VENDORS) await reached(ledger, mspId, blockNumber);
  return founding;
}

async function isFounded(ledger: Ledger): Promise<boolean> {
  try {
    await ledger.evaluate('Stake:ReadTable', []);
    return true;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'STAKE_NOT_INITIALISED') return false;
    throw error;
  }
}

/** A commit is heard from one peer; the others may not have it yet. @throws {@link OperatorError} NOT_IN_TIME */
export async function reached(ledger: Ledger, mspId: string, block: number): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if ((await ledger.chain({ organisation: mspId })).height > block) return;
    await delay(PAUSE_MS);
  }
  throw new OperatorError('NOT_IN_TIME', `the peer of ${mspId} does not come to block ${block}`);
}
