/** Compares the files of a network that is not running with what its client was told. */
import { join } from 'node:path';

import { peer } from '@hyperledger/fabric-protos';

import { Ledger } from '../../../../network/src/embedded/ledger/ledger.ts';
import { LevelStore } from '../../../../network/src/embedded/ledger/level-store.ts';
import { stateHashOf } from '../../../../network/src/embedded/ledger/state-hash.ts';
import { KEYS_EACH, type Journal } from './journal.ts';

export interface Findings {
  /** Acknowledged transactions that a peer has not as valid. */
  readonly lost: number;
  /** Transactions that are valid more than once. */
  readonly doubled: number;
  /** Transactions of which some keys are in the state and some are not, or that are not valid and have keys. */
  readonly half: number;
  /** State hashes, one for each peer. */
  readonly hashes: readonly string[];
}

const PEERS = ['northlight', 'helios', 'meridian'];

export async function audit(directory: string, journal: Journal): Promise<Findings> {
  const counts = { lost: 0, doubled: 0, half: 0 };
  const hashes: string[] = [];
  for (const name of PEERS) {
    const folder = join(directory, 'ledgers', `peer0.${name}.example`, 'city');
    const store = await LevelStore.open(join(folder, 'state'));
    const ledger = await Ledger.open({ path: join(folder, 'blocks'), remedy: '', store });
    const valid = await validIn(ledger);
    counts.lost += [...journal.acknowledged].filter((id) => !valid.has(id)).length;
    counts.doubled += [...valid.values()].filter((times) => times > 1).length;
    counts.half += await halfDone(ledger, journal, valid);
    const view = ledger.view();
    hashes.push((await stateHashOf(view)).hash);
    view.release();
    await ledger.close();
  }
  return { ...counts, hashes };
}

/** How often each transaction is valid, by id. */
async function validIn(ledger: Ledger): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (let number = 0; number < ledger.height; number++) {
    const { block, verdict } = await ledger.read(number);
    for (const [index, { headers }] of block.transactions.entries()) {
      const id = headers?.transactionId ?? '';
      if (verdict.flags[index] === peer.TxValidationCode.VALID && id !== '') {
        found.set(id, (found.get(id) ?? 0) + 1);
      }
    }
  }
  return found;
}

async function halfDone(
  ledger: Ledger,
  journal: Journal,
  valid: ReadonlyMap<string, number>,
): Promise<number> {
  const view = ledger.view();
  const keys = new Map<string, number>();
  for await (const { namespace, key } of view.entries()) {
    const prefix = namespace === 'features' ? key.slice(0, key.indexOf('-') + 1) : '';
    keys.set(prefix, (keys.get(prefix) ?? 0) + 1);
  }
  view.release();
  const wrong = [...journal.sent].filter(
    ([prefix, id]) => (keys.get(prefix) ?? 0) !== (valid.has(id) ? KEYS_EACH : 0),
  );
  return wrong.length;
}
