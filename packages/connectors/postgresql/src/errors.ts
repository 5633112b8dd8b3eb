/** What went wrong at the database, in words that say what to do, and whether to try again. */
import { ConnectError, RetriableError } from '@sluice/connector-api';

/** Where a connection goes; never the password. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** States of SQL that pass: connections, resources (but for limits of the configuration), shutdowns, conflicts, use. */
const passingStates = /^(?:08|53[0-3]|57P0|58|40|55006|55P03|57014|XX000$)/;
const sqlState = /^[0-9A-Z]{5}$/;

/** Of what the driver and the network say: files, certificates and encryption do not mend by themselves. */
const lastingCodes =
  /^(?:ENOENT|EACCES|EISDIR|ERR_(?:TLS|SSL|OSSL)|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH)/;
const lastingMessages = /does not support SSL|client password must be/;

/** Of an error of the driver. What the server did not say is a connection that was lost, refused or too slow, mostly. */
export function isPassing(error: unknown): boolean {
  // Others are mistakes in code.
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError)
    return false;
  const code = codeOf(error);
  // Codes of systems look like states of SQL: EPIPE has five letters.
  if (sqlState.test(code) && 'severity' in error) return passingStates.test(code);
  return !lastingCodes.test(code) && !lastingMessages.test(error.message);
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  // A connection that was tried at several addresses.
  if (error instanceof AggregateError && !('code' in error)) return codeOf(error.errors[0]);
  return 'code' in error ? String(error.code) : '';
}

/** Changes that come next were made while there was no publication, and a new one does not help: they are lost. */
export class PublicationGone extends ConnectError {
  constructor(message: string) {
    super(
      `${message} for changes that come next from the slot, so that they cannot be read, also if it is made again. Set snapshot.mode to when_needed, which makes a new slot and reads the tables again, or delete the offsets and drop the slot (SELECT pg_drop_replication_slot('…'))`,
    );
  }
}

function isOfPublication(error: unknown): error is Error {
  return (
    error instanceof Error && codeOf(error) === '42704' && error.message.startsWith('publication ')
  );
}

/** As it is told and thrown; errors of this package stay what they are. */
export function connectErrorOf(error: unknown, target: Target): ConnectError {
  if (error instanceof ConnectError) return error;
  if (isOfPublication(error)) return new PublicationGone(error.message);
  const text = `PostgreSQL at ${target.host}:${String(target.port)}, database ${target.database}: ${explanation(error, target)}`;
  // Neither the statement nor the detail, which may have values of rows.
  return isPassing(error) ? new RetriableError(text) : new ConnectError(text);
}

/** What happened and what to do about it, for the errors that people meet. */
function explanation(error: unknown, { database, host, port, user }: Target): string {
  const message = error instanceof Error ? error.message || codeOf(error) : String(error);
  if (/client password must be/.test(message))
    return `user ${user} needs a password; set database.password`;
  const code = codeOf(error);
  if (lastingCodes.test(code))
    return `the encrypted connection cannot be made: ${message}; check the certificate of the server, database.sslrootcert and database.sslmode`;
  switch (code) {
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
      return `the password of user ${user} is wrong; check database.password and database.user`;
    case '28000':
      return `user ${user} may not log in from here (${message}); check database.user and pg_hba.conf`;
    case '3D000':
      return `there is no database ${database}; check database.dbname`;
    case '53400':
      return `a limit of the server's configuration is reached: ${message}; raise it (max_replication_slots, max_wal_senders), or drop slots that nobody needs`;
    case '42501':
      return `user ${user} lacks a privilege: ${message}`;
    default:
      return message;
  }
}
