import { describeSink, describeSource } from '@sluice/connector-testkit';
import { type RedisHandle, startRedis } from '@sluice/testkit';
import { afterAll, beforeAll } from 'vitest';
import { bullmqSink, bullmqSource } from '../src/index.ts';
import { QueueFixture } from './queue-fixture.ts';

let redis: RedisHandle;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

describeSource(bullmqSource, {
  setup: async () => {
    const fixture = await QueueFixture.open(redis);
    return {
      config: {
        'redis.url': fixture.url,
        queues: fixture.name,
        topic: 'jobs',
        'lock.duration.ms': '1000',
        'stalled.interval.ms': '200',
      },
      produce: (count) => fixture.add(count),
      fail: fixture.fail,
      stall: fixture.stall,
      close: () => fixture[Symbol.asyncDispose](),
    };
  },
  invalid: [
    { config: { queues: 'a:b' }, names: 'queues' },
    { config: { 'redis.url': 'localhost' }, names: 'redis.url' },
    { config: { 'redis.prefix': '{sluice:x}' }, names: 'redis.prefix' },
    { config: { 'record.key': 'data' }, names: 'record.key' },
  ],
});

describeSink(bullmqSink, {
  setup: async () => {
    const fixture = await QueueFixture.open(redis);
    const seen: string[] = [];
    return {
      config: { 'redis.url': fixture.url, queue: fixture.name },
      arrived: async () => {
        // Jobs only come, in order: those that were seen need no look.
        const jobs = await fixture.queue.getJobs('wait', seen.length, -1, true);
        seen.push(...jobs.map((job) => String((job.data as { n: number }).n)));
        return seen;
      },
      fail: fixture.fail,
      stall: fixture.stall,
      close: () => fixture[Symbol.asyncDispose](),
    };
  },
  invalid: [
    { config: { queue: 'a:b' }, names: 'queue' },
    { config: { 'redis.url': 'localhost' }, names: 'redis.url' },
  ],
});
