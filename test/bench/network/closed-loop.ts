/** The load: callers that wait for the commit of one put before they send the next. */
import type { Client } from './clients.ts';
import type { LoopOrder, LoopResult } from './orders.ts';

const VALUE = 'v'.repeat(64);

export async function closedLoop(client: Client, order: LoopOrder): Promise<LoopResult> {
  const latencies: number[] = [];
  const failures = new Set<string>();
  let failed = 0;
  let begun = 0;
  const start = performance.now();
  const deadline = start + order.seconds * 1_000;

  const call = async (): Promise<void> => {
    while (begun < order.most && performance.now() < deadline) {
      const key = `${order.prefix}-${begun++}`;
      const sent = performance.now();
      try {
        await client.put(key, VALUE);
        latencies.push(performance.now() - sent);
      } catch (error) {
        failed++;
        if (failures.size < 10) failures.add(textOf(error));
      }
    }
  };
  await Promise.all(Array.from({ length: order.concurrency }, call));

  const elapsedMs = performance.now() - start;
  latencies.sort((left, right) => left - right);
  return {
    committed: latencies.length,
    failures: [...failures],
    failed,
    elapsedMs,
    p50Ms: quantile(latencies, 0.5),
    p95Ms: quantile(latencies, 0.95),
  };
}

/** @param sorted - ascending. @returns 0 of nothing */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function textOf(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 300);
}
