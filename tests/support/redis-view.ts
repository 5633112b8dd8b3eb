/** The cluster as it stands in Redis, read without any of its processes. */
import { type ClusterClient, createClusterClient, timingProfiles } from '@sluice/coordination';
import { connectCoordinationRedis, RedisCoordinationStore } from '@sluice/coordination-redis';
import { systemClock } from '@sluice/kernel';
import type { Cluster } from '@sluice/testkit';

export interface RedisView extends Disposable {
  readonly client: ClusterClient;
  readonly store: RedisCoordinationStore;
}

/** Of a cluster with the profile `fast`. */
export function openRedisView({ redisUrl, name }: Pick<Cluster, 'redisUrl' | 'name'>): RedisView {
  const redis = connectCoordinationRedis(redisUrl, { role: 'coordination' });
  const store = new RedisCoordinationStore({ redis, cluster: name });
  return {
    store,
    client: createClusterClient({
      store,
      waker: { wake: async () => {} },
      clock: systemClock,
      profile: timingProfiles.fast,
    }),
    [Symbol.dispose]: () => redis.disconnect(),
  };
}
