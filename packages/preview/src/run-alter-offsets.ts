/** Asks a connector whether its offsets may be changed. */
import type {
  AlteredSinkOffset,
  AlteredSourceOffset,
  ConnectorConfig,
  ConnectorPlugin,
} from '@sluice/connector-api';
import { toError, withoutValues } from '@sluice/kernel';
import type { ResolveConfig } from '@sluice/runtime/references';

import type { OffsetsAnswer } from './offset-messages.ts';
import { beforeEnd, secretsIn, silent } from './plugin-call.ts';

/** As Kafka Connect's API has it. */
export interface GivenOffset {
  readonly partition: Readonly<Record<string, unknown>>;
  readonly offset: Readonly<Record<string, unknown>> | null;
}

/** Never rejects, and does not wait for code that ignores the signal. */
export async function runAlterOffsets(
  plugin: ConnectorPlugin,
  defined: ConnectorConfig,
  offsets: readonly GivenOffset[],
  resolve: ResolveConfig,
  signal: AbortSignal,
): Promise<OffsetsAnswer> {
  let hidden = secretsIn(plugin.configDef.keys, defined);
  try {
    const { config, values } = await beforeEnd(signal, () => resolve(defined));
    hidden = { ...secretsIn(plugin.configDef.keys, config), ...values };
    const isAll: unknown = await beforeEnd(signal, async () =>
      ask(plugin, config, offsets, signal),
    );
    if (typeof isAll === 'boolean') return { kind: 'taken', isAll };
    throw new Error('its alterOffsets has to return true or false');
  } catch (error) {
    if (signal.aborted) return { kind: 'refused', isLate: true, message: '' };
    const message = withoutValues(toError(error).message, hidden);
    return { kind: 'refused', isLate: false, message };
  }
}

function ask(
  plugin: ConnectorPlugin,
  config: ConnectorConfig,
  offsets: readonly GivenOffset[],
  signal: AbortSignal,
): boolean | Promise<boolean> {
  const context = { logger: silent, signal };
  if (plugin.type === 'sink')
    return plugin.alterOffsets?.(config, offsets.map(ofSink), context) ?? true;
  return plugin.alterOffsets?.(config, offsets as readonly AlteredSourceOffset[], context) ?? true;
}

function ofSink({ partition, offset }: GivenOffset): AlteredSinkOffset {
  return {
    topic: String(partition['kafka_topic']),
    partition: Number(partition['kafka_partition']),
    offset: offset === null ? null : Number(offset['kafka_offset']),
  };
}
