/** What carries the records is away, slow or full, while coordination goes on. */
import { systemClock } from '@sluice/kernel';
import { type RedisHandle, waitFor } from '@sluice/testkit';

import { tasks } from '../../tests/support/cluster-facts.ts';
import { withRedis } from '../redis-client.ts';
import { expectThat, failoverMsMax, type Scenario } from '../scenario.ts';
import type { ChaosWorld } from '../world.ts';

const outageMs = 10_000;
const fullMs = 5_000;
const sleepSeconds = 5;
const backMsMax = 60_000;

function logRedisOf({ logRedis }: ChaosWorld): RedisHandle {
  if (logRedis === undefined) throw new Error('no Redis carries the records');
  return logRedis;
}

/** What is made from now on arrives in the log, too: sources go on making records for a while without it. */
async function arrivingAgain({ observer, names }: ChaosWorld): Promise<string> {
  const sinceMs = systemClock.monotonicMs();
  await observer.firstAfter(names, Date.now(), backMsMax);
  const backMs = systemClock.monotonicMs() - sinceMs;
  return `new records of all arrived ${backMs.toFixed(0)} ms after the log was back`;
}

export const logScenarios: readonly Scenario[] = [
  {
    name: 'log-redis-restart',
    does: 'SIGKILL of the Redis that carries the records, which starts again with its file after 10 s',
    logs: ['redis'],
    run: async (world) => {
      await logRedisOf(world).kill('SIGKILL');
      await systemClock.sleep(outageMs);
      await logRedisOf(world).restart();
      return { movesMax: 0, note: await arrivingAgain(world) };
    },
  },
  {
    name: 'log-redis-sleeps',
    does: 'DEBUG SLEEP 5 of the Redis that carries the records',
    logs: ['redis'],
    run: async (world) => {
      await withRedis(logRedisOf(world), async (client) => {
        await client.call('DEBUG', 'SLEEP', sleepSeconds);
      });
      return { movesMax: 0, note: await arrivingAgain(world) };
    },
  },
  {
    name: 'one-redis-full',
    does: 'one Redis for everything is full for 5 s and a worker is killed: failover goes on, records wait',
    logs: ['redis'],
    world: { hasOneRedis: true },
    run: async (world) => {
      const redis = logRedisOf(world);
      await withRedis(redis, async (client) => {
        await client.config('SET', 'maxmemory-policy', 'noeviction');
        await client.config('SET', 'maxmemory', '1mb');
      });
      const victim = world.anyWorker();
      const killedMs = systemClock.monotonicMs();
      await victim.process.kill('SIGKILL');
      await waitFor(async () => await tasks(world.cluster), {
        what: `the tasks of ${victim.name} to run elsewhere`,
        until: (rows) =>
          rows.every(({ worker, state }) => worker !== victim.name && state === 'RUNNING'),
        timeoutMs: backMsMax,
      });
      const movedMs = systemClock.monotonicMs() - killedMs;
      expectThat(movedMs < failoverMsMax, `its tasks ran elsewhere only after ${movedMs} ms`);
      await systemClock.sleep(Math.max(0, fullMs - movedMs));
      await withRedis(redis, async (client) => await client.config('SET', 'maxmemory', '0'));
      const note = await arrivingAgain(world);
      return {
        note: `tasks of a killed worker ran elsewhere after ${movedMs.toFixed(0)} ms; ${note}`,
      };
    },
  },
  {
    name: 'broker-freezes',
    does: 'SIGSTOP of the broker for 10 s, then SIGCONT: its connections stay, and nothing answers',
    logs: ['kafka'],
    run: async (world) => {
      await world.kafka?.kill('SIGSTOP');
      await systemClock.sleep(outageMs);
      await world.kafka?.kill('SIGCONT');
      return { movesMax: 0, note: await arrivingAgain(world) };
    },
  },
];
