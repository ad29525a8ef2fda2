/** One client in a process of its own. */
import { type Client, connectClient } from './clients.ts';
import { closedLoop } from './closed-loop.ts';
import { serveOrders } from './orders.ts';

let client: Client | undefined;

serveOrders(async (order) => {
  switch (order.kind) {
    case 'connect':
      client = await connectClient(order.client, order.connection);
      return null;
    case 'loop':
      if (client === undefined) throw new Error('not connected');
      return closedLoop(client, order.loop);
    default:
      await client?.close();
      return null;
  }
});
