/** A connection to the record log for the length of one command. */
import type { RedisLog } from '@sluice/record-log-redis';

import type { Io } from './io.ts';
import { type GlobalOptions, parseWholeNumber } from './options.ts';

const limitMs = 3_000;
const hourMs = 3_600_000;

/** Runs `action` on a client of its own, closed before this returns. @throws SluiceError `log.…`. */
export async function withLog<Result>(
  { env }: Io,
  { logRedisUrl, cluster }: GlobalOptions,
  action: (log: RedisLog) => Promise<Result>,
): Promise<Result> {
  // Loaded here, since most commands need no log.
  const { RedisLog } = await import('@sluice/record-log-redis');
  const variable = 'SLUICE_LOG_GROUP_RETENTION_HOURS';
  const retentionHours = env[variable]?.trim();
  const log = new RedisLog({
    url: logRedisUrl,
    cluster,
    clientId: 'cli',
    connectTimeoutMs: limitMs,
    requestTimeoutMs: limitMs,
    // As the workers': it decides which groups are shown as expired.
    ...(retentionHours
      ? { groupRetentionMs: Math.max(1, parseWholeNumber(retentionHours, variable)) * hourMs }
      : {}),
  });
  try {
    await log.start();
    return await action(log);
  } finally {
    await log.stop();
  }
}
