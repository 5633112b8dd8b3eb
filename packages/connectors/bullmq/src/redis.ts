/**
 * How this package talks to Redis. Consumers wait until Redis is back, as BullMQ wants it; what adds jobs fails
 * fast, so that the runtime can put the batch again. Nothing here prints a URL: errors carry Redis' own words only.
 */
import { ConnectError, type Password, RetriableError } from '@sluice/connector-api';
import { Redis, type RedisOptions } from 'ioredis';

/** Without ioredis' own mapping of replies, BullMQ would misread them. */
type Settings = Omit<RedisOptions, 'replyMapping'>;

const reconnectMsMax = 1_000;
/** One attempt to connect. */
const connectTimeoutMs = 2_000;
/** A command of which nothing is heard. */
const commandTimeoutMs = 3_000;
/** A silent connection is given up: longer than the longest blocking read. */
const socketTimeoutMs = 10_000;

/** Seconds that a consumer blocks on an empty queue. */
export const blockingReadSeconds = 2;

const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** attempt, reconnectMsMax);
/** A replica after a failover: the address may lead to another server by now. */
const reconnectOnError = ({ message }: Error): boolean => message.startsWith('READONLY');

/** For BullMQ's Worker, which duplicates it for its blocking reads. */
export function connectConsumer(url: Password): Redis {
  return connect(url, { maxRetriesPerRequest: null, socketTimeout: socketTimeoutMs });
}

/** For BullMQ's Queue. */
export function connectProducer(url: Password): Redis {
  return connect(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: commandTimeoutMs,
    socketTimeout: socketTimeoutMs,
  });
}

/** For a look, which fails with the reason of the first attempt. */
export async function withConnection<Result>(
  url: Password,
  work: (redis: Redis) => Promise<Result>,
): Promise<Result> {
  const redis = connect(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
  });
  let reason: Error | undefined;
  redis.on('error', (error) => {
    reason = error;
  });
  try {
    await redis.connect();
    return await work(redis);
  } catch (error) {
    // "Connection is closed." says nothing; what closed it was told as an event.
    throw isReply(error) ? error : (reason ?? error);
  } finally {
    redis.disconnect();
  }
}

function connect(url: Password, settings: Settings): Redis {
  return new Redis(url.reveal(), {
    connectTimeout: connectTimeoutMs,
    retryStrategy,
    reconnectOnError,
    ...settings,
  });
}

/** An answer of Redis, such as `WRONGPASS …`; its object also carries the command with its arguments, so only the text is used. */
function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Answers that stay what they are, however often one asks. */
const lasting = /^(NOAUTH|WRONGPASS|NOPERM|WRONGTYPE|ERR) /;

/** What becomes of a failure: to be tried again while Redis is away, full or loading, and final where it refuses. */
export function toConnectError(what: string, error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  const reason = reasonOf(error);
  const message = `${what}: ${reason}`;
  return isReply(error) && lasting.test(reason)
    ? new ConnectError(`${message}. ${remedyOf(reason)}`)
    : new RetriableError(message);
}

export function reasonOf(error: unknown): string {
  // Several addresses were tried: the error itself has no text.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

export function remedyOf(reason: string): string {
  if (reason.startsWith('WRONGPASS'))
    return 'Put the right user and password into redis.url: redis://user:password@host:6379';
  if (reason.startsWith('NOAUTH'))
    return 'Put user and password into redis.url: redis://user:password@host:6379';
  if (reason.startsWith('NOPERM'))
    return 'Let the user of redis.url run scripts and all that BullMQ does on its keys: ACL SETUSER … ~<prefix>:* +@all -@admin -@dangerous +info';
  return 'Check redis.url: is that the server of the queues, and up?';
}
