/** Redis behind real sentinels: jobs arrive through whichever server is the master now. */
import { BullDispatcher, QueueRegistry, StartQueueConsumer } from '@sluice/dispatch-bullmq';
import { silentLogger } from '@sluice/kernel';
import { startSentinel, waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';

import { ClaimingHandler, cluster, startJob } from './rig.ts';

test('jobs go through the next master when one falls silent', { timeout: 90_000 }, async () => {
  await using sentinel = await startSentinel();
  const queues = new QueueRegistry({ redis: sentinel.url, cluster, logger: silentLogger });
  await queues.start();
  const dispatcher = new BullDispatcher({ queues, logger: silentLogger });
  const handler = new ClaimingHandler();
  const consumer = new StartQueueConsumer({
    redis: sentinel.url,
    cluster,
    worker: 'worker-1',
    incarnation: () => 'first',
    handler,
    logger: silentLogger,
    closeLimitMs: 2_000,
  });
  await consumer.start();
  try {
    let fence = 1_700_000_000_000_000;
    const arrives = async (what: string): Promise<void> => {
      const before = handler.started.length;
      // A job may be lost with the server: the leader sends it again, as here.
      const arrived = async (): Promise<boolean> => {
        fence += 1;
        await dispatcher.start([startJob('t/1', { fence })]).catch(() => {});
        return handler.started.length > before;
      };
      await waitFor(arrived, { what, intervalMs: 200, timeoutMs: 30_000 });
    };
    await arrives('a job through the first master');
    const silent = await sentinel.failOver('SIGSTOP');
    await arrives('a job through the next master');
    await silent.kill('SIGKILL');
    expect(handler.started.at(-1)?.unit).toBe('t/1');
  } finally {
    await consumer.stop();
    await queues.stop();
  }
});
