import { LeaderWakeConsumer, LeaderWakeQueue, QueueRegistry } from '@sluice/dispatch-bullmq';
import { silentLogger } from '@sluice/kernel';
import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';

import { cluster, connectionCount, RecordingLogger, type Rig, startRig } from './rig.ts';

function leader(rig: Rig, coordinator: string): { wakes: string[]; consumer: LeaderWakeConsumer } {
  const wakes: string[] = [];
  const consumer = new LeaderWakeConsumer({
    redis: rig.redis.url,
    cluster,
    coordinator,
    logger: silentLogger,
    onWake: (reason, requestId) => wakes.push(`${reason} ${requestId ?? '-'}`),
  });
  return { wakes, consumer };
}

test('the leader is woken and told why; the job on the board says it too', async () => {
  await using rig = await startRig();
  const waker = new LeaderWakeQueue({ queues: rig.queues, logger: silentLogger });
  const { wakes, consumer } = leader(rig, 'coordinator-1');
  await consumer.start();
  await waker.wake('apply orders', 'request-7');
  await waker.wake('worker-1 released 20 units');
  await waitFor(() => wakes.length === 2, { what: 'both wake-ups' });
  expect(wakes).toEqual(['apply orders request-7', 'worker-1 released 20 units -']);
  const done = await waitFor(() => rig.queues.requestsQueue().getCompleted(), {
    what: 'both jobs to end',
    until: (jobs) => jobs.length === 2,
  });
  expect(done?.map(({ name, returnvalue }) => [name, returnvalue])).toContainEqual([
    'apply orders',
    'seen',
  ]);
  await consumer.stop();
});

test('wake-ups from before there was a leader reach the first one', async () => {
  await using rig = await startRig();
  const waker = new LeaderWakeQueue({ queues: rig.queues, logger: silentLogger });
  await waker.wake('apply orders', 'request-7');
  const { wakes, consumer } = leader(rig, 'coordinator-1');
  await consumer.start();
  await waitFor(() => wakes.length, { what: 'the old wake-up' });
  await consumer.stop();
});

test('a coordinator that lost leadership takes no wake-up away from the new leader', async () => {
  await using rig = await startRig();
  const waker = new LeaderWakeQueue({ queues: rig.queues, logger: silentLogger });
  const old = leader(rig, 'coordinator-1');
  const next = leader(rig, 'coordinator-2');
  await old.consumer.start();
  await old.consumer.stop();
  await next.consumer.start();
  for (let count = 0; count < 20; count += 1) await waker.wake(`wake ${count}`);
  await waitFor(() => next.wakes.length === 20, { what: 'all wake-ups at the new leader' });
  expect(old.wakes).toEqual([]);
  await next.consumer.stop();
});

test('leadership won and lost in quick succession ends in the last state', async () => {
  await using rig = await startRig();
  const waker = new LeaderWakeQueue({ queues: rig.queues, logger: silentLogger });
  const { wakes, consumer } = leader(rig, 'coordinator-1');
  await Promise.all([consumer.start(), consumer.stop(), consumer.start()]);
  await waker.wake('apply orders');
  await waitFor(() => wakes.length, { what: 'the wake-up' });
  await Promise.all([consumer.stop(), consumer.start(), consumer.stop()]);
  await waitFor(async () => (await connectionCount(rig.inspect)) === 1, {
    what: 'only the connection of the queues to be left',
  });
});

test('waking without Redis returns soon and does not throw', async () => {
  const logger = new RecordingLogger();
  const queues = new QueueRegistry({ redis: 'redis://127.0.0.1:1', cluster, logger });
  await queues.start();
  const waker = new LeaderWakeQueue({ queues, logger });
  const beginMs = performance.now();
  await waker.wake('apply orders', 'request-7');
  expect(performance.now() - beginMs).toBeLessThan(10_000);
  expect(logger.lines.at(-1)?.message).toMatch(/^leader not woken/);
  await queues.stop();
});

test('waking before start and after stop does not throw either', async () => {
  await using rig = await startRig();
  const queues = new QueueRegistry({ redis: rig.redis.url, cluster, logger: silentLogger });
  const waker = new LeaderWakeQueue({ queues, logger: silentLogger });
  await waker.wake('apply orders');
  await queues.start();
  await queues.stop();
  await queues.stop();
  await waker.wake('apply orders');
  expect(await rig.queues.requestsQueue().getWaitingCount()).toBe(0);
});
