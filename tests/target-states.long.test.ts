/**
 * Everything is killed at once and started again: coordinators, workers and Redis. What was asked of each connector holds
 * as before. Where records travel through Redis, it keeps what it acknowledged; where they travel through Kafka, it comes
 * back empty, and what was asked is in the journal.
 */
import { type Cluster, startCluster, startKafka, startRedis, waitFor } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';

import { showLogsOnFailure } from './support/cluster-facts.ts';

const source = {
  'connector.class': 'VerifiableSource',
  'tasks.max': '2',
  topic: 'sequences',
  throughput: '20',
};

/** Has two tasks, however many it may have. */
const greedy = { 'connector.class': 'Greedy', 'tasks.max': '1', 'restart.max.attempts': '0' };

/** By connector: what is asked of it, one after the other, after it was created with the first. */
const asked: Readonly<Record<string, readonly string[]>> = {
  running: ['RUNNING'],
  paused: ['RUNNING', 'pause'],
  stopped: ['RUNNING', 'stop'],
  resumed: ['RUNNING', 'pause', 'resume'],
  'created-running': ['RUNNING'],
  'created-paused': ['PAUSED'],
  'created-stopped': ['STOPPED'],
  'resumed-after-stop': ['STOPPED', 'resume'],
  'paused-after-stop': ['RUNNING', 'stop', 'pause'],
  failed: ['RUNNING'],
  'too-many': ['RUNNING'],
  'not-too-many': ['RUNNING'],
};

const configs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  failed: {
    'connector.class': 'MockSource',
    mock_mode: 'task-failure',
    delay_ms: '0',
    'restart.max.attempts': '0',
  },
  'too-many': greedy,
  'not-too-many': { ...greedy, 'tasks.max.enforce': 'false' },
};

const expected = {
  running: 'RUNNING [RUNNING RUNNING]',
  paused: 'PAUSED [PAUSED PAUSED]',
  stopped: 'STOPPED []',
  resumed: 'RUNNING [RUNNING RUNNING]',
  'created-running': 'RUNNING [RUNNING RUNNING]',
  'created-paused': 'PAUSED []',
  'created-stopped': 'STOPPED []',
  'resumed-after-stop': 'RUNNING [RUNNING RUNNING]',
  'paused-after-stop': 'PAUSED []',
  failed: 'RUNNING [FAILED]',
  'too-many': 'FAILED []',
  'not-too-many': 'RUNNING [RUNNING RUNNING]',
};

async function states(cluster: Cluster): Promise<Record<string, string>> {
  const all = await cluster.api.read<
    Record<
      string,
      { status: { connector: { state: string }; tasks: readonly { state: string }[] } }
    >
  >('/connectors?expand=status');
  return Object.fromEntries(
    Object.entries(all).map(([name, { status }]) => [
      name,
      `${status.connector.state} [${status.tasks.map(({ state }) => state).join(' ')}]`,
    ]),
  );
}

async function untilAsExpected(cluster: Cluster, what: string): Promise<void> {
  await waitFor(() => states(cluster).catch(() => ({})), {
    what,
    until: (seen) => {
      return Object.entries(expected).every(
        ([name, state]) => (seen as Record<string, string>)[name] === state,
      );
    },
    timeoutMs: 60_000,
    intervalMs: 200,
  });
}

/** The last number that each task has stored. */
async function progress(cluster: Cluster, name: string): Promise<number[]> {
  const { offsets } = await cluster.api.read<{
    readonly offsets: readonly { readonly offset: { readonly seqno: number } }[];
  }>(`/connectors/${name}/offsets`);
  return offsets.map(({ offset }) => offset.seqno).toSorted((a, b) => a - b);
}

async function set(cluster: Cluster): Promise<void> {
  for (const [name, [first = '', ...others]] of Object.entries(asked)) {
    const { status } = await cluster.api.post('/connectors', {
      name,
      config: configs[name] ?? source,
      initial_state: first,
    });
    expect(status, name).toBe(201);
    let state = first;
    for (const verb of others) {
      await untilState(cluster, name, state);
      if (state === 'RUNNING') await untilWritten(cluster, name);
      expect((await cluster.api.put(`/connectors/${name}/${verb}`, {})).status).toBeLessThan(300);
      state = after[verb] ?? '';
    }
  }
}

/** What a request makes of a connector. */
const after: Readonly<Record<string, string>> = {
  pause: 'PAUSED',
  stop: 'STOPPED',
  resume: 'RUNNING',
};

async function untilWritten(cluster: Cluster, name: string): Promise<void> {
  await waitFor(() => progress(cluster, name), {
    what: `both tasks of ${name} to have stored an offset`,
    until: ({ length }) => length === 2,
    timeoutMs: 30_000,
  });
}

async function untilState(cluster: Cluster, name: string, state = ''): Promise<void> {
  await waitFor(() => cluster.status(name), {
    what: `${name} to be ${state}`,
    until: ({ connector }) => connector.state === state,
    timeoutMs: 30_000,
  });
}

describe.each(['redis', 'kafka'])('on %s', (log) => {
  test('what was asked of each connector holds after all was killed', {
    timeout: 180_000,
  }, async () => {
    await using kafka = log === 'kafka' ? await startKafka() : undefined;
    await using redis = await startRedis({ appendOnly: log === 'redis' });
    await using cluster = await startCluster({
      redisUrl: redis.url,
      coordinators: 2,
      workers: 2,
      env: {
        SLUICE_PLUGINS: new URL('./support/greedy-plugin.ts', import.meta.url).pathname,
        ...(kafka ? { KAFKA_BROKERS: kafka.bootstrap } : {}),
      },
    });
    showLogsOnFailure(cluster);
    await set(cluster);
    await untilAsExpected(cluster, 'all that was asked to be done');
    const before = {
      running: await progress(cluster, 'running'),
      paused: await progress(cluster, 'paused'),
      stopped: await progress(cluster, 'stopped'),
    };

    const members = [...cluster.coordinators, ...cluster.workers];
    await Promise.all([
      ...members.map(({ process }) => process.kill('SIGKILL')),
      redis.kill('SIGKILL'),
    ]);
    await redis.restart();
    await Promise.all([
      cluster.addCoordinator(),
      cluster.addCoordinator(),
      cluster.addWorker({ name: 'worker-1' }),
      cluster.addWorker({ name: 'worker-2' }),
    ]);

    await untilAsExpected(cluster, 'all to be as it was');
    await waitFor(() => progress(cluster, 'running'), {
      what: 'what runs to go on where it was',
      until: (now) => now.every((seqno, nth) => seqno > (before.running[nth] ?? 0)),
      timeoutMs: 30_000,
    });
    expect(await progress(cluster, 'paused')).toEqual(before.paused);
    expect(await progress(cluster, 'stopped')).toEqual(before.stopped);
    expect(await progress(cluster, 'created-paused')).toEqual([]);
    await untilAsExpected(cluster, 'all to stay as it was');

    await cluster.api.put('/connectors/created-paused/resume', {});
    await cluster.waitForRunning('created-paused', 2);
    await cluster.api.put('/connectors/stopped/resume', {});
    await cluster.waitForRunning('stopped', 2);
    await waitFor(() => progress(cluster, 'stopped'), {
      what: 'what was stopped to go on where it was',
      until: (now) => now.every((seqno, nth) => seqno > (before.stopped[nth] ?? 0)),
      timeoutMs: 30_000,
    });
  });
});
