/** A connection to the record log for the length of one command. */
import { SettingsReader } from '@sluice/kernel';
import type { LogSettings } from '@sluice/log-choice';
import type { RecordLog } from '@sluice/record-log';
import type { RedisLog } from '@sluice/record-log-redis';

import type { Io } from './io.ts';
import type { GlobalOptions } from './options.ts';

const limitMs = 3_000;

/** On Redis the log tells more than the port knows: bytes, who holds them, who reads. */
export type OpenedLog =
  | { readonly kind: 'redis'; readonly log: RedisLog }
  | { readonly kind: 'kafka'; readonly log: RecordLog };

/**
 * Runs `action` on a client of its own, closed before this returns. Which log is read from the same settings as
 * the workers'. @throws SluiceError `log.…`, `config.invalid`.
 */
export async function withLog<Result>(
  io: Io,
  global: GlobalOptions,
  action: (opened: OpenedLog) => Promise<Result>,
): Promise<Result> {
  // Loaded here, since most commands need no log.
  const { openLog } = await import('@sluice/log-choice');
  const settings = await logSettingsOf(io, global);
  const options = {
    cluster: global.cluster,
    clientId: 'cli',
    connectTimeoutMs: limitMs,
    requestTimeoutMs: limitMs,
  };
  const opened: OpenedLog =
    settings.kind === 'redis'
      ? { kind: 'redis', log: await openLog(settings, options) }
      : { kind: 'kafka', log: await openLog(settings, options) };
  try {
    await opened.log.start();
    return await action(opened);
  } finally {
    await opened.log.stop();
  }
}

/** @throws SluiceError `config.invalid`. */
export async function logSettingsOf(
  { env }: Pick<Io, 'env'>,
  { redisUrl }: Pick<GlobalOptions, 'redisUrl'>,
): Promise<LogSettings> {
  const { readLogSettings } = await import('@sluice/log-choice');
  const reader = new SettingsReader(env);
  const settings = readLogSettings(reader, redisUrl);
  reader.check();
  return settings;
}
