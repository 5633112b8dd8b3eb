/** All that a record log must do, on a Redis Cluster of three masters: each log is on one of them. */
import { newShortId } from '@sluice/kernel';
import { describeRecordLog } from '@sluice/record-log/conformance';
import { openRedis, redisRoute } from '@sluice/redis-connection';
import { startRedisCluster } from '@sluice/testkit';

import { RedisLog } from '../src/index.ts';
import { Keys } from '../src/keys.ts';

const recordBytesMax = 2_000_000;

describeRecordLog(
  'Redis Cluster',
  async () => {
    const servers = await startRedisCluster();
    const cluster = newShortId();
    const hashTag = `{sluice-log:${cluster}}`;
    const client = openRedis(redisRoute(servers.url, { hashTag, keepsTrying: true }), {});
    const keys = new Keys({ namespace: 'sluice-log', cluster });
    return {
      connect: (clientId) =>
        new RedisLog({
          url: servers.url,
          cluster,
          clientId,
          defaultPartitions: 2,
          recordBytesMax,
        }),
      defaultPartitions: 2,
      recordBytesMax,
      hasTopicLimits: false,
      deleteRecords: async (partition, beforeOffset) => {
        await client.xtrim(keys.stream(partition), 'MINID', beforeOffset + 1);
        await client.hset(keys.meta(partition), 'low', beforeOffset);
      },
      close: async () => {
        client.disconnect();
        await servers.stop();
      },
    };
  },
  { transactions: false },
);
