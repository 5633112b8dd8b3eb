/** The keys that source and sink share: where the queues are. */
import { password, string } from '@sluice/connector-api';

/** BullMQ puts the name between colons. */
export function queueNameProblem(name: string): string | undefined {
  if (name === '') return 'Queue name must not be empty';
  return name.includes(':')
    ? 'Queue name must not contain a colon, as BullMQ forbids it'
    : undefined;
}

export const redisKeys = {
  'redis.url': password()
    .importance('high')
    .group('Redis')
    .check((url) => redisUrlProblem(url.reveal()))
    .doc(
      'The Redis that has the queues: redis://[user:password@]host:6379[/db], with TLS rediss://. Never shown, since it ' +
        'may hold a password; what is special in that is percent-encoded.',
    ),
  'redis.prefix': string()
    .default('bull')
    .nonEmpty()
    .group('Redis')
    // Jobs that start tasks are Sluice's own: whoever takes them, stops the cluster.
    .check((prefix) =>
      prefix.startsWith('{sluice:')
        ? 'Prefix must not be that of a Sluice cluster, whose queues are its own'
        : undefined,
    )
    .doc("BullMQ's prefix of all keys of its queues."),
};

/** Without the URL itself: it may contain a password. */
function redisUrlProblem(url: string): string | undefined {
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url))
    return 'Value must be a URL as redis://host:6379, or rediss:// for TLS; Sentinel and Redis Cluster are not supported';
  const { hostname, pathname, password: secret, username } = new URL(url);
  if (hostname === '') return 'Value lacks a host: redis://host:6379';
  if (!/^\/?\d*$/.test(pathname)) return 'Value must end with the number of a database, or nothing';
  try {
    decodeURIComponent(username + secret);
    return undefined;
  } catch {
    return 'Value has a % in the user or password that encodes nothing: write % itself as %25';
  }
}
