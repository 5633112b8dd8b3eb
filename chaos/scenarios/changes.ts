/** Definitions that change under load, and jobs that somebody meddles with. */
import { queuePrefix, startQueueName } from '@sluice/dispatch-bullmq';
import { systemClock } from '@sluice/kernel';
import { waitFor } from '@sluice/testkit';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

import { expectThat, type Scenario } from '../scenario.ts';
import { type ChaosWorld, recoveryMsMax } from '../world.ts';

const meddlingMs = 5_000;

async function tasksBecome(world: ChaosWorld, connector: string, tasks: number): Promise<void> {
  await waitFor(async () => await world.cluster.status(connector), {
    what: `${connector} to have ${tasks} tasks`,
    until: (status) => status.tasks.length === tasks,
    timeoutMs: recoveryMsMax,
  });
  await world.atRest();
}

export const changeScenarios: readonly Scenario[] = [
  {
    name: 'reconfigure',
    does: 'source and sink go from 3 tasks to 5 to 2 under load',
    logs: ['redis', 'kafka'],
    run: async (world) => {
      for (const tasks of [3, 5, 2]) {
        await world.defineSource(tasks);
        await world.defineSink(tasks);
        await tasksBecome(world, 'in', tasks);
        await tasksBecome(world, 'out', tasks);
      }
      await world.defineSource();
      await world.defineSink();
      await tasksBecome(world, 'in', 6);
      return {};
    },
  },
  {
    name: 'delete-and-create',
    does: 'source and sink are deleted and created anew at once, three times: each goes on where it was',
    logs: ['redis', 'kafka'],
    quickOn: ['kafka'],
    run: async (world) => {
      for (let round = 0; round < 3; round += 1) {
        for (const connector of ['in', 'out'])
          await world.cluster.api.delete(`/connectors/${connector}`);
        await Promise.all([world.defineSource(), world.defineSink()]);
        await world.atRest();
      }
      return {};
    },
  },
  {
    name: 'jobs-meddled-with',
    does: 'start jobs are deleted, and doubled, by hand while workers are killed',
    logs: ['redis'],
    run: async (world) => {
      const connection = new Redis(world.redis.url, { maxRetriesPerRequest: null });
      const { name: cluster, workers } = world.cluster;
      const queues = workers.map(
        ({ name }) => new Queue(startQueueName(name), { connection, prefix: queuePrefix(cluster) }),
      );
      let deleted = 0;
      let doubled = 0;
      try {
        await world.anyWorker().process.kill('SIGKILL');
        const untilMs = systemClock.monotonicMs() + meddlingMs;
        while (systemClock.monotonicMs() < untilMs) {
          for (const queue of queues) {
            for (const job of await queue.getJobs(['waiting', 'completed', 'delayed'], 0, 20)) {
              if (Math.random() < 0.5) {
                await job.remove().then(
                  () => (deleted += 1),
                  () => {}, // A worker has just taken it.
                );
              } else {
                await queue.add(job.name, job.data);
                doubled += 1;
              }
            }
          }
          await systemClock.sleep(20);
        }
      } finally {
        for (const queue of queues) await queue.close();
        connection.disconnect();
      }
      expectThat(doubled > 0, 'no job was there to be doubled');
      return { note: `${deleted} deleted, ${doubled} doubled` };
    },
  },
  {
    name: 'broker-restart',
    does: 'SIGKILL of the broker in mid-stream, which starts again after 3 s',
    logs: ['kafka'],
    quickOn: ['kafka'],
    run: async (world) => {
      const node = world.kafka?.nodes[0];
      await node?.kill('SIGKILL');
      await systemClock.sleep(3_000);
      await node?.restart();
      const backMs = Math.max(
        ...(await world.observer.firstAfter(world.names, Date.now(), 60_000)),
      );
      return { movesMax: 0, note: `all wrote again ${backMs} ms after it was ready` };
    },
  },
];
