/** Connections to Redis of a coordinator and of a worker, as processes that really run. */
import { startCluster } from '@sluice/testkit';
import { Redis } from 'ioredis';

import type { ConnectionCosts } from './capacity.ts';
import { ServerMeter } from './server-meter.ts';

export interface ConnectionReport extends ConnectionCosts {
  /** By the names that they give themselves; '' for those that have none. */
  readonly ofWorker: Readonly<Record<string, number>>;
  readonly clientsMax: number;
}

export async function measureConnections(): Promise<ConnectionReport> {
  await using cluster = await startCluster({ coordinators: 1, workers: 1, profile: 'default' });
  using stack = new DisposableStack();
  const outside = stack.adopt(new Redis(cluster.redisUrl), (redis) => redis.disconnect());
  const meter = new ServerMeter(outside);
  const one = await meter.connections();
  await cluster.addWorker();
  const two = await meter.connections();
  const ofWorker = Object.fromEntries(
    [...two]
      .map(([name, count]) => [name, count - (one.get(name) ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
  const perWorker = sum(two) - sum(one);
  const [, limit] = await outside.config('GET', 'maxclients');
  // Ours is one of them.
  return {
    perWorker,
    perCoordinator: sum(one) - perWorker - 1,
    ofWorker,
    clientsMax: Number(limit),
  };
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
