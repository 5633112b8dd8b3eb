/**
 * `npm run bench -- dispatch`: how long it takes from applying connectors until all of their tasks are
 * RUNNING. The tasks do nothing, so what is measured is coordination: planning, granting, queues,
 * claims, starts, reports.
 */
import { parseArgs } from 'node:util';

import { createClusterClient, timingProfile } from '@sluice/coordination';
import {
  connectCoordinationRedis,
  RedisCoordinationStore,
  untilReady,
} from '@sluice/coordination-redis';
import { SluiceError, systemClock } from '@sluice/kernel';
import { type Cluster, startCluster, waitFor } from '@sluice/testkit';

const help = `Usage: npm run bench -- dispatch [options]

  --tasks N        tasks in all (10000)
  --connectors N   connectors that they belong to (100)
  --workers N      workers (10)
  --json`;

const aimSeconds = 15;
const timeoutMs = 120_000;

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      tasks: { type: 'string', default: '10000' },
      connectors: { type: 'string', default: '100' },
      workers: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const tasks = Number(values.tasks);
  const connectors = Number(values.connectors);
  const workers = Number(values.workers);
  process.stderr.write(`starting ${workers} workers …\n`);
  await using cluster = await startCluster({ coordinators: 1, workers, profile: 'default' });
  await using observer = await observe(cluster);

  const startedMs = systemClock.monotonicMs();
  await apply(cluster, connectors, Math.ceil(tasks / connectors));
  const appliedMs = systemClock.monotonicMs() - startedMs;
  const timeline: { ms: number; running: number }[] = [];
  await waitFor(
    async () => {
      const running = await observer.running();
      const ms = Math.round(systemClock.monotonicMs() - startedMs);
      timeline.push({ ms, running });
      process.stderr.write(`${(ms / 1000).toFixed(1)} s: ${running} running\n`);
      return running;
    },
    {
      what: `${tasks} tasks to be RUNNING`,
      until: (running) => running >= tasks,
      timeoutMs,
      intervalMs: 500,
    },
  );
  const allMs = systemClock.monotonicMs() - startedMs;
  const report = {
    tasks,
    connectors,
    workers,
    applyMs: Math.round(appliedMs),
    allRunningMs: Math.round(allMs),
    tasksPerSecond: Math.round(tasks / (allMs / 1000)),
    aimMs: aimSeconds * 1000,
    timeline,
  };
  if (values.json) console.log(JSON.stringify(report));
  else {
    console.log(`${tasks} tasks of ${connectors} connectors on ${workers} workers`);
    console.log(`  applied       ${(appliedMs / 1000).toFixed(2)} s`);
    console.log(`  all RUNNING   ${(allMs / 1000).toFixed(2)} s   aim ≤ ${aimSeconds} s`);
    console.log(`  rate          ${report.tasksPerSecond} tasks/s`);
  }
  return 0;
}

/** All in one request, as `sluice apply -f` does. */
async function apply(cluster: Cluster, connectors: number, tasksMax: number): Promise<void> {
  const definitions = Array.from({ length: connectors }, (_, index) => ({
    name: `noop-${index}`,
    config: { 'connector.class': 'NoopSource', 'tasks.max': String(tasksMax) },
  }));
  const { status, body } = await cluster.api.put('/sluice/apply', { definitions });
  if (status >= 300) {
    throw new SluiceError('bench.apply', `PUT /sluice/apply: ${status} ${JSON.stringify(body)}`);
  }
}

/** Reads the store itself, by delta: asking the API for 10 000 rows would disturb what is measured. */
async function observe(
  cluster: Cluster,
): Promise<AsyncDisposable & { running(): Promise<number> }> {
  const redis = connectCoordinationRedis(cluster.redisUrl, { role: 'coordination' });
  await untilReady(redis, 5_000);
  const client = createClusterClient({
    store: new RedisCoordinationStore({ redis, cluster: cluster.name }),
    waker: { wake: async () => {} },
    clock: systemClock,
    profile: timingProfile('default'),
  });
  return {
    async running() {
      const { connectors } = await client.snapshot();
      let running = 0;
      for (const { tasks } of connectors.values()) {
        for (const { state } of tasks) if (state === 'RUNNING') running++;
      }
      return running;
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect();
    },
  };
}
