/**
 * What the processes that run connector code for this coordinator are given. Which plugins there are is found out in
 * threads, as on workers: a module that blocks, exits or never ends costs nobody but itself.
 */
import { builtInConnectors } from '@sluice/built-in';
import { pluginEnvironment } from '@sluice/config-providers';
import { type Logger, type Service, systemClock } from '@sluice/kernel';
import { type PluginInventory, PluginPath, specifierOf } from '@sluice/runtime';

export interface PluginSettings {
  /** Paths, or names of installed packages. */
  readonly plugins: readonly string[];
  /** Directories of packages. */
  readonly pluginPath: readonly string[];
  readonly pluginLookMs: number;
}

export interface CoordinatorInventory extends PluginInventory {
  /** Everything has been scanned once. */
  readonly isComplete: boolean;
}

/** Whoever asks before all was scanned once. */
const waitLimitMs = 10_000;

export class CoordinatorPlugins implements Service {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly #path: PluginPath;
  readonly #logger: Logger;
  #scanned: Promise<void> | undefined;
  #isComplete = false;

  constructor({ plugins, pluginPath, pluginLookMs }: PluginSettings, logger: Logger) {
    this.#logger = logger;
    this.environment = pluginEnvironment();
    this.#path = new PluginPath({
      modules: [...builtInConnectors(), ...plugins.map(specifierOf)],
      directories: pluginPath,
      lookEveryMs: pluginLookMs,
      environment: this.environment,
      clock: systemClock,
      onChange: (inventory) => this.#tellFailures(inventory),
    });
  }

  /** Does not wait for the scan: who leads, and answers, need not know plugins. */
  async start(): Promise<void> {
    this.#scanned ??= this.#path.start().then(() => {
      this.#isComplete = true;
      this.#tellFailures(this.#path.inventory);
    });
  }

  async stop(): Promise<void> {
    await this.#path.stop();
    await this.#scanned;
  }

  /** As far as it is known, after a first scan that goes on for long. */
  async inventory(): Promise<CoordinatorInventory> {
    const stopWaiting = new AbortController();
    const waited = systemClock.sleep(waitLimitMs, stopWaiting.signal).catch(() => {});
    await Promise.race([this.#scanned, waited]);
    stopWaiting.abort();
    return { ...this.#path.inventory, isComplete: this.#isComplete };
  }

  #tellFailures({ failures }: PluginInventory): void {
    for (const { error } of failures)
      this.#logger.warn({ error }, 'no preview or validation has the plugins of a module');
  }
}
