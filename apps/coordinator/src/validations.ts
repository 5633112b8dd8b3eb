/**
 * What plugins check with code of their own, before a definition is stored. Each run is a process of its own, with a
 * limit of time and memory and a low priority. At most `max` at a time; a few more wait for their turn.
 */
import type { ProviderSettings } from '@sluice/config-providers';
import { hasReferences } from '@sluice/connector-api';
import { type Clock, type Logger, systemClock } from '@sluice/kernel';
import { type Validation, validateInProcess } from '@sluice/preview';
import { ApiError, type CheckedConfig, type RunValidations } from '@sluice/rest-api';

import type { CoordinatorPlugins } from './plugin-processes.ts';

export interface ValidationsOptions {
  readonly max: number;
  /** For the code of one plugin. */
  readonly timeoutMs: number;
  readonly plugins: Pick<CoordinatorPlugins, 'environment' | 'inventory'>;
  /** What references stand for; without any, a definition with references is not checked by code. */
  readonly providers: ProviderSettings;
  readonly logger: Logger;
  /** Default: in a process. */
  readonly validate?: typeof validateInProcess;
  readonly clock?: Clock;
}

const waitingMax = 32;
const waitLimitMs = 15_000;

type Answer = Awaited<ReturnType<RunValidations>>[number];

export class Validations {
  readonly #options: ValidationsOptions;
  readonly #stopping = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: ValidationsOptions) {
    this.#options = options;
  }

  /** @throws ApiError 500 that names the connector, or 503 when too many wait. */
  async run(configs: readonly CheckedConfig[]): Promise<readonly Answer[]> {
    // Only workers may know what references stand for.
    const isKnown = this.#options.providers.providers.length > 0;
    const checked = configs.filter(({ config }) => isKnown || !hasReferences(config));
    if (checked.length === 0) return configs.map(() => undefined);
    const answers = await this.#inTurn(checked);
    const byConfig = new Map(checked.map((config, index) => [config, answers[index]]));
    return configs.map((config) => byConfig.get(config));
  }

  async #inTurn(configs: readonly CheckedConfig[]): Promise<readonly Answer[]> {
    await this.#turn();
    try {
      const { plugins, providers, timeoutMs, validate = validateInProcess } = this.#options;
      const { index } = await plugins.inventory();
      const task = { index, configs, providers, timeoutMs };
      const { environment } = plugins;
      const { signal } = this.#stopping;
      const validations = await validate(task, { environment, signal });
      return validations.map((validation, at) =>
        this.#answer(validation, configs[at]?.config ?? {}),
      );
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Kills what runs. */
  stop(): void {
    this.#stopping.abort();
  }

  async #turn(): Promise<void> {
    if (this.#running >= this.#options.max) {
      if (this.#waiting.length >= waitingMax)
        throw busy(`${waitingMax} validations wait already; try again`);
      await this.#waitForTurn();
    }
    this.#running += 1;
  }

  async #waitForTurn(): Promise<void> {
    const { clock = systemClock } = this.#options;
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(waitLimitMs, () => {
      this.#waiting.splice(this.#waiting.indexOf(resolve), 1);
      reject(busy(`other validations took ${waitLimitMs} ms and more; try again`));
    });
    this.#waiting.push(resolve);
    try {
      await promise;
    } finally {
      timer.cancel();
    }
  }

  #answer(validation: Validation, config: CheckedConfig['config']): Answer {
    const { logger, timeoutMs } = this.#options;
    const { name = '', 'connector.class': className = '' } = config;
    switch (validation.kind) {
      case 'validated':
        return validation;
      case 'unknown':
        logger.warn(
          { connector: name, class: className },
          'only workers have all the plugins, in their versions, that this definition names: what code checks is not checked before it starts. Name their modules in SLUICE_PLUGINS of the coordinator, or their directories in SLUICE_PLUGIN_PATH, too',
        );
        return undefined;
      case 'failed': {
        const of = `validation of connector ${name || '(without a name)'} (${className})`;
        const message = validation.isLate
          ? `Request timed out. The ${of} did not end within ${timeoutMs} ms and was given up: its code waits for something, or blocks its thread`
          : `The ${of} failed: ${validation.message}`;
        const code = validation.isLate ? 'validation.timeout' : 'validation.failed';
        throw new ApiError(500, message, { extra: { code } });
      }
      default:
        return validation satisfies never;
    }
  }
}

function busy(message: string): ApiError {
  return new ApiError(503, message, {
    extra: { code: 'validation.busy' },
    headers: { 'retry-after': '5' },
  });
}
