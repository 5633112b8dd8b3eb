import { RedisLog } from '@sluice/record-log-redis';
import { startRedis } from '@sluice/testkit';

import { describeRecords } from './describe-records.ts';

describeRecords('Redis', async () => {
  const redis = await startRedis();
  return {
    connect: (clientId) => new RedisLog({ url: redis.url, cluster: 'test', clientId }),
    close: async () => await redis.stop(),
  };
});
