/** Redis moves to another server: real sentinels make a replica the master, or slots of a Redis Cluster move. */
import { systemClock } from '@sluice/kernel';
import type { RedisHandle } from '@sluice/testkit';

import { expectThat, type Scenario, type ScenarioFacts } from '../scenario.ts';
import type { ChaosWorld } from '../world.ts';
import { killLeaderAndWorker } from './processes.ts';

const backMsMax = 15_000;

/** Sentinels choose another master after the signal; `back` brings the former one back, as a replica. */
async function failOver(
  world: ChaosWorld,
  signal: 'SIGKILL' | 'SIGSTOP',
  back: (former: RedisHandle) => Promise<void>,
): Promise<ScenarioFacts> {
  const { sentinels, observer, names } = world;
  if (sentinels === undefined) throw new Error('this world has no sentinels');
  const fromMs = systemClock.monotonicMs();
  const former = await sentinels.failOver(signal);
  const chosenMs = systemClock.monotonicMs();
  await observer.firstAfter(names, Date.now());
  const backMs = systemClock.monotonicMs() - chosenMs;
  expectThat(backMs < backMsMax, `it took ${backMs} ms until every task wrote again`);
  await back(former);
  await observer.keepsWriting(names, 3_000);
  const chosen = `another master after ${(chosenMs - fromMs).toFixed(0)} ms`;
  return { movesMax: 0, note: `${chosen}, all wrote again ${backMs.toFixed(0)} ms later` };
}

export const failoverScenarios: readonly Scenario[] = [
  {
    name: 'sentinel-failover',
    does: 'SIGKILL of the master: sentinels choose another one, and the old one comes back as a replica',
    logs: ['redis', 'kafka'],
    world: { hasSentinels: true },
    run: async (world) =>
      await failOver(world, 'SIGKILL', async (former) => await former.restart()),
  },
  {
    name: 'sentinel-freeze',
    does: 'SIGSTOP of the master, whose connections stay: sentinels choose another one, and the old one wakes up',
    logs: ['redis'],
    world: { hasSentinels: true },
    run: async (world) =>
      await failOver(world, 'SIGSTOP', async (former) => await former.kill('SIGCONT')),
  },
  {
    name: 'cluster-slots-move',
    does: 'everything is on a Redis Cluster: its slots move, then the nodes that have them are killed',
    logs: ['redis'],
    world: { hasRedisCluster: true },
    run: async (world) => {
      const { redisCluster, cluster } = world;
      if (redisCluster === undefined) throw new Error('this world has no Redis Cluster');
      const keys = [`{sluice:${cluster.name}}`, `{sluice-log:${cluster.name}}`];
      for (const key of keys) await redisCluster.moveSlotOf(key);
      await world.observer.firstAfter(world.names, Date.now());
      for (const key of keys) {
        const node = await redisCluster.nodeOf(key);
        await node.kill('SIGKILL');
        await node.restart();
      }
      const sinceMs = systemClock.monotonicMs();
      await world.observer.firstAfter(world.names, Date.now());
      const backMs = systemClock.monotonicMs() - sinceMs;
      expectThat(backMs < backMsMax, `it took ${backMs} ms until every task wrote again`);
      return {
        movesMax: 0,
        note: `all wrote again ${backMs.toFixed(0)} ms after the nodes were up`,
      };
    },
  },
  {
    name: 'cluster-kill-both',
    does: 'everything is on a Redis Cluster: SIGKILL of the leader and of a worker at once',
    logs: ['redis'],
    world: { hasRedisCluster: true },
    run: killLeaderAndWorker,
  },
];
