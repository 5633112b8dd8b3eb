/** What a source needs of the record log and of the worker before it may run. */
import {
  ConfigError,
  exactlyOnceProblems,
  type SourcePlugin,
  unsupportedKeys,
} from '@sluice/connector-api';
import { SluiceError } from '@sluice/kernel';

import type { TaskRunContext } from './task-run.ts';

/**
 * Who has not asked before a definition was stored, or whose code said something else, is refused here.
 * @throws ConfigError, or SluiceError `log.no_transactions`
 */
export function assertExactlyOnce(
  plugin: SourcePlugin,
  { config, options }: Pick<TaskRunContext, 'config' | 'options'>,
): void {
  const { exactlyOnce } = options;
  const problems = [
    ...unsupportedKeys(config, { exactlyOnce }).filter(({ key }) => key === 'exactly.once.support'),
    ...exactlyOnceProblems(plugin, config),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  if (!exactlyOnce || options.log.capabilities.transactions) return;
  throw new SluiceError(
    'log.no_transactions',
    'sources are to be written exactly once (SLUICE_EXACTLY_ONCE_SOURCE_SUPPORT), and this record log has no transactions: use Kafka (KAFKA_BROKERS)',
  );
}

/**
 * What the plugin is told was acknowledged, it releases at the source. To be asked anew with each acknowledgement: the
 * log's server may have been started with other settings meanwhile. @throws SluiceError `log.not_durable`
 */
export function assertDurable(
  plugin: SourcePlugin,
  { options }: Pick<TaskRunContext, 'options'>,
): void {
  const { durability, meaning } = options.log.capabilities;
  if (!plugin.movesExternalCursor || durability === 'durable') return;
  throw new SluiceError(
    'log.not_durable',
    `${plugin.class} releases at its source what it has read, so the record log has to acknowledge durably, and this one does not. ${meaning}`,
  );
}
