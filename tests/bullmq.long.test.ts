/**
 * Jobs of a queue become records, and records jobs of another queue, while workers are killed with SIGKILL. Each job
 * arrives; one that was held by a worker when it was killed may come twice, and a record is never two jobs.
 */
import { inspect } from 'node:util';
import { type Cluster, type RedisHandle, startCluster, startRedis, waitFor } from '@sluice/testkit';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { clusterState, liveOwnerOf, showLogsOnFailure } from './support/cluster-facts.ts';

/** More of them: BULLMQ_KILL_ROUNDS=20 npm run test:long -- tests/bullmq */
const rounds = Number(process.env['BULLMQ_KILL_ROUNDS'] ?? 2);
/** Of each task of the source. */
const heldMax = 20;
const sourceTasks = 2;

/** Servers have limits of their own, in proportion to the load of the machine. */
const startLimitMs = 300_000;

let cluster: Cluster;
let queues: RedisHandle;
let connection: Redis;
let jobsIn: Queue;
let jobsOut: Queue;

beforeAll(async () => {
  [cluster, queues] = await Promise.all([
    startCluster({ workers: 2 }),
    startRedis({ appendOnly: true }),
  ]);
  connection = new Redis(queues.url, { maxRetriesPerRequest: null });
  jobsIn = new Queue('kill-in', { connection });
  jobsOut = new Queue('kill-out', { connection });
}, startLimitMs);
afterAll(async () => {
  await Promise.all([jobsIn?.close(), jobsOut?.close()]);
  connection?.disconnect();
  await cluster?.stop();
  await queues?.stop();
});
beforeEach(() => showLogsOnFailure(cluster));

/** Numbered jobs, until it is stopped; resolves with how many there are. */
function keepAdding(): () => Promise<number> {
  const stopping = new AbortController();
  let count = 0;
  const adding = (async () => {
    while (!stopping.signal.aborted) {
      const jobs = Array.from({ length: 10 }, () => ({ name: 'test', data: { n: count++ } }));
      await jobsIn.addBulk(jobs);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  // Whoever stops it sees the failure.
  adding.catch(() => {});
  return async () => {
    stopping.abort();
    await adding;
    return count;
  };
}

async function untilMore(than: number): Promise<number> {
  return await waitFor(async () => await jobsOut.getWaitingCount(), {
    what: `more than ${String(than)} jobs to arrive`,
    until: (count) => count > than,
    progress: (count) => count,
    explain: standstill,
    timeoutMs: 60_000,
  });
}

/** What each side knows while nothing arrives: jobs, their locks, the sink's position, tasks and workers. */
async function standstill(): Promise<string> {
  const active = await jobsIn.getActive();
  const locks = await Promise.all(
    active.map(async ({ id = '' }) => await connection.pttl(jobsIn.toKey(`${id}:lock`))),
  );
  const known = {
    in: await jobsIn.getJobCounts(),
    out: await jobsOut.getJobCounts(),
    readers: (await jobsIn.getWorkers()).map(({ name, age, idle }) => ({ name, age, idle })),
    activeAndHowLongTheyAreLocked: active.map(
      ({ id }, at) => `${id ?? ''}: ${String(locks[at])} ms`,
    ),
    offsets: (await cluster.api.get('/connectors/out/offsets')).body,
  };
  return `${inspect(known, { depth: 6, breakLength: 160 })}\n${await clusterState(cluster)}`;
}

test('kill -9 of workers costs no job, and makes no record two jobs', {
  timeout: 120_000 + rounds * 60_000,
}, async () => {
  const shared = {
    'redis.url': queues.url,
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
  };
  await cluster.apply('in', {
    ...shared,
    'connector.class': 'BullmqSource',
    queues: 'kill-in',
    topic: 'kill.jobs',
    'tasks.max': String(sourceTasks),
    'jobs.in.flight.max': String(heldMax),
    'lock.duration.ms': '2000',
    'stalled.interval.ms': '500',
  });
  await cluster.apply('out', {
    ...shared,
    'connector.class': 'BullmqSink',
    topics: 'kill.jobs',
    queue: 'kill-out',
    'tasks.max': '2',
  });
  const stopAdding = keepAdding();
  let added = 0;
  try {
    for (let round = 0; round < rounds; round += 1) {
      const seen = await jobsOut.getWaitingCount();
      await untilMore(seen + 30);
      const owner = await liveOwnerOf(cluster, 'in');
      await owner.process.kill('SIGKILL');
      await cluster.addWorker();
    }
  } finally {
    added = await stopAdding();
  }
  const numbers = await waitFor(
    async () => (await jobsOut.getWaiting()).map(({ data }) => (data as { n: number }).n),
    {
      what: `each of ${String(added)} jobs to arrive`,
      until: (seen) => new Set(seen).size === added,
      progress: (seen) => seen.length,
      explain: standstill,
      timeoutMs: 90_000,
      intervalMs: 500,
    },
  );
  // Nothing is left behind, and none was given up because its worker died.
  await waitFor(
    async () => await jobsIn.getJobCounts('waiting', 'active', 'delayed', 'failed', 'prioritized'),
    {
      what: 'the first queue to be done',
      until: (counts) => Object.values(counts).every((count) => count === 0),
      timeoutMs: 30_000,
    },
  );
  const twice = numbers.length - added;
  expect(twice).toBeLessThanOrEqual(rounds * sourceTasks * heldMax);
  // As many as records: what came twice, the source wrote twice.
  const records = await waitFor(
    async () => {
      const { offsets } = await cluster.api.read<{
        offsets: readonly { readonly offset: { readonly kafka_offset: number } }[];
      }>('/connectors/out/offsets');
      return offsets.reduce((sum, { offset }) => sum + offset.kafka_offset, 0);
    },
    {
      what: 'the offsets of the sink to be committed',
      until: (sum) => sum >= numbers.length,
      timeoutMs: 90_000,
    },
  );
  expect(await jobsOut.getWaitingCount()).toBe(records);
  // On a busy machine workers may end by themselves, when they cannot show in time that they are quiet.
  const others = cluster.workers.filter(({ process: child }) => child.hasExited).length - rounds;
  process.stdout.write(
    `bullmq: ${String(rounds)} kills, ${String(others)} other ends, ${String(added)} jobs, ${String(twice)} twice\n`,
  );
});
