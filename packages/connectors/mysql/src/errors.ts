/** What went wrong at the database, in words that say what to do, and whether to try again. */
import { ConnectError, RetriableError } from '@sluice/connector-api';

/** Where a connection goes; never the password. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/** Of the network, the driver and the server: what passes by itself. */
const passingCodes = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_CON_COUNT_ERROR',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_QUERY_INTERRUPTED',
  'ER_NET_READ_ERROR',
  'ER_NET_READ_INTERRUPTED',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_USER_LIMIT_REACHED',
]);

const droppedConnection =
  /Can't add new command when connection is in closed state|Connection lost|connection was cut/i;

export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  // A connection that was tried at several addresses.
  if (error instanceof AggregateError && !('code' in error)) return codeOf(error.errors[0]);
  return 'code' in error ? String(error.code) : '';
}

export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return passingCodes.has(codeOf(error)) || droppedConnection.test(error.message);
}

/** As it is told and thrown; errors of this package stay what they are. */
export function connectErrorOf(error: unknown, target: Target): ConnectError {
  if (error instanceof ConnectError) return error;
  const text = `MySQL at ${target.host}:${String(target.port)}: ${explanation(error, target)}`;
  // Neither the statement nor the cause, which may have values of rows.
  return isPassing(error) ? new RetriableError(text) : new ConnectError(text);
}

/** What happened and what to do about it, for the errors that people meet. */
export function explanation(error: unknown, { host, port, user }: Target): string {
  const message = error instanceof Error ? error.message || codeOf(error) : String(error);
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
      return `nothing listens on ${host}:${String(port)}; check database.hostname and database.port, and that the server runs`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host ${host} is not known; check database.hostname`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `the host ${host} cannot be reached; check database.hostname and the network between`;
    case 'ER_ACCESS_DENIED_ERROR':
      return `the user ${user} or its password is wrong, or it may not log in from here; check database.user and database.password`;
    case 'ER_HOST_NOT_PRIVILEGED':
    case 'ER_HOST_IS_BLOCKED':
      return `this host may not connect (${message}); check the host part of the user ${user}`;
    case 'ER_DBACCESS_DENIED_ERROR':
    case 'ER_TABLEACCESS_DENIED_ERROR':
    case 'ER_SPECIFIC_ACCESS_DENIED_ERROR':
    case 'ER_COLUMNACCESS_DENIED_ERROR':
      return `user ${user} lacks a privilege: ${message}`;
    case 'HANDSHAKE_NO_SSL_SUPPORT':
      return 'the server takes no encrypted connections; set database.ssl.mode to disabled or preferred';
    default:
      return message;
  }
}
