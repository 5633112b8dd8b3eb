/** What an error of a database means for whoever asked it, whichever driver it came from. */

/**
 * `connection`: the connection is not there (any more), or the statement may succeed if all of it is done again;
 * `conflict`: others were in the way: deadlock, serialization failure, lock not had in time;
 * `table`: the table is not what it was;
 * `record`: the data are at fault;
 * `refused`: somebody has to change something: password, privileges, a setting.
 */
export type SqlFault = 'connection' | 'conflict' | 'table' | 'record' | 'refused';

export class SqlError extends Error {
  override readonly name = 'SqlError';
  readonly fault: SqlFault;
  /** SQLSTATE, or the driver's. */
  readonly code: string;

  constructor(fault: SqlFault, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
    this.code = code;
  }
}

/** That which is worth trying again. */
export function isTemporary(error: unknown): boolean {
  return error instanceof SqlError && (error.fault === 'connection' || error.fault === 'conflict');
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Of Node.js, for sockets and names. */
export function isNetworkCode(code: string): boolean {
  return /^(E(CONN|PIPE|HOST|NET|TIMEDOUT|AI_AGAIN|NOTFOUND|ADDR)|PROTOCOL_|UND_)/.test(code);
}
