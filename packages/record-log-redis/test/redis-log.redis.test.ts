import { describeRecordLog } from '@sluice/record-log/conformance';
import { startRedis } from '@sluice/testkit';
import { Redis } from 'ioredis';

import { RedisLog } from '../src/index.ts';
import { Keys } from '../src/keys.ts';

const recordBytesMax = 2_000_000;

describeRecordLog(
  'redis',
  async () => {
    const redis = await startRedis();
    const client = new Redis(redis.url);
    const keys = new Keys({ namespace: 'sluice-log', cluster: 'test' });
    return {
      connect: (clientId) =>
        new RedisLog({
          url: redis.url,
          cluster: 'test',
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
        await redis.stop();
      },
    };
  },
  { transactions: false },
);
