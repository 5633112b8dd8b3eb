/** MySQL's and MariaDB's errors, by number and SQLSTATE. */
import { isNetworkCode, messageOf, SqlError, type SqlFault } from '../sql-error.ts';

const numbers: readonly (readonly [SqlFault, readonly number[]])[] = [
  // Deadlock, lock or statement not in time, changed since it was read, disk or table full, out of memory.
  ['conflict', [1020, 1021, 1037, 1038, 1114, 1205, 1213, 1317, 1969, 3024, 3058, 3572]],
  // Shutting down, killed, too many connections, lost, read-only since it became a replica.
  [
    'connection',
    [
      1040, 1053, 1129, 1152, 1158, 1159, 1160, 1161, 1203, 1226, 1290, 1836, 1927, 2006, 2013,
      3169,
    ],
  ],
  ['table', [1054, 1091, 1146, 1412, 1615]],
  ['refused', [1044, 1045, 1049, 1064, 1142, 1143, 1227, 1698, 1820]],
  // Row or statement too large, value for a generated column.
  ['record', [1118, 1153, 1265, 1364, 1366, 1906, 3105]],
];

const faults: ReadonlyMap<number, SqlFault> = new Map(
  numbers.flatMap(([fault, all]) => all.map((number) => [number, fault] as const)),
);

const remedies: Readonly<Record<string, string>> = {
  ER_ACCESS_DENIED_ERROR: 'check connection.user and connection.password',
  ER_DBACCESS_DENIED_ERROR: 'GRANT the database to connection.user',
  ER_BAD_DB_ERROR: 'check the name of the database in connection.url',
  ER_TABLEACCESS_DENIED_ERROR: 'GRANT the privilege to connection.user',
  ER_NET_PACKET_TOO_LARGE: 'raise max_allowed_packet of the server',
  ECONNREFUSED: 'check host and port in connection.url, and that the server runs',
  ENOTFOUND: 'check the host in connection.url',
};

export function toSqlError(error: unknown, where?: string): SqlError {
  if (error instanceof SqlError) return error;
  const { code, errno, sqlState } = partsOf(error);
  const remedy = remedies[code];
  const message = `${where === undefined ? '' : `cannot connect to ${where}: `}${messageOf(error) || code}${remedy === undefined ? '' : ` (${remedy})`}`;
  return new SqlError(faultOf(code, errno, sqlState), code, message, { cause: error });
}

function faultOf(code: string, errno: number | undefined, sqlState: string): SqlFault {
  const known = errno === undefined ? undefined : faults.get(errno);
  if (known) return known;
  // Data exceptions, violated constraints, what a trigger signals.
  if (/^(22|23|45)/.test(sqlState)) return 'record';
  if (sqlState.startsWith('40')) return 'conflict';
  if (sqlState.startsWith('08') || isNetworkCode(code)) return 'connection';
  return 'refused';
}

function partsOf(error: unknown): { code: string; errno: number | undefined; sqlState: string } {
  if (typeof error !== 'object' || error === null)
    return { code: '', errno: undefined, sqlState: '' };
  const { code, errno, sqlState } = error as Record<string, unknown>;
  return {
    code: typeof code === 'string' ? code : '',
    // Those of Node.js are negative.
    errno: typeof errno === 'number' && errno > 0 ? errno : undefined,
    sqlState: typeof sqlState === 'string' ? sqlState : '',
  };
}
