/** What BullMQ is relied on for: locks that are renewed, jobs that come back, and jobs that are one although they come twice. */
import type { TaskLogger } from '@sluice/connector-api';
import { Password } from '@sluice/connector-api';
import { type RedisHandle, startRedis, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HeldJob, QueueReader } from '../src/queue-reader.ts';
import { QueueWriter } from '../src/queue-writer.ts';
import { QueueFixture } from './queue-fixture.ts';

let redis: RedisHandle;
beforeAll(async () => {
  redis = await startRedis({ appendOnly: true });
});
afterAll(() => redis?.stop());

const logger: TaskLogger = { debug() {}, info() {}, warn() {}, error() {} };

function openReader(
  fixture: QueueFixture,
  more: Partial<ConstructorParameters<typeof QueueReader>[0]> = {},
): { reader: QueueReader; held: HeldJob[] } {
  const held: HeldJob[] = [];
  const reader = new QueueReader({
    url: new Password(fixture.url),
    prefix: 'bull',
    queue: fixture.name,
    name: 'test',
    heldMax: 50,
    // Where no lock is to be lost, none is, also on a machine that stands still for a while.
    lockMs: 30_000,
    stalledIntervalMs: 100,
    logger,
    onJob: (job) => held.push(job),
    ...more,
  });
  reader.start();
  return { reader, held };
}

/** Soon lost by who does not renew them. */
const shortLocks = { lockMs: 500 };

const numbers = (held: readonly HeldJob[]): number[] =>
  held.map(({ job }) => (job.data as { n: number }).n);

test('no more jobs are held than may be, and they stay locked while the log is slow', async () => {
  await using fixture = await QueueFixture.open(redis);
  await fixture.add(30);
  const options = { heldMax: 10, lockMs: 2_000 };
  const first = openReader(fixture, options);
  await waitFor(() => first.held.length >= 10, { what: 'ten jobs' });
  const second = openReader(fixture, options);
  await waitFor(() => second.held.length >= 10, { what: 'ten other jobs' });
  // Twice the lock, with a stalled check every 100 ms by both.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(first.held).toHaveLength(10);
  expect(second.held).toHaveLength(10);
  expect(new Set([...numbers(first.held), ...numbers(second.held)]).size).toBe(20);
  await Promise.all([first.reader.close(), second.reader.close()]);
});

test('what was not completed when a reader closes is there at once, oldest first', async () => {
  await using fixture = await QueueFixture.open(redis);
  await fixture.add(20);
  const first = openReader(fixture, { heldMax: 10 });
  await waitFor(() => first.held.length >= 10, { what: 'ten jobs' });
  for (const held of first.held.slice(0, 4)) held.complete({ offset: 1 });
  await waitFor(() => fixture.queue.getCompletedCount(), {
    what: 'four to be completed',
    until: (count) => count === 4,
  });
  await first.reader.close();
  expect(await fixture.queue.getActiveCount()).toBe(0);
  const second = openReader(fixture);
  await waitFor(() => second.held.length >= 16, { what: 'the other jobs' });
  expect(numbers(second.held)).toEqual(Array.from({ length: 16 }, (_, at) => at + 5));
  await second.reader.close();
});

test('jobs of a reader that was cut off come back, as often as that happens, and are never failed', async () => {
  await using fixture = await QueueFixture.open(redis);
  await fixture.add(5);
  for (let round = 0; round < 4; round += 1) {
    const { held, reader } = openReader(fixture, shortLocks);
    await waitFor(() => held.length >= 5, { what: `five jobs in round ${String(round)}` });
    fixture.fail.begin();
    await reader.close();
    await fixture.fail.end();
  }
  expect(await fixture.queue.getFailedCount()).toBe(0);
  const { held, reader } = openReader(fixture);
  await waitFor(() => held.length >= 5, { what: 'five jobs' });
  for (const each of held) each.complete({});
  await waitFor(() => fixture.queue.getCompletedCount(), {
    what: 'all to be completed',
    until: (count) => count === 5,
  });
  await reader.close();
});

test('Redis is restarted in mid-stream: every job arrives and is completed', async () => {
  await using fixture = await QueueFixture.open(redis);
  await fixture.add(400);
  const seen = new Map<number, number>();
  const { reader } = openReader(fixture, {
    ...shortLocks,
    onJob: (held) => {
      const { n } = held.job.data as { n: number };
      seen.set(n, (seen.get(n) ?? 0) + 1);
      setTimeout(() => held.complete({}), 20);
    },
  });
  await waitFor(() => seen.size > 50, { what: 'some jobs' });
  await redis.kill('SIGKILL');
  await redis.restart();
  await waitFor(() => fixture.queue.getCompletedCount(), {
    what: 'all to be completed',
    until: (count) => count === 400,
    timeoutMs: 30_000,
  });
  expect(seen.size).toBe(400);
  await reader.close();
});

test('keep.completed and a failure without another attempt', async () => {
  await using fixture = await QueueFixture.open(redis);
  await fixture.queue.add('test', { n: 1 }, { attempts: 5 });
  await fixture.add(4);
  const { held, reader } = openReader(fixture, { keepCompleted: 2 });
  await waitFor(() => held.length >= 5, { what: 'five jobs' });
  for (const [at, each] of held.entries())
    if (at === 0) each.fail('dropped');
    else each.complete({});
  await waitFor(() => fixture.queue.getJobCounts('active', 'completed', 'failed'), {
    what: 'the outcomes',
    until: ({ active, completed, failed }) => active === 0 && completed === 2 && failed === 1,
  });
  expect((await fixture.queue.getFailed())[0]?.failedReason).toBe('dropped');
  await reader.close();
});

test('a rate is kept', async () => {
  await using fixture = await QueueFixture.open(redis);
  await fixture.add(30);
  const beganMs = performance.now();
  const { held, reader } = openReader(fixture, { rate: { max: 5, duration: 500 } });
  await waitFor(() => held.length >= 15, { what: 'three times five' });
  // The first five come at once. Redis counts the time from the first job of each five.
  expect(performance.now() - beganMs).toBeGreaterThan(900);
  await reader.close();
});

test('a job that is added again is the same job, also when it is completed', async () => {
  await using fixture = await QueueFixture.open(redis);
  const signal = new AbortController().signal;
  const writer = new QueueWriter({
    url: new Password(fixture.url),
    prefix: 'bull',
    logger,
    signal,
  });
  const jobs = Array.from({ length: 1_200 }, (_, at) => ({
    queue: fixture.name,
    name: 'test',
    data: { n: at },
    opts: { jobId: `topic-0-${String(at)}` },
  }));
  await writer.add(jobs);
  const { held, reader } = openReader(fixture, { heldMax: 100 });
  await waitFor(() => held.length >= 100, { what: 'a hundred jobs' });
  for (const each of held) each.complete({});
  await writer.add(jobs);
  await reader.close();
  const counts = await fixture.queue.getJobCounts('wait', 'completed', 'active');
  expect((counts['wait'] ?? 0) + (counts['completed'] ?? 0) + (counts['active'] ?? 0)).toBe(1_200);
  writer.close();
});

test('a full Redis is a reason to put the batch again, not a failure', async () => {
  await using small = await startRedis({ config: ['--maxmemory', '2mb'] });
  const signal = new AbortController().signal;
  const writer = new QueueWriter({ url: new Password(small.url), prefix: 'bull', logger, signal });
  const jobs = Array.from({ length: 2_000 }, (_, at) => ({
    queue: 'full',
    name: 'test',
    data: { text: 'x'.repeat(5_000) },
    opts: { jobId: `topic-0-${String(at)}` },
  }));
  await expect(writer.add(jobs)).rejects.toMatchObject({
    retriable: true,
    message: expect.stringMatching(/cannot add jobs to queue full: OOM/) as string,
  });
  writer.close();
});
