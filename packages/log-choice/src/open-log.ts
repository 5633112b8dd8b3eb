import type { Clock, Logger } from '@sluice/kernel';
import type { RecordLog } from '@sluice/record-log';
import type { RedisLog } from '@sluice/record-log-redis';

import type { LogSettings } from './settings.ts';

export interface OpenLogOptions {
  /** Name of the Sluice cluster. */
  readonly cluster: string;
  /** Seen by the server: `worker-1/shared-0`. */
  readonly clientId: string;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly connectTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
}

/**
 * A client of the log that the settings choose, not started yet. Only its own adapter is loaded.
 * @throws SluiceError `log.bad_file` if a file that the settings name cannot be read (any more).
 */
export function openLog(
  settings: Extract<LogSettings, { kind: 'redis' }>,
  options: OpenLogOptions,
): Promise<RedisLog>;
export function openLog(settings: LogSettings, options: OpenLogOptions): Promise<RecordLog>;
export async function openLog(settings: LogSettings, options: OpenLogOptions): Promise<RecordLog> {
  switch (settings.kind) {
    case 'redis': {
      const { RedisLog } = await import('@sluice/record-log-redis');
      return new RedisLog({ ...settings.redis, ...options });
    }
    case 'kafka': {
      const { KafkaLog, kafkaLogOptions } = await import('@sluice/record-log-kafka');
      return new KafkaLog(kafkaLogOptions(settings.kafka, options));
    }
  }
}
