/**
 * Kafka Connect's keys that are known but not supported yet. Ignoring one could write records that should
 * have been masked, or drop guarantees that a definition asks for, so a connector that sets one is refused.
 */
import { ConfigError, type ConfigProblem } from './errors.ts';
import { SINK_BOUND_KEYS, SOURCE_BOUND_KEYS } from './override-keys.ts';
import type { ConnectorConfig } from './task.ts';

/** By key: the values that ask for nothing. */
const withoutEffect: Readonly<Record<string, readonly string[]>> = {
  'offsets.storage.topic': [''],
  'topic.creation.groups': [''],
};

const notEnabled =
  'This worker does not have exactly-once source support enabled. Set SLUICE_EXACTLY_ONCE_SOURCE_SUPPORT=enabled of all ' +
  'workers and coordinators, which needs a Kafka log; with exactly.once.support=requested, or without it, each record ' +
  'is written at least once';

const prefixes = ['topic.creation.', 'producer.override.', 'consumer.override.', 'admin.override.'];

const supported = new Set([
  ...[...SINK_BOUND_KEYS, ...SOURCE_BOUND_KEYS].map(({ name }) => name),
  'consumer.override.group.id',
  'consumer.override.auto.offset.reset',
  'consumer.override.isolation.level',
]);

/** `exactlyOnce`: whether workers write records and offsets of sources together. */
export function unsupportedKeys(
  config: ConnectorConfig,
  { exactlyOnce = false }: { readonly exactlyOnce?: boolean | undefined } = {},
): ConfigProblem[] {
  return Object.entries(config).flatMap(([key, text]) => {
    const value = text.trim().toLowerCase();
    if (key === 'exactly.once.support')
      return value === 'required' && !exactlyOnce ? [{ key, message: notEnabled }] : [];
    return isUnsupported(key, value)
      ? [{ key, message: `Configuration ${key} is not supported yet: remove it` }]
      : [];
  });
}

/** @throws ConfigError that names every such key. */
export function assertSupported(config: ConnectorConfig): void {
  const problems = unsupportedKeys(config);
  if (problems.length > 0) throw new ConfigError(problems);
}

function isUnsupported(key: string, value: string): boolean {
  const harmless = withoutEffect[key];
  if (harmless) return !harmless.includes(value);
  return !supported.has(key) && prefixes.some((prefix) => key.startsWith(prefix));
}
