/** Loaded into the chaincode process before the shim (`--require`), so that it tells what it used. */
import { ownUsage } from './orders.ts';

process.on('message', ({ id }: { readonly id: number }) => {
  process.send?.({ id, content: { value: ownUsage() } });
});
// The shim alone decides how long the process lives.
process.channel?.unref();
