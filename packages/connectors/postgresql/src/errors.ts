/** What went wrong at the database, in words that say what to do, and whether to try again. */
import { ConnectError, RetriableError } from '@sluice/connector-api';

/** Where a connection goes; never the password. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

const networkCodes = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** States of SQL that pass: connections, resources, shutdowns, conflicts, objects in use. */
const passingStates = /^(?:08|53|57P0|58|40|55006|55P03|57014|XX000$)/;

const droppedConnection =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|socket (?:hang up|disconnected)/i;

export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  return (
    networkCodes.has(code) || passingStates.test(code) || droppedConnection.test(error.message)
  );
}

export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  // A connection that was tried at several addresses.
  if (error instanceof AggregateError && !('code' in error)) return codeOf(error.errors[0]);
  return 'code' in error ? String(error.code) : '';
}

/** As it is told and thrown; errors of this package stay what they are. */
export function connectErrorOf(error: unknown, target: Target): ConnectError {
  if (error instanceof ConnectError) return error;
  const text = `PostgreSQL at ${target.host}:${String(target.port)}, database ${target.database}: ${explanation(error, target)}`;
  // Neither the statement nor the detail, which may have values of rows.
  return isPassing(error) ? new RetriableError(text) : new ConnectError(text);
}

/** What happened and what to do about it, for the errors that people meet. */
export function explanation(error: unknown, { database, host, port, user }: Target): string {
  const message = error instanceof Error ? error.message || codeOf(error) : String(error);
  if (/client password must be/.test(message))
    return `user ${user} needs a password; set database.password`;
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
    case '28P01':
      return `the password of user ${user} is wrong; check database.user and database.password`;
    case '28000':
      return `user ${user} may not log in from here (${message}); check database.user and pg_hba.conf`;
    case '3D000':
      return `there is no database ${database}; check database.dbname`;
    case '42501':
      return `user ${user} lacks a privilege: ${message}`;
    default:
      return message;
  }
}
