/** The program that is killed: a management node with its state on the disk, whose ledger is in the parent process. */
import { ManagementNode, systemClock, type Clock } from '../../network/src/management/index.ts';
import { DistantLedger } from './distant-ledger.ts';
import type { FromManager, ManagerOrder, ToManager } from './manager-messages.ts';

const say = (message: FromManager): void => void process.send?.(message);

/** Windows of seconds then take a fraction of that. */
function fastClock(speed: number): Clock {
  return {
    monotonic: () => systemClock.monotonic() * speed,
    date: () => systemClock.date(),
    after: (milliseconds, action) => systemClock.after(milliseconds / speed, action),
  };
}

async function run({ masterKey, speed, ...order }: ManagerOrder): Promise<void> {
  const ledger = new DistantLedger(order.mspId, say);
  process.on('message', (message) => {
    ledger.hear(message as ToManager);
  });
  const node = await ManagementNode.start({
    ...order,
    ledger,
    storage: { kind: 'disk', masterKey },
    intervals: { base: { fti: 10, rti: 4, uti: 3_600 }, draw: (base) => base },
    clock: fastClock(speed),
    onEvent: (event) => {
      say({ kind: 'event', event });
    },
  });
  say({ kind: 'ready' });
  process.on('message', (message) => {
    if ((message as ToManager).kind !== 'stop') return;
    void node
      .reported()
      .then(() => node.close())
      .then(() => {
        process.disconnect();
      });
  });
}

process.once('message', (message) => {
  if ((message as ToManager).kind === 'start') {
    run((message as Extract<ToManager, { kind: 'start' }>).order).catch((error: unknown) => {
      say({ kind: 'failed', code: (error as { code?: string }).code ?? String(error) });
      process.disconnect();
    });
  }
});
// Whoever started it is gone.
process.once('disconnect', () => process.exit());
