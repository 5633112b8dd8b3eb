/**
 * What the processes that run connector code for this coordinator are given. Which plugins there are is found out in
 * threads, as on workers: a module that blocks, exits or never ends costs nobody but itself.
 */
import { type ProviderSettings, pluginEnvironment } from '@sluice/config-providers';
import { type Logger, type Service, systemClock } from '@sluice/kernel';
import { type PluginInventory, PluginPath, specifierOf } from '@sluice/runtime';

export interface PluginSettings {
  /** Paths, or names of installed packages. */
  readonly plugins: readonly string[];
  /** Directories of packages. */
  readonly pluginPath: readonly string[];
  readonly pluginLookMs: number;
  /** What references stand for. */
  readonly providers: ProviderSettings;
}

const builtIn = [
  '@sluice/connector-bullmq',
  '@sluice/connector-file',
  '@sluice/connector-verifiable',
];
/** For one module. */
const scanLimitMs = 20_000;
/** Whoever asks before all was scanned once. */
const waitLimitMs = 10_000;

export class CoordinatorPlugins implements Service {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly #path: PluginPath;
  readonly #logger: Logger;
  #scanned: Promise<void> | undefined;

  constructor({ plugins, pluginPath, pluginLookMs, providers }: PluginSettings, logger: Logger) {
    this.#logger = logger;
    this.environment = pluginEnvironment(providers);
    this.#path = new PluginPath({
      modules: [...builtIn.map((each) => import.meta.resolve(each)), ...plugins.map(specifierOf)],
      directories: pluginPath,
      lookEveryMs: pluginLookMs,
      scanLimitMs,
      environment: this.environment,
      clock: systemClock,
      onChange: (inventory) => this.#tellFailures(inventory),
    });
  }

  /** Does not wait for the scan: who leads, and answers, need not know plugins. */
  async start(): Promise<void> {
    this.#scanned ??= this.#path.start().then(() => this.#tellFailures(this.#path.inventory));
  }

  async stop(): Promise<void> {
    await this.#path.stop();
    await this.#scanned;
  }

  /** As far as it is known, after a first scan that goes on for long. */
  async inventory(): Promise<PluginInventory> {
    const stopWaiting = new AbortController();
    const waited = systemClock.sleep(waitLimitMs, stopWaiting.signal).catch(() => {});
    await Promise.race([this.#scanned, waited]);
    stopWaiting.abort();
    return this.#path.inventory;
  }

  #tellFailures({ failures }: PluginInventory): void {
    for (const { error } of failures)
      this.#logger.warn({ error }, 'no preview or validation has the plugins of a module');
  }
}
