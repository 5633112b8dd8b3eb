/** The product's store, on the fake Redis, over a link; and who watches what it does. */
import { RedisCoordinationStore } from '@sluice/coordination-redis';
import type { Redis } from 'ioredis';

import { fakeClient } from '../redis/client.ts';
import type { FakeRedis } from '../redis/fake-redis.ts';
import { shaOf } from '../redis/script-book.ts';
import type { RedisLink } from './redis-link.ts';

export const clusterName = 'sim';

/** Goes through a link that tells the server what each command is. */
export function storeOver(fake: FakeRedis, link: RedisLink): RedisCoordinationStore {
  return new RedisCoordinationStore({ redis: watched(fake, link), cluster: clusterName });
}

/** For whoever looks on: carried out at once, whatever happens to links and server. */
export function storeOutside(fake: FakeRedis): RedisCoordinationStore {
  const redis = fakeClient(fake, { send: async (command) => command() });
  return new RedisCoordinationStore({ redis, cluster: clusterName });
}

/** The fake's client, which says of each script what it is before it is sent. */
function watched(fake: FakeRedis, link: RedisLink): Redis {
  const client = fakeClient(fake, link);
  const announce = (sha: string, args: (string | number)[]): void => {
    const script = fake.scripts.find(sha)?.name;
    if (script !== undefined) link.nextCall = { script, args };
  };
  const own = {
    evalsha: (sha: string, keys: number, tag: string, ...args: (string | number)[]): unknown => {
      announce(sha, args.flat());
      return client.evalsha(sha, keys, tag, ...args);
    },
    eval: (text: string, keys: number, tag: string, ...args: (string | number)[]): unknown => {
      announce(shaOf(text), args.flat());
      return client.eval(text, keys, tag, ...args);
    },
  };
  return new Proxy(client, {
    get(target, property): unknown {
      if (Object.hasOwn(own, property)) return Reflect.get(own, property);
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
