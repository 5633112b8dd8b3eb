/** PostgreSQL's errors, by SQLSTATE. Details are left out: they may repeat the row. */
import { isNetworkCode, messageOf, SqlError, type SqlFault } from '../sql-error.ts';

const faults: Readonly<Record<string, SqlFault>> = {
  // Serialization failure, deadlock, lock or statement not in time.
  '40001': 'conflict',
  '40P01': 'conflict',
  '55P03': 'conflict',
  '57014': 'conflict',
  // Shutting down, starting up, too many connections, out of memory or disk: some time it is better.
  '57P01': 'connection',
  '57P02': 'connection',
  '57P03': 'connection',
  '57P05': 'connection',
  '25P03': 'connection',
  '53000': 'connection',
  '53100': 'conflict',
  '53200': 'conflict',
  '53300': 'connection',
  // A primary that has become a standby.
  '25006': 'connection',
  // Undefined table or column, changed plan, column without a matching unique index, NOT NULL that was not there.
  '42P01': 'table',
  '42703': 'table',
  '42704': 'table',
  '0A000': 'table',
  // Of a type that the text has no cast to; what a trigger raises; too large a row or index entry.
  '42804': 'record',
  '42846': 'record',
  P0001: 'record',
  '44000': 'record',
  '54000': 'record',
  '428C9': 'record',
};

const remedies: Readonly<Record<string, string>> = {
  '28P01': 'check connection.user and connection.password',
  '28000': 'check connection.user, connection.password and pg_hba.conf of the server',
  '3D000': 'check the name of the database in connection.url',
  '42501': 'GRANT the privilege to connection.user',
  '42P10': 'pk.fields have to be the columns of the primary key or of a unique index',
  ECONNREFUSED: 'check host and port in connection.url, and that the server runs',
  ENOTFOUND: 'check the host in connection.url',
};

export function toSqlError(error: unknown, where?: string): SqlError {
  if (error instanceof SqlError) return error;
  const code = codeOf(error);
  const fault = faultOf(code, error);
  const remedy = remedies[code];
  const message = `${where === undefined ? '' : `cannot connect to ${where}: `}${messageOf(error) || code}${remedy === undefined ? '' : ` (${remedy})`}`;
  return new SqlError(fault, code, message, { cause: error });
}

function faultOf(code: string, error: unknown): SqlFault {
  const known = faults[code];
  if (known) return known;
  // Data exceptions, violated constraints, too many rows.
  if (/^(22|23|21)/.test(code)) return 'record';
  if (code.startsWith('08') || isNetworkCode(code)) return 'connection';
  if (/^[0-9A-Z]{5}$/.test(code)) return 'refused';
  // What `pg` says of its connection has no code.
  const text = messageOf(error);
  return /terminated|timeout|timed out|Connection|closed|not queryable|socket/i.test(text)
    ? 'connection'
    : 'refused';
}

function codeOf(error: unknown): string {
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
