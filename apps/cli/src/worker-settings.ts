/** What a worker's environment says of definitions: for commands that run or judge one as a worker would. */
import { builtInConverters } from '@sluice/built-in';
import { type ProviderSettings, readProviderSettings } from '@sluice/config-providers';
import { readConverterSettings } from '@sluice/converters';
import { type Environment, SettingsReader } from '@sluice/kernel';

import type { GlobalOptions } from './options.ts';

export interface WorkerSettings {
  /** Converters and their keys that definitions inherit. */
  readonly workerConfig: Readonly<Record<string, string>>;
  /** What references stand for; with keys: not to be shown. */
  readonly providers: ProviderSettings;
}

/** @throws SluiceError `config.invalid` that lists every problem. */
export function workerSettings(
  env: Environment,
  { cluster, redisUrl }: GlobalOptions,
): WorkerSettings {
  const settings = new SettingsReader(env);
  const workerConfig = readConverterSettings(settings, builtInConverters);
  const providers = readProviderSettings(settings, { cluster, redisUrl });
  settings.check();
  return { workerConfig, providers };
}
