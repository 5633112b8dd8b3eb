/**
 * Where Redis is, as one URL says it:
 *
 *     redis://[user:password@]host[:6379][/db]                                            one server
 *     redis+sentinel://[user:password@]host[:26379][,host…]/master[/db][?sentinel-user=…&sentinel-password=…]
 *     redis+cluster://[user:password@]host[:6379][,host…]                                 any nodes of a cluster
 *
 * and with `rediss` the same with TLS, for sentinels too. What is special in a user or password is percent-encoded.
 */
import { SluiceError } from '@sluice/kernel';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

export type RedisAddress =
  | { readonly kind: 'server'; readonly url: string }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly HostPort[];
      readonly master: string;
      readonly db: number;
      readonly tls: boolean;
      readonly credentials: Credentials;
      readonly sentinelCredentials: Credentials;
    }
  | {
      readonly kind: 'cluster';
      readonly nodes: readonly HostPort[];
      readonly tls: boolean;
      readonly credentials: Credentials;
    };

const several =
  /^redis(s?)\+(sentinel|cluster):\/\/(?:([^@/]*)@)?([^/?@]+)(?:\/([^?]*))?(?:\?(.*))?$/;
const defaultPorts = { sentinel: 26_379, cluster: 6_379 } as const;

/** @throws SluiceError `config.invalid`, without the URL itself: it may contain a password. */
export function parseRedisUrl(url: string): RedisAddress {
  if (/^rediss?:\/\//.test(url)) {
    if (!URL.canParse(url)) throw invalid('is not a URL: write it as redis://host:6379');
    return { kind: 'server', url };
  }
  const match = several.exec(url);
  if (!match) {
    throw invalid(
      'must begin with redis:// or rediss://, or be redis+sentinel://host:26379,…/master or redis+cluster://host:6379,…',
    );
  }
  const [, tls, kind, userInfo, hosts = '', path = '', query = ''] = match;
  const shared = { tls: tls === 's', credentials: credentialsOf(userInfo) };
  if (kind === 'cluster') {
    if (path !== '') throw invalid('names a database, which a Redis Cluster does not have');
    return { kind, nodes: hostsOf(hosts, defaultPorts.cluster), ...shared };
  }
  const [master = '', database = '0', ...rest] = path.split('/');
  const db = Number(database);
  if (master === '')
    throw invalid('lacks the name of the master: redis+sentinel://host:26379/mymaster');
  if (rest.length > 0 || !Number.isInteger(db) || db < 0) {
    throw invalid('must end with the name of the master and at most the number of a database');
  }
  return {
    kind: 'sentinel',
    sentinels: hostsOf(hosts, defaultPorts.sentinel),
    master: decode(master),
    db,
    sentinelCredentials: sentinelCredentialsOf(query),
    ...shared,
  };
}

/** What is wrong with it, to be said after the name of the setting; undefined if nothing is. */
export function redisUrlProblem(url: string): string | undefined {
  try {
    parseRedisUrl(url);
    return undefined;
  } catch (error) {
    if (error instanceof SluiceError) return error.message;
    throw error;
  }
}

/** For people: without user and password. */
export function redisLabel(address: RedisAddress): string {
  if (address.kind === 'server') {
    const { protocol, host, pathname } = new URL(address.url);
    return `${protocol}//${host}${/^\/\d+$/.test(pathname) ? pathname : ''}`;
  }
  const [hosts, path] =
    address.kind === 'sentinel'
      ? [address.sentinels, `/${address.master}${address.db === 0 ? '' : `/${address.db}`}`]
      : [address.nodes, ''];
  const list = hosts.map(({ host, port }) => `${bracketed(host)}:${port}`).join(',');
  return `redis${address.tls ? 's' : ''}+${address.kind}://${list}${path}`;
}

function hostsOf(text: string, defaultPort: number): HostPort[] {
  return text.split(',').map((each) => {
    const match = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(each);
    const port = Number(match?.[2] ?? defaultPort);
    if (!match?.[1] || port < 1 || port > 65_535) {
      throw invalid('must list hosts as host:port, separated by commas');
    }
    return { host: match[1].replace(/^\[(.*)\]$/, '$1'), port };
  });
}

function credentialsOf(userInfo: string | undefined): Credentials {
  if (userInfo === undefined) return {};
  const colon = userInfo.indexOf(':');
  const username = decode(colon < 0 ? userInfo : userInfo.slice(0, colon));
  return {
    ...(username === '' ? {} : { username }),
    ...(colon < 0 ? {} : { password: decode(userInfo.slice(colon + 1)) }),
  };
}

function sentinelCredentialsOf(query: string): Credentials {
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((key) => !/^sentinel-(user|password)$/.test(key));
  if (unknown !== undefined) {
    throw invalid(`has a parameter '${unknown}'; there are sentinel-user and sentinel-password`);
  }
  const [username, password] = [
    parameters.get('sentinel-user'),
    parameters.get('sentinel-password'),
  ];
  return {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('has a % that encodes nothing: write % itself as %25');
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function invalid(problem: string): SluiceError {
  return new SluiceError('config.invalid', problem);
}
