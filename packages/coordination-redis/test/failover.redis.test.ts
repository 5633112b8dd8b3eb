/** Redis behind real sentinels, whose master is lost in ways in which no connection to it ends by itself. */
import { type SentinelHandle, startSentinel, waitFor } from '@sluice/testkit';
import type { Redis } from 'ioredis';
import { afterEach, test } from 'vitest';

import {
  type ConnectionRole,
  connectCoordinationRedis,
  RedisCoordinationStore,
  untilReady,
} from '../src/index.ts';

const open: Redis[] = [];
let sentinel: SentinelHandle | undefined;

afterEach(async () => {
  for (const redis of open.splice(0)) redis.disconnect();
  await sentinel?.stop();
  sentinel = undefined;
});

async function connect(url: string, role: ConnectionRole): Promise<RedisCoordinationStore> {
  const redis = connectCoordinationRedis(url, { role, cluster: 'main' });
  open.push(redis);
  await untilReady(redis, 20_000);
  return new RedisCoordinationStore({ redis, cluster: 'main' });
}

async function answers(store: RedisCoordinationStore): Promise<void> {
  await waitFor(
    async () =>
      await store.ping().then(
        () => true,
        () => false,
      ),
    {
      what: 'the next master to answer',
      timeoutMs: 30_000,
    },
  );
}

test('a master that fell silent is left for the next one', { timeout: 90_000 }, async () => {
  sentinel = await startSentinel();
  const stores = [
    await connect(sentinel.url, 'heartbeat'),
    await connect(sentinel.url, 'coordination'),
  ];
  const silent = await sentinel.failOver('SIGSTOP');
  await Promise.all(stores.map(answers));
  // As those on a machine that lost its power do, it never says a word again.
  await silent.kill('SIGKILL');
});
