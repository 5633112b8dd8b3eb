/**
 * Asks connectors about changes of their offsets, each in a process of its own, with a limit of time and memory and a low
 * priority. Two at a time, as many as there are cores in the smallest machine; a few more wait for their turn.
 */
import type { ProviderSettings } from '@sluice/config-providers';
import { stringifyExactJson } from '@sluice/kernel';
import { alterOffsetsInProcess, type OffsetsAnswer } from '@sluice/preview';
import { ApiError, type OffsetsChange } from '@sluice/rest-api';

import type { CoordinatorPlugins } from './plugin-processes.ts';
import { Turns } from './turns.ts';

export interface OffsetChangesOptions {
  /** For the connector's code. */
  readonly timeoutMs: number;
  readonly plugins: Pick<CoordinatorPlugins, 'environment' | 'inventory'>;
  /** What references stand for. */
  readonly providers: ProviderSettings;
  /** Default: in a process. */
  readonly ask?: typeof alterOffsetsInProcess;
}

export class OffsetChanges {
  readonly #options: OffsetChangesOptions;
  readonly #stopping = new AbortController();
  readonly #turns = new Turns({ max: 2, what: 'changes of offsets', code: 'offsets' });

  constructor(options: OffsetChangesOptions) {
    this.#options = options;
  }

  /** Whether the connector keeps offsets nowhere else. @throws ApiError with what it has against the change. */
  async ask(change: OffsetsChange): Promise<boolean> {
    const answer = await this.#turns.take(() => this.#ask(change));
    if (answer.kind === 'taken') return answer.isAll;
    throw refusal(answer, change.config, this.#options.timeoutMs);
  }

  /** Kills what runs. */
  stop(): void {
    this.#stopping.abort();
  }

  async #ask({ config, version, offsets }: OffsetsChange): Promise<OffsetsAnswer> {
    const { ask = alterOffsetsInProcess, plugins, providers, timeoutMs } = this.#options;
    const { index } = await plugins.inventory();
    const text = stringifyExactJson(offsets);
    return ask(
      { index, config, version, offsets: text, providers, timeoutMs },
      { environment: plugins.environment, signal: this.#stopping.signal },
    );
  }
}

/** As Kafka Connect, 500 with the words of the connector. */
function refusal(
  answer: Exclude<OffsetsAnswer, { kind: 'taken' }>,
  { name = '', 'connector.class': className = '' }: OffsetsChange['config'],
  timeoutMs: number,
): ApiError {
  if (answer.kind === 'unknown')
    return new ApiError(
      500,
      `Connector ${name} (${className}) has to be asked before its offsets are changed, and its code in the version that workers run is not here: set SLUICE_PLUGINS or SLUICE_PLUGIN_PATH of this process as the workers have it`,
      { extra: { code: 'offsets.no_code' } },
    );
  if (answer.isLate)
    return new ApiError(
      500,
      `Request timed out. Connector ${name} (${className}) did not say within ${timeoutMs} ms whether its offsets may be changed: its code waits for something, or blocks its thread`,
      { extra: { code: 'offsets.timeout' } },
    );
  return new ApiError(500, answer.message, { extra: { code: 'offsets.refused' } });
}
