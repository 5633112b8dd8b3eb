/** What a driver's error means: Redis does not answer, refuses us, or something is broken. */

import { SluiceError, tlsProblem, toError } from '@sluice/kernel';
import type { Redis } from 'ioredis';

/** Redis answers, but will only later do what it is asked. */
const laterErrors =
  /^(LOADING|MASTERDOWN|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|READONLY|BUSY|NOREPLICAS|MISCONF)\b/;
const deniedErrors =
  /^(NOAUTH|WRONGPASS|NOPERM|ERR AUTH|ERR invalid password|ERR The user executing the script can't)/;

/** Why the connection is down, which the failing commands do not say. */
const connectionErrors = new WeakMap<Redis, Error>();

/** Of several servers; the options of a connection name only one. */
const addresses = new WeakMap<Redis, string>();

/** `address`: without passwords. */
export function noteAddress(redis: Redis, address: string): void {
  addresses.set(redis, address);
}

/** `undefined`: it is up again. */
export function noteConnectionError(redis: Redis, error: Error | undefined): void {
  if (error) connectionErrors.set(redis, error);
  else connectionErrors.delete(redis);
}

export function storeError(thrown: unknown, redis: Redis, during: string): SluiceError {
  const error = toError(thrown);
  if (thrown instanceof SluiceError) return thrown;
  const url = describeUrl(redis);
  if (deniedErrors.test(error.message)) return deniedError(url, error);
  // Of a mistake that is ours, asking again makes nothing better.
  const isBug = thrown instanceof RangeError || thrown instanceof TypeError;
  if ((error.name !== 'ReplyError' && !isBug) || laterErrors.test(error.message)) {
    return unreachableError(url, connectionErrors.get(redis) ?? inPlainWords(error));
  }
  const old = /error compiling script/i.test(error.message)
    ? ': Sluice needs Redis 7 or newer'
    : '';
  return new SluiceError(
    'store.failed',
    `Redis at ${url} failed in ${during}${old}: ${error.message}`,
    { details: { script: during, url }, cause: error },
  );
}

export function unreachableError(url: string, cause: Error): SluiceError {
  const problem = tlsProblem(cause, url.startsWith('rediss:'));
  return new SluiceError(
    'store.unreachable',
    problem === undefined
      ? `Redis at ${url} does not answer (${reasonOf(cause)}): check that it runs and that REDIS_URL points to it`
      : `cannot connect to Redis at ${url}: ${problem}`,
    { retriable: true, details: { url }, cause },
  );
}

/** The driver's own words for an answer that is not Redis' would send the reader to its authors. */
function reasonOf({ message }: Error): string {
  return message.includes('Unknown RESP type')
    ? 'something answers there that is not Redis'
    : message;
}

export function deniedError(url: string, cause: Error): SluiceError {
  return new SluiceError(
    'store.denied',
    `Redis at ${url} refuses us (${cause.message}): check user and password in REDIS_URL, and which keys and commands the user may use`,
    { details: { url }, cause },
  );
}

/** Two of the driver's messages name its options, which are none of the user's business. */
function inPlainWords(error: Error): Error {
  if (error.name === 'MaxRetriesPerRequestError') {
    return new Error('the connection was lost', { cause: error });
  }
  if (error.message.startsWith("Stream isn't writeable")) {
    return new Error('no connection', { cause: error });
  }
  return error;
}

/** Without the password. */
export function describeUrl(redis: Redis): string {
  const { options } = redis;
  const address = addresses.get(redis);
  if (address !== undefined) return address;
  if (options.path) return options.path;
  const user = options.username ? `${options.username}@` : '';
  const database = options.db ? `/${options.db}` : '';
  return `${options.tls ? 'rediss' : 'redis'}://${user}${options.host}:${options.port}${database}`;
}
