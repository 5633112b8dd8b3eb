import { RedisLog } from '@sluice/record-log-redis';
import { startRedis } from '@sluice/testkit';

import { describeOffsets } from './describe-offsets.ts';

describeOffsets('Redis', async () => {
  const redis = await startRedis();
  const cluster = 'test';
  return {
    cluster,
    connect: (clientId) => new RedisLog({ url: redis.url, cluster, clientId }),
    close: async () => await redis.stop(),
  };
});
