import { SluiceError, toError } from '@sluice/kernel';
import { Redis } from 'ioredis';

const connectTimeoutMs = 3_000;

/** The version of the Redis behind a URL; an error that names it, without its password, if none answers. */
export async function redisVersionAt(url: string): Promise<string> {
  const shown = withoutPassword(url);
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: connectTimeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let failure: Error | undefined;
  // What went wrong with the connection comes as an event; commands only say that it is closed.
  client.on('error', (error) => {
    failure = error;
  });
  try {
    await client.connect();
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1];
    if (version !== undefined) return version;
  } catch (error) {
    failure ??= toError(error);
  } finally {
    client.disconnect();
  }
  throw new SluiceError(
    'redis.no_answer',
    `no Redis answers at ${shown}: ${failure?.message ?? 'it does not tell its version'}`,
    { retriable: true, cause: failure },
  );
}

/** For display: what a URL says about where, without who. */
export function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return 'the URL that was given (which is not one)';
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
