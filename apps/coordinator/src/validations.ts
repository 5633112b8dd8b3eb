/**
 * What plugins check with code of their own, before a definition is stored. Each run is a process of its own, with a
 * limit of time and memory and a low priority. At most `max` at a time; a few more wait for their turn.
 */
import type { ProviderSettings } from '@sluice/config-providers';
import { hasReferences } from '@sluice/connector-api';
import type { Clock, Logger } from '@sluice/kernel';
import { type Validation, validateInProcess } from '@sluice/preview';
import { ApiError, type CheckedConfig, type RunValidations } from '@sluice/rest-api';

import type { CoordinatorPlugins } from './plugin-processes.ts';
import { Turns } from './turns.ts';

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

type Answer = Awaited<ReturnType<RunValidations>>[number];

export class Validations {
  readonly #options: ValidationsOptions;
  readonly #stopping = new AbortController();
  readonly #turns: Turns;

  constructor(options: ValidationsOptions) {
    this.#options = options;
    const { clock, max } = options;
    this.#turns = new Turns({ max, what: 'validations', code: 'validation', clock });
  }

  /** @throws ApiError 500 that names the connector, or 503 when too many wait. */
  async run(configs: readonly CheckedConfig[]): Promise<readonly Answer[]> {
    // Only workers may know what references stand for.
    const isKnown = this.#options.providers.providers.length > 0;
    const checked = configs.filter(({ config }) => isKnown || !hasReferences(config));
    if (checked.length === 0) return configs.map(() => undefined);
    const answers = await this.#turns.take(() => this.#validate(checked));
    const byConfig = new Map(checked.map((config, index) => [config, answers[index]]));
    return configs.map((config) => byConfig.get(config));
  }

  async #validate(configs: readonly CheckedConfig[]): Promise<readonly Answer[]> {
    const { plugins, providers, timeoutMs, validate = validateInProcess } = this.#options;
    const { index, isComplete } = await plugins.inventory();
    const task = { index, configs, providers, timeoutMs };
    const { environment } = plugins;
    const { signal } = this.#stopping;
    const validations = await validate(task, { environment, signal });
    return validations.map((validation, at) =>
      this.#answer(validation, configs[at]?.config ?? {}, isComplete),
    );
  }

  /** Kills what runs. */
  stop(): void {
    this.#stopping.abort();
  }

  #answer(validation: Validation, config: CheckedConfig['config'], isComplete: boolean): Answer {
    const { logger, timeoutMs } = this.#options;
    const { name = '', 'connector.class': className = '' } = config;
    switch (validation.kind) {
      case 'validated':
        return validation;
      case 'unknown':
        logger.warn({ connector: name, class: className }, isComplete ? unknownHere : unknownYet);
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

const unknownHere =
  'only workers have all the plugins, in their versions, that this definition names: what code checks is not checked before it starts. Name their modules in SLUICE_PLUGINS of the coordinator, or their directories in SLUICE_PLUGIN_PATH, too';
const unknownYet =
  'this coordinator has not looked at all its plugins yet: what code of the plugins of this definition checks is not checked before it starts';
