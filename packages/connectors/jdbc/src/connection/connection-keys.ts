/** The keys that say which database, of the source and of the sink. */
import { int, long, password, string } from '@sluice/connector-api';
import { isTimeZone } from '../time-zone.ts';
import { parseJdbcUrl } from './jdbc-url.ts';

const group = 'Connection';

export const connectionKeys = {
  'connection.url': string()
    .nonEmpty()
    .check((url) => {
      const { problems } = parseJdbcUrl(url);
      return problems && `connection.url ${problems.join('; it ')}`;
    })
    .importance('high')
    .group(group)
    .doc(
      'The database: jdbc:postgresql://host:5432/database, jdbc:mysql://… or jdbc:mariadb://…, also without jdbc:.',
    ),
  'connection.user': string()
    .optional()
    .importance('high')
    .group(group)
    .doc('User of the database.'),
  'connection.password': password()
    .optional()
    .importance('high')
    .group(group)
    .doc('Password of the user.'),
  'connection.attempts': int()
    .min(1)
    .default(3)
    .importance('low')
    .group(group)
    .doc('How often it is tried to connect before that counts as a failure.'),
  'connection.backoff.ms': long()
    .min(0)
    .default(10_000)
    .importance('low')
    .group(group)
    .doc('Wait between these attempts.'),
  'dialect.name': string()
    .default('')
    .importance('low')
    .group(group)
    .check((name) =>
      ['', 'PostgreSqlDatabaseDialect', 'MySqlDatabaseDialect'].includes(name)
        ? undefined
        : 'dialect.name may be PostgreSqlDatabaseDialect or MySqlDatabaseDialect; leave it out, connection.url says which',
    )
    .doc('Without effect: connection.url says which system it is.'),
  'db.timezone': string()
    .default('UTC')
    .check((zone) =>
      isTimeZone(zone)
        ? undefined
        : 'db.timezone is no time zone: name one as the tz database does, such as Europe/Berlin',
    )
    .importance('medium')
    .group(group)
    .doc('Time zone of dates with time that are stored without one.'),
  'quote.sql.identifiers': string()
    .oneOf('ALWAYS', 'NEVER')
    .ignoreCase()
    .default('ALWAYS')
    .importance('medium')
    .group(group)
    .doc(
      'Whether names of tables and columns are quoted. Without quotes PostgreSQL takes them in small letters.',
    ),
};
