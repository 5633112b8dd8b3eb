/** How much of a task may be under way, in records and bytes: what its definition says, else what the worker does. */
import { ConfigError, type ConnectorConfig, parseConfigValue } from '@sluice/connector-api';

import type { CompiledRuntimeOptions } from './options.ts';

export interface SinkBounds {
  /** In one `put`. */
  readonly pollRecordsMax: number;
  /** Read ahead; undefined: the log's own bound. */
  readonly prefetchBytesMax: number | undefined;
}

/** @throws ConfigError */
export function sinkBoundsOf(config: ConnectorConfig, options: CompiledRuntimeOptions): SinkBounds {
  return {
    pollRecordsMax:
      positive(config, 'consumer.override.max.poll.records') ?? options.sinkBatchRecordsMax,
    prefetchBytesMax:
      positive(config, 'consumer.override.fetch.max.bytes') ?? options.sinkPrefetchBytesMax,
  };
}

export interface SourceBounds {
  /** Polled and not acknowledged, before polling waits. */
  readonly recordsInFlightMax: number;
  readonly bytesInFlightMax: number;
}

/** @throws ConfigError */
export function sourceBoundsOf(
  config: ConnectorConfig,
  options: CompiledRuntimeOptions,
): SourceBounds {
  return {
    recordsInFlightMax:
      positive(config, 'sluice.records.in.flight.max') ?? options.recordsInFlightMax,
    bytesInFlightMax:
      positive(config, 'producer.override.buffer.memory') ?? options.bytesInFlightMax,
  };
}

/** ms; undefined: as often as offsets are stored. */
export function boundaryIntervalOf(config: ConnectorConfig): number | undefined {
  const parsed = parseConfigValue('LONG', config['transaction.boundary.interval.ms'] ?? '');
  const value = 'value' in parsed && parsed.value !== null ? Number(parsed.value) : Number.NaN;
  return value >= 0 ? value : undefined;
}

function positive(config: ConnectorConfig, key: string): number | undefined {
  const text = config[key];
  if (text === undefined) return undefined;
  const parsed = parseConfigValue('LONG', text);
  const value = 'value' in parsed ? Number(parsed.value) : Number.NaN;
  if (value >= 1) return value;
  throw new ConfigError([
    { key, message: `Invalid value ${text} for configuration ${key}: Value must be at least 1` },
  ]);
}
