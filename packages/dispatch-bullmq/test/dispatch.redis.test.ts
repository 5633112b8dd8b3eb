import type { RefreshJob, StartJob } from '@sluice/coordination';
import { BullDispatcher, QueueRegistry, startQueueName } from '@sluice/dispatch-bullmq';
import { silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';

import {
  ClaimingHandler,
  cluster,
  connectionCount,
  RecordingLogger,
  startJob,
  startRig,
} from './rig.ts';

test('a start job reaches the worker it is for, and can be read on the board afterwards', async () => {
  await using rig = await startRig();
  const mine = new ClaimingHandler();
  const others = new ClaimingHandler();
  await rig.consumer({ handler: mine });
  await rig.consumer({ handler: others, worker: 'worker-2' });

  const job = startJob('task/orders-sink/3', { reason: 'lease of worker-2 expired' });
  await rig.dispatcher.start([job]);

  await waitFor(() => mine.started.length, { what: 'the job' });
  expect(mine.started).toEqual([job]);
  expect(others.started).toEqual([]);
  const stored = await waitFor(
    async () => (await rig.queues.startQueue('worker-1').getCompleted()).at(0),
    { what: 'the job to complete' },
  );
  expect(stored).toMatchObject({
    id: 'task/orders-sink/3~1700000000000001',
    name: 'start orders-sink/3',
    data: job,
    returnvalue: 'claimed',
  });
});

test('every key of a cluster carries its one hash tag', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.consumer({ handler });
  await rig.dispatcher.start([startJob('task/orders/0')]);
  await waitFor(() => handler.started.length, { what: 'the job' });
  const keys = await rig.inspect.keys('*');
  expect(keys.length).toBeGreaterThan(3);
  expect(keys.filter((key) => !key.startsWith('{sluice:test}:queue:start.worker-1:'))).toEqual([]);
});

test('a worker whose name BullMQ refuses gets its jobs all the same', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  const worker = 'host:8083/α {x}';
  await rig.consumer({ handler, worker });
  await rig.dispatcher.start([startJob('task/a:b/0', { worker })]);
  await waitFor(() => handler.started.length, { what: 'the job' });
  expect(handler.started[0]?.unit).toBe('task/a:b/0');
});

test('a job for a former incarnation ends as stale without asking the handler', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.dispatcher.start([startJob('task/orders/0', { incarnation: 'former' })]);
  await rig.dispatcher.refresh([{ worker: 'worker-1', incarnation: 'former', reason: 'paused' }]);
  await rig.consumer({ handler });
  const done = await waitFor(() => rig.queues.startQueue('worker-1').getCompleted(), {
    what: 'both jobs to end',
    until: (jobs) => jobs.length === 2,
  });
  expect(done?.map(({ returnvalue }) => String(returnvalue))).toEqual(['stale', 'stale']);
  expect(handler.started).toEqual([]);
  expect(handler.refreshed).toEqual([]);
});

test('a worker that came back as another incarnation gets jobs for that one', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  let incarnation = 'first';
  await rig.consumer({ handler, incarnation: () => incarnation });
  incarnation = 'second';
  await rig.dispatcher.start([startJob('task/orders/0', { incarnation: 'second' })]);
  await waitFor(() => handler.started.length, { what: 'the job' });
});

test('what the handler answers is the result on the board', async () => {
  await using rig = await startRig();
  await rig.consumer({
    handler: {
      start: async ({ unit }) => (unit.endsWith('/0') ? 'stale' : 'draining'),
      refresh: async () => {},
    },
  });
  await rig.dispatcher.start([startJob('task/orders/0'), startJob('task/orders/1')]);
  await rig.dispatcher.refresh([{ worker: 'worker-1', incarnation: 'first', reason: 'paused' }]);
  const done = await waitFor(() => rig.queues.startQueue('worker-1').getCompleted(), {
    what: 'all jobs to end',
    until: (jobs) => jobs.length === 3,
  });
  expect(Object.fromEntries((done ?? []).map((job) => [job.name, job.returnvalue]))).toEqual({
    'start orders/0': 'stale',
    'start orders/1': 'draining',
    refresh: 'refreshed',
  });
});

test('the same grant dispatched twice is one job; the next grant of the unit is another', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.dispatcher.start([startJob('task/orders/0', { fence: 1 })]);
  await rig.dispatcher.start([startJob('task/orders/0', { fence: 1 })]);
  await rig.dispatcher.start([startJob('task/orders/0', { fence: 2 })]);
  await rig.consumer({ handler });
  await waitFor(() => handler.started.length >= 2, { what: 'two jobs' });
  const queue = rig.queues.startQueue('worker-1');
  await waitFor(async () => (await queue.getActiveCount()) === 0, { what: 'the queue to be idle' });
  expect(handler.started.map(({ fence }) => fence)).toEqual([1, 2]);
});

test('refreshes that nobody has taken yet are one job, and one that comes during another is kept', async () => {
  await using rig = await startRig();
  const refresh: RefreshJob = { worker: 'worker-1', incarnation: 'first', reason: 'paused' };
  for (let count = 0; count < 5; count += 1) await rig.dispatcher.refresh([refresh]);
  expect(await rig.queues.startQueue('worker-1').getWaitingCount()).toBe(1);

  const seen: string[] = [];
  const release = Promise.withResolvers<void>();
  await rig.consumer({
    handler: {
      start: async () => 'claimed',
      refresh: async ({ reason }) => {
        seen.push(reason);
        if (seen.length === 1) await release.promise;
      },
    },
  });
  await waitFor(() => seen.length, { what: 'the first refresh to be handled' });
  await rig.dispatcher.refresh([{ ...refresh, reason: 'resumed' }]);
  release.resolve();
  await waitFor(() => seen.length === 2, { what: 'the refresh that came meanwhile' });
  expect(seen).toEqual(['paused', 'resumed']);
});

test('a thousand jobs are handled many at a time', async () => {
  await using rig = await startRig();
  const units = Array.from({ length: 1_000 }, (_none, index) => `task/orders/${index}`);
  let underWay = 0;
  let mostUnderWay = 0;
  // None ends before so many are under way: one after the other none would end.
  const manyAtOnce = 16;
  const reached = Promise.withResolvers<void>();
  const started = new Set<string>();
  await rig.consumer({
    handler: {
      start: async ({ unit }: StartJob) => {
        underWay += 1;
        mostUnderWay = Math.max(mostUnderWay, underWay);
        if (underWay >= manyAtOnce) reached.resolve();
        await reached.promise;
        await new Promise((resolve) => setImmediate(resolve));
        underWay -= 1;
        started.add(unit);
        return 'claimed';
      },
      refresh: async () => {},
    },
  });
  const beginMs = performance.now();
  await rig.dispatcher.start(units.map((unit) => startJob(unit)));
  await waitFor(() => started.size === units.length, { what: '1 000 jobs', timeoutMs: 30_000 });
  const elapsedMs = performance.now() - beginMs;
  console.log(`1 000 start jobs: ${elapsedMs.toFixed(0)} ms, up to ${mostUnderWay} at a time`);
  expect(mostUnderWay).toBeGreaterThanOrEqual(manyAtOnce);
});

test('an idle worker handles a job a few milliseconds after it was added', async () => {
  await using rig = await startRig();
  const arrivals = new Map<string, number>();
  await rig.consumer({
    handler: {
      start: async ({ unit }: StartJob) => {
        arrivals.set(unit, performance.now());
        return 'claimed';
      },
      refresh: async () => {},
    },
  });
  const latenciesMs: number[] = [];
  for (let index = 0; index < 200; index += 1) {
    const unit = `task/orders/${index}`;
    const addedMs = performance.now();
    await rig.dispatcher.start([startJob(unit)]);
    await waitFor(() => arrivals.has(unit), { what: unit, intervalMs: 1 });
    latenciesMs.push((arrivals.get(unit) ?? 0) - addedMs);
  }
  latenciesMs.sort((a, b) => a - b);
  const at = (share: number): number => latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0;
  console.log(`add → handler: p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms`);
  // Else half of them would wait for the end of a blocking read, or for a retry, which are seconds.
  expect(at(0.5)).toBeLessThan(250);
});

test('queues share one connection, a consumer has two, and stopping closes all', async () => {
  await using rig = await startRig();
  expect(await connectionCount(rig.inspect)).toBe(1);
  for (let index = 0; index < 20; index += 1) {
    await rig.dispatcher.start([startJob('task/orders/0', { worker: `worker-${index}` })]);
  }
  expect(await connectionCount(rig.inspect)).toBe(1);
  const consumer = await rig.consumer({ handler: new ClaimingHandler() });
  expect(await connectionCount(rig.inspect)).toBe(3);
  await consumer.stop();
  await rig.queues.stop();
  await waitFor(async () => (await connectionCount(rig.inspect)) === 0, {
    what: 'all connections to be closed',
  });
});

test('forgetting a worker leaves nothing of its queue, and its name can be used again', async () => {
  await using rig = await startRig();
  const jobs = Array.from({ length: 1_500 }, (_none, index) => startJob(`task/orders/${index}`));
  await rig.dispatcher.start(jobs);
  await rig.dispatcher.start([startJob('task/orders/0', { worker: 'worker-2' })]);
  await rig.dispatcher.forget('worker-1');
  const prefix = `{sluice:${cluster}}:queue:`;
  expect(await rig.inspect.keys(`${prefix}${startQueueName('worker-1')}:*`)).toEqual([]);
  expect((await rig.inspect.keys(`${prefix}${startQueueName('worker-2')}:*`)).length).not.toBe(0);

  const handler = new ClaimingHandler();
  await rig.consumer({ handler });
  await rig.dispatcher.start([startJob('task/orders/7')]);
  await waitFor(() => handler.started.length, { what: 'a job on the queue made anew' });
});

test('a queue that nobody consumes does not grow without bound', async () => {
  const logger = new RecordingLogger();
  await using rig = await startRig({ logger });
  const dispatcher = new BullDispatcher({ queues: rig.queues, logger, timeLimitMs: 10_000 });
  for (let fence = 1; fence <= 12; fence += 1) {
    const jobs = Array.from({ length: 1_000 }, (_none, index) =>
      startJob(`task/orders/${index}`, { fence }),
    );
    await dispatcher.start(jobs);
  }
  expect(await rig.queues.startQueue('worker-1').getWaitingCount()).toBeLessThanOrEqual(10_000);
  expect(logger.lines.map(({ message }) => message)).toContain(
    'start queue emptied: nobody consumes it',
  );
});

test('without Redis every call of the dispatcher returns soon, and says so once', async () => {
  const logger = new RecordingLogger();
  const queues = new QueueRegistry({ redis: 'redis://127.0.0.1:1', cluster, logger });
  await queues.start();
  const dispatcher = new BullDispatcher({ queues, logger, timeLimitMs: 300 });
  const beginMs = performance.now();
  for (let count = 0; count < 5; count += 1) {
    await dispatcher.start([startJob('task/orders/0')]);
    await dispatcher.refresh([{ worker: 'worker-1', incarnation: 'first', reason: 'paused' }]);
    await dispatcher.forget('worker-1');
  }
  // 15 calls: if each took its limit, 4.5 s.
  expect(performance.now() - beginMs).toBeLessThan(3_000);
  await queues.stop();
  const warnings = logger.lines.filter(({ message }) =>
    message.startsWith('start jobs not queued'),
  );
  expect(warnings.length).toBe(1);
});

test('queues that were started without Redis work when it comes', async () => {
  await using rig = await startRig();
  await rig.redis.kill('SIGKILL');
  const queues = new QueueRegistry({ redis: rig.redis.url, cluster, logger: silentLogger });
  await queues.start();
  const dispatcher = new BullDispatcher({ queues, logger: silentLogger });
  await dispatcher.start([startJob('task/orders/0')]);
  await rig.redis.restart();
  await waitFor(() => queues.isReady, { what: 'the queues to be connected' });
  await dispatcher.start([startJob('task/orders/1')]);
  const waiting = await queues.startQueue('worker-1').getWaiting();
  expect(waiting.map(({ name }) => name)).toEqual(['start orders/1']);
  await queues.stop();
});

test('a Redis that stopped answering costs the dispatcher no more than its limit', async () => {
  await using rig = await startRig();
  await rig.dispatcher.start([startJob('task/orders/0')]);
  const clock = new FakeClock();
  const dispatcher = new BullDispatcher({
    queues: rig.queues,
    logger: silentLogger,
    timeLimitMs: 300,
    clock,
  });
  await rig.redis.kill('SIGSTOP');
  let hasReturned = false;
  const starting = dispatcher.start([startJob('task/orders/1')]).then(() => {
    hasReturned = true;
  });
  // A millisecond more for each job.
  await clock.advance(300);
  expect(hasReturned).toBe(false);
  await clock.advance(1);
  expect(hasReturned).toBe(true);
  await starting;
  await rig.redis.kill('SIGCONT');
});
