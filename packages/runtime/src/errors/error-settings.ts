/** The keys of a connector that say what happens to records that fail. */
import {
  ConfigError,
  type ConfigType,
  type ConnectorConfig,
  parseConfigValue,
} from '@sluice/connector-api';

import type { ErrorPolicy } from './decide-failure.ts';

export interface DeadLetterSettings {
  readonly topic: string;
  readonly replicationFactor: number;
  /** Letters carry headers that say where and why the record failed. */
  readonly hasContextHeaders: boolean;
}

export interface ErrorSettings extends ErrorPolicy {
  readonly isLogged: boolean;
  /** The log says which record it was. */
  readonly isRecordLogged: boolean;
  /** Undefined: records that failed are not kept. */
  readonly deadLetters: DeadLetterSettings | undefined;
  /** Sink: a batch that `put` refuses for good is searched for the records that it refuses. */
  readonly isPutSearched: boolean;
  /** So many of them in one batch at most; more fail the task. */
  readonly refusedByPutMax: number;
}

/** @throws ConfigError that names the key. */
export function errorSettingsOf(config: ConnectorConfig): ErrorSettings {
  const read = (key: string, type: ConfigType, otherwise: string): unknown => {
    const parsed = parseConfigValue(type, config[key] ?? otherwise);
    if ('value' in parsed) return parsed.value;
    throw new ConfigError([{ key, message: `Invalid value for configuration ${key}` }]);
  };
  const topic = (config['errors.deadletterqueue.topic.name'] ?? '').trim();
  return {
    tolerance: (config['errors.tolerance'] ?? 'none').trim() === 'all' ? 'all' : 'none',
    retryTimeoutMs: Number(read('errors.retry.timeout', 'LONG', '0')),
    retryDelayMaxMs: Number(read('errors.retry.delay.max.ms', 'LONG', '60000')),
    isLogged: read('errors.log.enable', 'BOOLEAN', 'false') === true,
    isRecordLogged: read('errors.log.include.messages', 'BOOLEAN', 'false') === true,
    deadLetters:
      topic === ''
        ? undefined
        : {
            topic,
            replicationFactor: Number(
              read('errors.deadletterqueue.topic.replication.factor', 'SHORT', '3'),
            ),
            hasContextHeaders:
              read('errors.deadletterqueue.context.headers.enable', 'BOOLEAN', 'false') === true,
          },
    isPutSearched: read('errors.deadletterqueue.put.enable', 'BOOLEAN', 'false') === true,
    refusedByPutMax: Number(read('errors.deadletterqueue.put.records.max', 'INT', '100')),
  };
}
