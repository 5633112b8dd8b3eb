/** Connecting with `connection.attempts`, in the middle of a task's work. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectError, RetriableError, type TaskLogger } from '@sluice/connector-api';
import type { Dialect, Session } from '../dialect.ts';
import { isTemporary, messageOf } from '../sql-error.ts';

/** How long one attempt may take, ms. */
const connectLimitMs = 10_000;

export interface ConnectSettings {
  readonly 'connection.attempts': number;
  readonly 'connection.backoff.ms': number;
}

/** @throws RetriableError when the server is away, ConnectError when it refuses us. */
export async function connect(
  dialect: Dialect,
  settings: ConnectSettings,
  { logger, signal }: { readonly logger: TaskLogger; readonly signal: AbortSignal },
): Promise<Session> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dialect.connect({ limitMs: connectLimitMs, signal });
    } catch (cause) {
      if (!isTemporary(cause)) throw new ConnectError(messageOf(cause), { cause });
      if (attempt >= settings['connection.attempts'] || signal.aborted)
        throw new RetriableError(messageOf(cause), { cause });
      logger.warn({ attempt, reason: messageOf(cause) }, 'cannot connect to the database yet');
      // Ends early when the task is stopped.
      await sleep(settings['connection.backoff.ms'], undefined, { signal }).catch(() => {});
    }
  }
}
