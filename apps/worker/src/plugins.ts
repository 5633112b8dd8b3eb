/**
 * Which connector modules a worker has: those that come with it, the user's, and what is put into the plugin path, changed
 * or taken away while it runs. What does not load is told and announced, and keeps no worker from the rest.
 */
import { builtInConnectors, convertersWith } from '@sluice/built-in';
import { pluginEnvironment } from '@sluice/config-providers';
import { converterProblems } from '@sluice/converters';
import type { PluginInfo } from '@sluice/coordination';
import { type Logger, type Service, SluiceError, settingName, systemClock } from '@sluice/kernel';
import { type PluginIndex, type PluginInventory, PluginPath, specifierOf } from '@sluice/runtime';

import type { WorkerSettings } from './settings.ts';

export interface WorkerPluginsOptions {
  readonly settings: WorkerSettings;
  readonly logger: Logger;
  /** For what is started from now on. */
  readonly onInventory: (inventory: PluginInventory) => void;
  /** Those that run. */
  readonly tellExecutors: (index: PluginIndex) => void;
  /** To the cluster, once this worker has joined. */
  readonly announce: (plugins: readonly PluginInfo[]) => void;
}

export class WorkerPlugins implements Service {
  readonly #options: WorkerPluginsOptions;
  readonly #path: PluginPath;
  /** Failures that were told, as long as they stay as they are. */
  #told: ReadonlySet<string> = new Set();

  constructor(options: WorkerPluginsOptions) {
    this.#options = options;
    const { settings } = options;
    this.#path = new PluginPath({
      modules: pluginSpecifiers(settings.plugins),
      directories: settings.pluginPath,
      lookEveryMs: settings.pluginLookMs,
      environment: pluginEnvironment(),
      clock: systemClock,
      onChange: (inventory) => {
        this.#take(inventory);
        options.tellExecutors(inventory.index);
        options.announce(announced(inventory));
      },
    });
  }

  /** @throws SluiceError `config.invalid` if a converter that connectors inherit is of no plugin, or has wrong keys. */
  async start(): Promise<void> {
    await this.#path.start();
    this.#take(this.#path.inventory);
    checkInheritedConverters(this.#options.settings.workerConfig, this.#path.inventory);
  }

  async stop(): Promise<void> {
    await this.#path.stop();
  }

  get announced(): PluginInfo[] {
    return announced(this.#path.inventory);
  }

  /** An executor that was being started when they changed was told neither before nor then. */
  tellAgain(): void {
    if (this.#options.settings.pluginPath.length === 0) return;
    this.#options.tellExecutors(this.#path.inventory.index);
  }

  #take(inventory: PluginInventory): void {
    const known = this.#told;
    this.#told = new Set(inventory.failures.map(({ error }) => error));
    for (const { specifier, error } of inventory.failures) {
      if (!known.has(error)) this.#options.logger.error({ module: specifier }, error);
    }
    this.#options.onInventory(inventory);
  }
}

/** File URLs of paths, which are relative to where the worker was started; what is no path is an installed package. */
function pluginSpecifiers(userModules: readonly string[]): string[] {
  return [...builtInConnectors(), ...userModules.map(specifierOf)];
}

/** More would only make every worker's record large; the log has them all. */
const brokenMax = 100;

/** What the cluster is told: also what does not load, so that a definition's error can say why. */
function announced({ plugins, failures }: PluginInventory): PluginInfo[] {
  const broken = failures.slice(0, brokenMax).map(({ specifier, error }) => ({
    class: specifier,
    aliases: [],
    type: 'source' as const,
    version: '',
    configKeys: [],
    error,
  }));
  return [...plugins, ...broken];
}

/** @throws SluiceError `config.invalid` */
export function checkInheritedConverters(
  workerConfig: Readonly<Record<string, string>>,
  { plugins }: Pick<PluginInventory, 'plugins'>,
): void {
  const problems = converterProblems(workerConfig, convertersWith(plugins));
  if (problems.length === 0) return;
  const texts = problems.map(({ key, message }) => `SLUICE_${settingName(key)}: ${message}`);
  throw new SluiceError(
    'config.invalid',
    `${[...new Set(texts)].join('\n')}\nA class that does not come with Sluice has to be in a module of SLUICE_PLUGINS or a package of SLUICE_PLUGIN_PATH`,
  );
}
