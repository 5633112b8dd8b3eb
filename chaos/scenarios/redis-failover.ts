/** Redis moves to another server: real sentinels make a replica the master, or slots of a Redis Cluster move. */
import { systemClock } from '@sluice/kernel';

import { expectThat, type Scenario } from '../scenario.ts';

const backMsMax = 10_000;

export const failoverScenarios: readonly Scenario[] = [
  {
    name: 'sentinel-failover',
    does: 'SIGKILL of the master: sentinels choose another one, and the old one comes back as a replica',
    logs: ['redis', 'kafka'],
    world: { hasSentinels: true },
    run: async (world) => {
      const { sentinels } = world;
      if (sentinels === undefined) throw new Error('this world has no sentinels');
      const old = await sentinels.master();
      const killedMs = systemClock.monotonicMs();
      await sentinels.failOver();
      const chosenMs = systemClock.monotonicMs();
      await world.observer.firstAfter(world.names, Date.now());
      const backMs = systemClock.monotonicMs() - chosenMs;
      expectThat(backMs < backMsMax, `it took ${backMs} ms until every task wrote again`);
      await old.restart();
      await world.observer.keepsWriting(world.names, 3_000);
      const chosen = `another master after ${(chosenMs - killedMs).toFixed(0)} ms`;
      return { movesMax: 0, note: `${chosen}, all wrote again ${backMs.toFixed(0)} ms later` };
    },
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
];
