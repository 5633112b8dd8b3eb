/** A worker that is asked to end does so within Kubernetes' 30 s, however many tasks it has and however slowly they stop. */
import { fileURLToPath } from 'node:url';

import { type Cluster, limitMs, type Member, startCluster } from '@sluice/testkit';
import { expect, test } from 'vitest';

import { allRunning, events, showLogsOnFailure, tasks, tasksOf } from './support/cluster-facts.ts';

const plugin = fileURLToPath(new URL('support/slow-stop-plugin.ts', import.meta.url));
const taskCount = 40;
const kubernetesGraceMs = 30_000;

/** A worker with all the tasks, and one that came too late to get any. */
async function startWith(stopMs: number, env: Readonly<Record<string, string>>): Promise<Cluster> {
  const cluster = await startCluster({
    workers: 1,
    // Nothing is to move but what the victim gives away.
    env: {
      SLUICE_PLUGINS: plugin,
      SLUICE_EXECUTORS: '2',
      SLUICE_BALANCE_QUIET_MS: '600000',
      SLUICE_BALANCE_WAIT_MAX_MS: '3600000',
      ...env,
    },
  });
  showLogsOnFailure(cluster);
  await cluster.apply('slow', {
    'connector.class': 'SlowStopSource',
    'tasks.max': String(taskCount),
    stopMs: String(stopMs),
  });
  await cluster.waitForRunning('slow', taskCount);
  await cluster.addWorker();
  expect(tasksOf(await tasks(cluster), 'worker-1')).toHaveLength(taskCount);
  return cluster;
}

async function end({ process }: Member): Promise<{ code: number | null; tookMs: number }> {
  const sinceMs = performance.now();
  await process.kill('SIGTERM');
  const { code } = await process.exited;
  return { code, tookMs: performance.now() - sinceMs };
}

test('tasks stop in parallel: forty that take two seconds each take two seconds', async () => {
  await using cluster = await startWith(2_000, {});
  const { code, tookMs } = await end(cluster.worker('worker-1'));
  console.log(`${taskCount} tasks that take 2 s to stop: the worker ended after ${tookMs} ms`);
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(limitMs(5_000));
  await allRunning(cluster, { notOn: 'worker-1' });
  expect(await events(cluster, 'worker.dead')).toEqual([]);
});

test('what does not stop in time is left to the lease, and the process ends all the same', async () => {
  // Nobody gives a task up before the drain is over: the process is what ends them.
  await using cluster = await startWith(600_000, {
    SLUICE_STOP_GRACE_MS: '600000',
    SLUICE_DRAIN_TIMEOUT_MS: '2000',
  });
  const victim = cluster.worker('worker-1');
  const { tookMs } = await end(victim);
  console.log(`${taskCount} tasks that never stop: the worker ended after ${tookMs} ms`);
  expect(tookMs).toBeLessThan(limitMs(2_000 + 10_000) + 1_000);
  await allRunning(cluster, { notOn: 'worker-1' });
  expect(victim.process.stdout).toContain('units did not stop in time: left to their lease');
});

test('by default that is within the time that Kubernetes gives', async () => {
  const { readSettings } = await import('../apps/worker/src/settings.ts');
  const { drainTimeoutMs, stopGraceMs } = readSettings({}, { insecure: false });
  expect(stopGraceMs).toBeLessThan(drainTimeoutMs);
  expect(drainTimeoutMs + 10_000).toBeLessThan(kubernetesGraceMs);
});
