/**
 * Load of a real client, in a process of its own: the product's ledger client submits transactions of a few keys each, many at a
 * time, and says over IPC what it was told.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { connectLedger, type Ledger } from '../../../../network/src/ledger/index.ts';
import { KEYS_EACH, type LoadMessage } from './journal.ts';
import type { ReadyMessage } from './killed-network.ts';

const CONCURRENCY = 20;

function tell(message: LoadMessage): void {
  process.send?.(message);
}

async function work(ledger: Ledger): Promise<never> {
  for (;;) {
    const prefix = `${randomBytes(8).toString('hex')}-`;
    try {
      const prepared = await ledger.prepare('Features:PutMany', [prefix, String(KEYS_EACH)]);
      const { transactionId } = prepared;
      tell({ kind: 'sent', prefix, transactionId });
      const { code } = await ledger.send(prepared);
      if (code === 'VALID') {
        tell({ kind: 'acknowledged', transactionId });
      }
    } catch {
      // The client does not know what became of it; whoever audits the ledger finds out.
      await delay(20);
    }
  }
}

async function run({ profile, credentials }: ReadyMessage): Promise<void> {
  const settings = { profile, identity: credentials, channel: 'city', chaincode: 'features' };
  const ledger = await connectLedger(settings);
  await Promise.all(Array.from({ length: CONCURRENCY }, () => work(ledger)));
}

process.once('message', (ready: ReadyMessage) => void run(ready));
process.once('disconnect', () => process.exit());
