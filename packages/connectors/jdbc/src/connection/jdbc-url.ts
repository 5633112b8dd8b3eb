/**
 * `connection.url`: `jdbc:postgresql://host:5432/shop?sslmode=verify-full`, `jdbc:mysql://…`, `jdbc:mariadb://…`, also
 * without `jdbc:`. Parameters are those of the JDBC drivers; what changes nothing here is listed, what is unknown is
 * refused. Messages never repeat the URL: there may be a password in it.
 */
import { Password } from '@sluice/connector-api';

export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface TlsSettings {
  readonly mode: TlsMode;
  /** Files of PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface ConnectionTarget {
  readonly system: 'postgresql' | 'mysql';
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string | undefined;
  readonly password: Password | undefined;
  /** PostgreSQL: what the search path begins with. */
  readonly schema: string | undefined;
  readonly tls: TlsSettings;
}

/** For messages. */
export function targetText({ system, host, port, database }: ConnectionTarget): string {
  return `${system === 'mysql' ? 'the MySQL or MariaDB' : 'the PostgreSQL'} database "${database}" on ${host}:${String(port)}`;
}

const systems: Readonly<Record<string, ConnectionTarget['system']>> = {
  postgresql: 'postgresql',
  postgres: 'postgresql',
  mysql: 'mysql',
  mariadb: 'mysql',
};

const ports = { postgresql: 5432, mysql: 3306 } as const;

/** Of the JDBC drivers, without a meaning here: text is always UTF-8, statements are always sent in batches, … */
const withoutEffect = new Set(
  [
    'allowPublicKeyRetrieval',
    'ApplicationName',
    'autoReconnect',
    'cachePrepStmts',
    'characterEncoding',
    'connectTimeout',
    'defaultRowFetchSize',
    'loginTimeout',
    'nullCatalogMeansCurrent',
    'prepareThreshold',
    'prepStmtCacheSize',
    'prepStmtCacheSqlLimit',
    'reWriteBatchedInserts',
    'rewriteBatchedStatements',
    'serverTimezone',
    'socketTimeout',
    'stringtype',
    'tcpKeepAlive',
    'tinyInt1isBit',
    'useBulkStmts',
    'useCompression',
    'useCursorFetch',
    'useServerPrepStmts',
    'useUnicode',
    'zeroDateTimeBehavior',
  ].map((name) => name.toLowerCase()),
);

const tlsModes: Readonly<Record<string, TlsMode>> = {
  disable: 'disable',
  disabled: 'disable',
  allow: 'prefer',
  prefer: 'prefer',
  preferred: 'prefer',
  require: 'require',
  required: 'require',
  trust: 'require',
  'verify-ca': 'verify-ca',
  verify_ca: 'verify-ca',
  'verify-full': 'verify-full',
  verify_identity: 'verify-full',
};

/** Problems are texts that complete "connection.url …". */
export type ParsedUrl =
  | { readonly target: ConnectionTarget; readonly problems?: undefined }
  | { readonly problems: readonly string[]; readonly target?: undefined };

/** `user` and `password` are those of keys of their own, which win over the URL's. */
export function parseJdbcUrl(text: string, user?: string, password?: Password): ParsedUrl {
  const [, scheme = '', rest = ''] = /^(?:jdbc:)?([a-z]+):\/\/(.*)$/is.exec(text.trim()) ?? [];
  const system = systems[scheme.toLowerCase()];
  if (system === undefined)
    return {
      problems: [
        'has to begin with jdbc:postgresql://, jdbc:mysql:// or jdbc:mariadb://: other databases are not supported',
      ],
    };
  let url: URL;
  try {
    // A scheme of its own kind, so that the parser takes what it finds.
    url = new URL(`sql://${rest}`);
  } catch {
    return {
      problems: ['has to name one host, and a database: jdbc:postgresql://host:5432/database'],
    };
  }
  const database = decoded(url.pathname.slice(1));
  const problems: string[] = [];
  if (database === '' || database.includes('/'))
    problems.push('has to name a database behind the host: …://host:port/database');
  if (url.hostname === '' || rest.split('/')[0]?.includes(','))
    problems.push('has to name one host; lists of hosts are not supported');
  const parameters = readParameters(url.searchParams);
  problems.push(...parameters.problems);
  if (problems.length > 0) return { problems };
  const ownUser = given(user) ?? given(parameters.user) ?? given(decoded(url.username));
  const ownPassword = given(parameters.password) ?? given(decoded(url.password));
  return {
    target: {
      system,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? ports[system] : Number(url.port),
      database,
      user: ownUser,
      password: password ?? (ownPassword === undefined ? undefined : new Password(ownPassword)),
      schema: given(parameters.schema),
      tls: parameters.tls,
    },
  };
}

interface Parameters {
  user?: string;
  password?: string;
  schema?: string;
  tls: TlsSettings;
  readonly problems: string[];
}

function readParameters(search: URLSearchParams): Parameters {
  const found: Parameters = { tls: { mode: 'prefer' }, problems: [] };
  const setTls = (change: Partial<TlsSettings>): void => {
    found.tls = { ...found.tls, ...change };
  };
  for (const [name, value] of search) {
    const isTrue = value === '' || value.toLowerCase() === 'true';
    switch (name.toLowerCase()) {
      case 'user':
        found.user = value;
        break;
      case 'password':
        found.password = value;
        break;
      case 'currentschema':
        found.schema = value;
        break;
      case 'ssl':
      case 'usessl':
        if (!isTrue) setTls({ mode: 'disable' });
        else if (found.tls.mode === 'prefer')
          setTls({ mode: name.toLowerCase() === 'ssl' ? 'verify-full' : 'require' });
        break;
      case 'requiressl':
        if (isTrue && found.tls.mode === 'prefer') setTls({ mode: 'require' });
        break;
      case 'verifyservercertificate':
        if (isTrue) setTls({ mode: 'verify-ca' });
        break;
      case 'sslmode': {
        const mode = tlsModes[value.toLowerCase()];
        if (mode) setTls({ mode });
        else
          found.problems.push(
            'has an sslmode that is none of disable, prefer, require, verify-ca, verify-full',
          );
        break;
      }
      case 'sslrootcert':
      case 'serversslcert':
        setTls({ ca: value });
        break;
      case 'sslcert':
        setTls({ cert: value });
        break;
      case 'sslkey':
        setTls({ key: value });
        break;
      default:
        if (!withoutEffect.has(name.toLowerCase()))
          found.problems.push(`has the parameter ${name}, which is not supported: remove it`);
    }
  }
  return found;
}

function given(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
