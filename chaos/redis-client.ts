/** A client of its own for what is done to a Redis. */
import type { RedisHandle } from '@sluice/testkit';
import { Redis } from 'ioredis';

export async function withRedis<Result>(
  { url }: Pick<RedisHandle, 'url'>,
  use: (client: Redis) => Promise<Result>,
): Promise<Result> {
  const client = new Redis(url, { maxRetriesPerRequest: 1 });
  // A command that fails says so itself.
  client.on('error', () => {});
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}
