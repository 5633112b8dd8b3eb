/**
 * The way back: task configurations that a connector made of a resolved configuration, with references in place of what
 * they stand for, so that they can be stored.
 */
import { ConnectError, type ConnectorConfig, hasReference } from '@sluice/connector-api';

import type { ResolvedConfig } from './resolve-config.ts';

/** Shorter ones ("1", "on") stand in values that have nothing to do with them. */
const charactersMin = 4;

/**
 * `raw`: the connector's configuration, as defined. Kafka Connect maps back by key alone; here a value is found under
 * any key, and within others.
 * @throws ConnectError for a value in which a secret stands in another form, which would be stored as it is.
 */
export function withReferences(
  generated: ConnectorConfig,
  raw: ConnectorConfig,
  { config, values }: ResolvedConfig,
): ConnectorConfig {
  // The longest first: another one may be a part of it.
  const found = Object.entries(values)
    .filter(([, value]) => value.length >= charactersMin)
    .toSorted(([, a], [, b]) => b.length - a.length);
  return Object.fromEntries(
    Object.entries(generated).map(([key, value]) => {
      const defined = raw[key];
      const isSame = value.trim() === config[key]?.trim();
      if (defined !== undefined && hasReference(defined) && isSame) return [key, defined];
      return [key, found.reduce((rest, each) => mappedBack(key, rest, each), value)];
    }),
  );
}

function mappedBack(key: string, text: string, [name, value]: readonly [string, string]): string {
  const escaped = JSON.stringify(value).slice(1, -1);
  if (escaped !== value && text.includes(escaped))
    throw new ConnectError(
      `the connector put what \${${name}} stands for into ${key} of a task's configuration as JSON, where it would be stored: ` +
        'let it leave secrets where they are, or choose one without quotes, backslashes and control characters',
    );
  return text.replaceAll(value, () => `\${${name}}`);
}
