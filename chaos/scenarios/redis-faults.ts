/** The Redis that coordinates is away, slow, full, or has forgotten something. Records go another way. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { systemClock } from '@sluice/kernel';
import { type Cluster, waitFor } from '@sluice/testkit';

import { events } from '../../tests/support/cluster-facts.ts';
import { withRedis } from '../redis-client.ts';
import { expectThat, failoverMsMax, type Scenario } from '../scenario.ts';
import { type ChaosWorld, recoveryMsMax } from '../world.ts';

const outageMs = 30_000;
const stormMs = 10_000;
const sleepSeconds = 8;
/** From a Redis that answers again until everything writes. */
const backMsMax = 10_000;

/** All tasks write again within the limit. Returns after how many ms. */
async function backWithin(world: ChaosWorld, sinceMs: number): Promise<number> {
  const backMs = Math.max(...(await world.observer.firstAfter(world.names, sinceMs)));
  expectThat(backMs <= backMsMax, `it took ${backMs} ms until every task wrote again`);
  return backMs;
}

/**
 * The leader has seen the loss, everything runs again, and nothing was silent for longer than the limit. Tasks go on
 * until their workers hear of the loss, so that their first record after it says nothing.
 */
async function backAfterLoss(
  world: ChaosWorld,
  lostMs: number,
  lossesBefore: number,
): Promise<string> {
  const { cluster, observer, names } = world;
  await waitFor(async () => await lossesSeen(cluster), {
    what: 'the loss of data to be noticed',
    until: (losses) => losses > lossesBefore,
    timeoutMs: recoveryMsMax,
    intervalMs: 100,
  });
  await world.atRest();
  const silencesMs = names.map((name) => observer.longestGapMs(name, lostMs, 'seenMs'));
  const silenceMs = Math.max(...silencesMs);
  expectThat(silenceMs <= backMsMax, `a task was silent for ${silenceMs} ms`);
  return `all wrote again after ${silenceMs} ms`;
}

/** Events are lost, too. */
async function lossesSeen(cluster: Cluster): Promise<number> {
  return (await events(cluster, 'store.data_lost').catch(() => [])).length;
}

export const redisScenarios: readonly Scenario[] = [
  {
    name: 'redis-restart',
    does: 'SIGKILL of Redis, which starts again with its append-only file: nothing moves',
    logs: ['redis', 'kafka'],
    run: async (world) => {
      await world.redis.kill('SIGKILL');
      await world.redis.restart();
      const backMs = await backWithin(world, Date.now());
      return { movesMax: 0, note: `all wrote again after ${backMs} ms` };
    },
  },
  {
    name: 'redis-outage',
    does: 'Redis is away for 30 s: tasks pause, and go on in place',
    logs: ['redis', 'kafka'],
    run: async (world) => {
      await world.redis.kill('SIGKILL');
      await systemClock.sleep(outageMs);
      await world.redis.restart();
      const backMs = await backWithin(world, Date.now());
      return { movesMax: 0, note: `all wrote again after ${backMs} ms` };
    },
  },
  {
    name: 'redis-sleeps',
    does: 'DEBUG SLEEP 8: Redis accepts everything, and answers nothing',
    logs: ['redis', 'kafka'],
    quickOn: ['redis'],
    run: async (world) => {
      await withRedis(
        world.redis,
        async (client) => await client.call('DEBUG', 'SLEEP', sleepSeconds),
      );
      const backMs = await backWithin(world, Date.now());
      return { movesMax: 0, note: `all wrote again after ${backMs} ms` };
    },
  },
  {
    name: 'redis-kills-clients',
    does: 'CLIENT KILL of every connection, 20 times a second for 10 s',
    logs: ['redis'],
    run: async (world) => {
      const kills = await withRedis(world.redis, async (client) => {
        const untilMs = systemClock.monotonicMs() + stormMs;
        let count = 0;
        while (systemClock.monotonicMs() < untilMs) {
          count += Number(await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
          await systemClock.sleep(50);
        }
        return count;
      });
      const backMs = await backWithin(world, Date.now());
      return { note: `${kills} connections; all wrote again after ${backMs} ms` };
    },
  },
  {
    name: 'redis-emptied',
    does: 'FLUSHALL: definitions come back from the journal, tasks go on in place',
    logs: ['kafka'],
    run: async (world) => {
      await withRedis(world.redis, async (client) => await client.flushall());
      return { movesMax: 0, note: await backAfterLoss(world, Date.now(), 0) };
    },
  },
  {
    name: 'redis-restart-empty',
    does: 'SIGKILL of Redis, which starts again without its append-only file',
    logs: ['kafka'],
    quickOn: ['kafka'],
    run: async (world) => {
      await world.redis.kill('SIGKILL');
      await rm(join(world.redis.dir, 'appendonlydir'), { recursive: true, force: true });
      await world.redis.restart();
      return { movesMax: 0, note: await backAfterLoss(world, Date.now(), 0) };
    },
  },
  {
    name: 'redis-older-snapshot',
    does: 'Redis comes back as it was before a reconfiguration and a death of a worker',
    logs: ['kafka'],
    run: async (world) => {
      const files = join(world.redis.dir, 'appendonlydir');
      const saved = join(world.redis.dir, 'saved');
      const losses = await lossesSeen(world.cluster);
      await cp(files, saved, { recursive: true });
      await world.defineSink(2);
      await world.anyWorker().process.kill('SIGKILL');
      await world.mend();
      await world.redis.kill('SIGKILL');
      await rm(files, { recursive: true, force: true });
      await cp(saved, files, { recursive: true });
      await rm(saved, { recursive: true, force: true });
      await world.redis.restart();
      const note = await backAfterLoss(world, Date.now(), losses);
      const { tasks } = await world.cluster.status('out');
      expectThat(tasks.length === 2, `out has ${tasks.length} tasks, as before it was changed`);
      await world.defineSink();
      return { note };
    },
  },
  {
    name: 'redis-full',
    does: 'Redis is full to maxmemory for 10 s: leases and failover go on',
    logs: ['redis', 'kafka'],
    run: async (world) => {
      await withRedis(world.redis, async (client) => {
        await client.config('SET', 'maxmemory-policy', 'noeviction');
        await client.config('SET', 'maxmemory', '1mb');
      });
      const victim = world.anyWorker();
      const lost = await world.sequencesOf(victim.name);
      const killedMs = Date.now();
      await victim.process.kill('SIGKILL');
      const silenceMs = Math.max(0, ...(await world.observer.firstAfter(lost, killedMs)));
      expectThat(silenceMs < failoverMsMax, `lost tasks were silent for ${silenceMs} ms`);
      await systemClock.sleep(Math.max(0, killedMs + 10_000 - Date.now()));
      await withRedis(world.redis, async (client) => await client.config('SET', 'maxmemory', '0'));
      return { note: `tasks of a killed worker silent for ${silenceMs} ms meanwhile` };
    },
  },
];
