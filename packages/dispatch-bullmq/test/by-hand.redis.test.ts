/** What people do to queues by hand, and what Redis does to them: the next job is handled all the same. */
import type { StartJob } from '@sluice/coordination';
import { startQueueName } from '@sluice/dispatch-bullmq';
import { waitFor } from '@sluice/testkit';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { queuePrefix } from '../src/names.ts';

import {
  ClaimingHandler,
  cluster,
  connectionCount,
  RecordingLogger,
  type Rig,
  startJob,
  startRig,
} from './rig.ts';

/** Adds jobs, as reconciliation would go on doing, until one arrives. */
async function expectNextJobArrives(rig: Rig, handler: ClaimingHandler): Promise<void> {
  const before = handler.started.length;
  let fence = 1_000_000;
  await waitFor(
    async () => {
      fence += 1;
      await rig.dispatcher.start([startJob('task/next/0', { fence })]);
      return handler.started.length > before;
    },
    { what: 'the next job to arrive', timeoutMs: 30_000, intervalMs: 100 },
  );
}

test('a waiting job that is deleted is gone, and the next one arrives', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.dispatcher.start([startJob('task/orders/0'), startJob('task/orders/1')]);
  const waiting = await rig.queues.startQueue('worker-1').getWaiting();
  await waiting.find(({ name }) => name === 'start orders/0')?.remove();
  await rig.consumer({ handler });
  await waitFor(() => handler.started.length, { what: 'the other job' });
  expect(handler.started.map(({ unit }) => unit)).toEqual(['task/orders/1']);
  await expectNextJobArrives(rig, handler);
});

test('a job that is being handled can be removed from the board without harm', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  const reached = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await rig.consumer({
    handler: {
      start: async (job) => {
        if (job.unit === 'task/orders/0') {
          reached.resolve();
          await release.promise;
        }
        return handler.start(job);
      },
      refresh: async () => {},
    },
  });
  await rig.dispatcher.start([startJob('task/orders/0')]);
  await reached.promise;
  await rig.queues.startQueue('worker-1').obliterate({ force: true });
  release.resolve();
  await expectNextJobArrives(rig, handler);
});

test('a job retried by hand comes to the handler again, which is where doubles are refused', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.consumer({ handler });
  await rig.dispatcher.start([startJob('task/orders/0')]);
  const queue = rig.queues.startQueue('worker-1');
  const done = await waitFor(async () => (await queue.getCompleted()).at(0), { what: 'the job' });
  await done?.retry('completed');
  await waitFor(() => handler.started.length === 2, { what: 'the same job again' });
  expect(handler.started[0]).toEqual(handler.started[1]);
});

test('a handler that throws fails its job with the reason, and a retry works', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  let isBroken = true;
  await rig.consumer({
    handler: {
      start: async (job) => {
        if (isBroken) throw new Error('the store does not answer');
        return handler.start(job);
      },
      refresh: async () => {},
    },
  });
  await rig.dispatcher.start([startJob('task/orders/0')]);
  const queue = rig.queues.startQueue('worker-1');
  const failed = await waitFor(async () => (await queue.getFailed()).at(0), {
    what: 'the failure',
  });
  expect(failed?.failedReason).toBe('the store does not answer');
  isBroken = false;
  await failed?.retry();
  await waitFor(() => handler.started.length, { what: 'the retried job' });
});

test('a job that is no start job fails and says what it should have been', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.consumer({ handler });
  const queue = rig.queues.startQueue('worker-1');
  await queue.add('made by hand', null);
  await queue.add('made by hand', { worker: 'worker-1', incarnation: 'first', unit: 7 });
  const failed = await waitFor(() => queue.getFailed(), {
    what: 'both to fail',
    until: (jobs) => jobs.length === 2,
  });
  for (const job of failed ?? [])
    expect(job.failedReason).toMatch(/^not a start job: .*delete it$/);
  expect(handler.started).toEqual([]);
  await expectNextJobArrives(rig, handler);
});

test('a paused queue keeps its jobs, and gives them out when it is resumed', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.consumer({ handler });
  await rig.dispatcher.start([startJob('task/orders/0')]);
  await waitFor(() => handler.started.length === 1, { what: 'the first job' });
  const queue = rig.queues.startQueue('worker-1');
  await queue.pause();
  await rig.dispatcher.start([startJob('task/orders/1')]);
  // Long enough for an idle consumer (1 ms to 5 ms) to have taken it.
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(handler.started.length).toBe(1);
  await queue.resume();
  await waitFor(() => handler.started.length === 2, { what: 'the job kept meanwhile' });
});

test('a queue obliterated under its consumer is there again with the next job', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.consumer({ handler });
  await expectNextJobArrives(rig, handler);
  await rig.queues.startQueue('worker-1').obliterate({ force: true });
  await expectNextJobArrives(rig, handler);
});

test('a refresh is added again after the waiting one was obliterated or drained', async () => {
  await using rig = await startRig();
  const queue = rig.queues.startQueue('worker-1');
  const refresh = { worker: 'worker-1', incarnation: 'first', reason: 'paused' };
  await rig.dispatcher.refresh([refresh]);
  await queue.drain();
  await rig.dispatcher.refresh([refresh]);
  expect(await queue.getWaitingCount()).toBe(1);
  await queue.obliterate({ force: true });
  await rig.dispatcher.refresh([refresh]);
  expect(await queue.getWaitingCount()).toBe(1);
});

test('after FLUSHALL the next job arrives', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.consumer({ handler });
  await expectNextJobArrives(rig, handler);
  await rig.inspect.flushall();
  await expectNextJobArrives(rig, handler);
});

test('after all connections were killed the next job arrives', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.consumer({ handler });
  await expectNextJobArrives(rig, handler);
  for (let count = 0; count < 3; count += 1) {
    await rig.inspect.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await expectNextJobArrives(rig, handler);
  }
});

test('a consumer started while Redis is away, and one whose Redis restarts empty, work when it is back', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.redis.kill('SIGKILL');
  await rig.consumer({ handler });
  await rig.redis.restart();
  await expectNextJobArrives(rig, handler);
  await rig.redis.kill('SIGKILL');
  await rig.redis.restart();
  const backMs = performance.now();
  await expectNextJobArrives(rig, handler);
  const blindMs = performance.now() - backMs;
  console.log(`first job ${blindMs.toFixed(0)} ms after Redis was back`);
  // BullMQ by itself waits for 15 s.
  expect(blindMs).toBeLessThan(10_000);
});

test('a job whose consumer died in the middle of it is delivered to the next one', async () => {
  await using rig = await startRig();
  // A process that took the job and vanished: it renews no lock, and its lock runs out.
  const connection = new Redis(rig.redis.url, { maxRetriesPerRequest: null });
  const vanished = new Worker(startQueueName('worker-1'), undefined, {
    connection,
    prefix: queuePrefix(cluster),
    lockDuration: 500,
    autorun: false,
  });
  await rig.dispatcher.start([startJob('task/orders/0')]);
  expect((await vanished.getNextJob('token-of-the-dead'))?.name).toBe('start orders/0');
  await vanished.close(true);
  connection.disconnect();

  const handler = new ClaimingHandler();
  await rig.consumer({ handler });
  await waitFor(() => handler.started.length, { what: 'the job again', timeoutMs: 30_000 });
  expect(handler.started[0]?.unit).toBe('task/orders/0');
});

test('a Redis that answers every fetch with an error is not asked all the time', async () => {
  const logger = new RecordingLogger();
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.dispatcher.start([startJob('task/orders/0')]);
  await rig.inspect.config('SET', 'maxmemory', '1');
  await rig.consumer({ handler, logger });
  const commands = async (): Promise<number> =>
    Number(/total_commands_processed:(\d+)/.exec(await rig.inspect.info('stats'))?.[1]);
  const before = await commands();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const perSecond = ((await commands()) - before) / 1.5;
  console.log(`out of memory: ${perSecond.toFixed(0)} commands/s`);
  expect(handler.started).toEqual([]);
  expect(perSecond).toBeLessThan(1_000);
  expect(logger.lines.filter(({ level }) => level === 'warn').length).toBeLessThanOrEqual(3);

  await rig.inspect.config('SET', 'maxmemory', '0');
  await waitFor(() => handler.started.length, { what: 'the job, once there is memory' });
});

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'a consumer stops within its limit while Redis is gone by %s',
  async (signal) => {
    await using rig = await startRig();
    const consumer = await rig.consumer({ handler: new ClaimingHandler(), closeLimitMs: 500 });
    await rig.redis.kill(signal);
    const beginMs = performance.now();
    await consumer.stop();
    await consumer.stop();
    // Else it would end with its blocking read, after 5 s.
    expect(performance.now() - beginMs).toBeLessThan(4_000);
    if (signal === 'SIGSTOP') await rig.redis.kill('SIGCONT');
  },
);

test('a consumer stops within its limit while a handler hangs, and can be started again', async () => {
  await using rig = await startRig();
  const reached = Promise.withResolvers<void>();
  const handled: StartJob[] = [];
  const consumer = await rig.consumer({
    closeLimitMs: 500,
    handler: {
      start: async (job) => {
        handled.push(job);
        if (job.unit === 'task/hanging/0') {
          reached.resolve();
          await new Promise(() => {});
        }
        return 'claimed';
      },
      refresh: async () => {},
    },
  });
  await rig.dispatcher.start([startJob('task/hanging/0')]);
  await reached.promise;
  const beginMs = performance.now();
  await consumer.stop();
  // Else it would wait for the handler, for 5 s.
  expect(performance.now() - beginMs).toBeLessThan(4_000);
  await waitFor(async () => (await connectionCount(rig.inspect)) === 1, {
    what: 'only the connection of the queues to be left',
  });
  await consumer.start();
  await rig.dispatcher.start([startJob('task/orders/0')]);
  await waitFor(() => handled.some(({ unit }) => unit === 'task/orders/0'), {
    what: 'the next job',
  });
});
