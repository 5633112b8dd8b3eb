/** From a configuration to its database. */
import { ConfigError, type Password } from '@sluice/connector-api';
import type { Dialect } from '../dialect.ts';
import { mysqlDialect } from '../mysql/mysql-dialect.ts';
import { postgresDialect } from '../postgres/postgres-dialect.ts';
import { parseJdbcUrl } from './jdbc-url.ts';

export interface ConnectionConfig {
  readonly 'connection.url': string;
  readonly 'connection.user': string | undefined;
  readonly 'connection.password': Password | undefined;
  readonly 'db.timezone': string;
  readonly 'quote.sql.identifiers': 'ALWAYS' | 'NEVER';
}

/** Connects to nothing yet. @throws ConfigError */
export async function openDialect(config: ConnectionConfig): Promise<Dialect> {
  const { problems, target } = parseJdbcUrl(
    config['connection.url'],
    config['connection.user'],
    config['connection.password'],
  );
  if (problems)
    throw new ConfigError(
      problems.map((problem) => ({ key: 'connection.url', message: `connection.url ${problem}` })),
    );
  const zone = config['db.timezone'];
  return target.system === 'mysql'
    ? await mysqlDialect(target, { zone })
    : postgresDialect(target, {
        zone,
        quotesIdentifiers: config['quote.sql.identifiers'] === 'ALWAYS',
      });
}
