/** What source and sink tell of a database that cannot be reached, when a definition is validated. */
import type { ConfigProblem } from '@sluice/connector-api';
import { messageOf, SqlError } from '../sql-error.ts';

/** Less than a validation may take as a whole, ms. */
export const connectLimitMs = 3_000;

const passwordCodes = new Set(['28P01', '28000', 'ER_ACCESS_DENIED_ERROR']);

export function connectionProblem(error: unknown): ConfigProblem {
  const isPassword = error instanceof SqlError && passwordCodes.has(error.code);
  return {
    key: isPassword ? 'connection.password' : 'connection.url',
    message: messageOf(error),
  };
}
