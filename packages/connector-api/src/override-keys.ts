/** What bounds what a task has under way: settings of Kafka's clients that a definition may override, and our own. */
import type { ConfigKey } from './config-def.ts';

function bound(name: string, documentation: string): ConfigKey {
  return {
    name,
    type: 'INT',
    required: false,
    defaultValue: null,
    importance: 'LOW',
    group: 'Common',
    width: 'SHORT',
    displayName: name,
    rules: { min: 1 },
    documentation,
  };
}

export const SINK_BOUND_KEYS: readonly ConfigKey[] = [
  bound('consumer.override.max.poll.records', 'At most so many records in one put. Default 500.'),
  bound(
    'consumer.override.fetch.max.bytes',
    'So many bytes are read ahead, for all partitions of a task. Default 4 MiB.',
  ),
];

export const SOURCE_BOUND_KEYS: readonly ConfigKey[] = [
  bound(
    'producer.override.buffer.memory',
    'With so many bytes polled and not acknowledged a task polls no more. Default 8 MiB.',
  ),
  bound(
    'sluice.records.in.flight.max',
    'With so many records polled and not acknowledged a task polls no more. Default 10000.',
  ),
];
