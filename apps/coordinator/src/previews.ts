/**
 * Previews that are asked for over the API. Each runs in a process of its own, with a limit of time and memory and a
 * low priority: the code of a connector neither blocks this process nor takes its place. At most `max` at a time; more
 * are refused, not queued, since whoever waits for one has a request open.
 */
import type { ProviderSettings } from '@sluice/config-providers';
import { type Logger, toError } from '@sluice/kernel';
import { type LogSettings, openLog } from '@sluice/log-choice';
import { type PreviewEnd, type PreviewedRecord, previewInProcess } from '@sluice/preview';
import type { SourceOffset } from '@sluice/record-log';
import { ApiError, type PreviewRequest } from '@sluice/rest-api';

import type { CoordinatorPlugins } from './plugin-processes.ts';

export interface PreviewsOptions {
  readonly max: number;
  readonly plugins: Pick<CoordinatorPlugins, 'environment' | 'inventory'>;
  /** Converters and their keys that definitions inherit. */
  readonly workerConfig: Readonly<Record<string, string>>;
  /** What references stand for. */
  readonly providers: ProviderSettings;
  readonly log: LogSettings;
  readonly cluster: string;
  readonly coordinator: string;
  readonly logger: Logger;
}

/** What `POST /sluice/preview` answers. */
export interface PreviewAnswer {
  readonly name: string;
  readonly class: string | undefined;
  readonly tasks: number;
  readonly records: readonly PreviewedRecord[];
  /** Why no more came; a start or a poll that failed is told here, behind what came before. */
  readonly end: PreviewEnd;
}

const shownBytesMax = 8 * 1024 * 1024;
const logLimitMs = 3_000;

export class Previews {
  readonly #options: PreviewsOptions;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: PreviewsOptions) {
    this.#options = options;
  }

  /** @throws ApiError 429 when too many run, 400 for a definition that cannot run, 503 without a log. */
  async run(request: PreviewRequest, signal: AbortSignal): Promise<PreviewAnswer> {
    const { max } = this.#options;
    if (this.#running.size >= max)
      throw new ApiError(
        429,
        `${max === 1 ? 'Another preview runs' : `${max} previews run`} already on this coordinator; try again when it has ended`,
        { extra: { code: 'preview.busy' }, headers: { 'retry-after': '5' } },
      );
    const running = this.#run(request, AbortSignal.any([signal, this.#stopping.signal]));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Kills what runs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#running);
  }

  async #run(request: PreviewRequest, signal: AbortSignal): Promise<PreviewAnswer> {
    const { logger, plugins, providers, workerConfig } = this.#options;
    const { config, isFromOffsets, name, recordsMax, timeoutMs } = request;
    const offsets = isFromOffsets ? await this.#offsetsOf(name) : [];
    const records: PreviewedRecord[] = [];
    let started: { readonly class?: string; readonly tasks: number } = { tasks: 0 };
    const { failures, index, isComplete } = await plugins.inventory();
    const end = await previewInProcess(
      {
        index,
        failures: [
          ...failures.map(({ error }) => error),
          ...(isComplete ? [] : ['This coordinator still looks at its plugins: try again.']),
        ],
        modulesFrom: "SLUICE_PLUGINS or SLUICE_PLUGIN_PATH in the coordinator's environment",
        config,
        workerConfig,
        providers,
        recordsMax,
        timeoutMs,
        shownBytesMax,
        offsets,
      },
      {
        environment: plugins.environment,
        signal,
        onMessage: (message) => {
          if (message.kind === 'record') records.push(message.record);
          if (message.kind === 'started') started = message;
        },
      },
    );
    // Without the message: it may show values of the configuration.
    logger.info({ connector: name, records: records.length, end: end.kind }, 'previewed');
    if (end.kind === 'failed' && end.stage === 'config')
      throw new ApiError(400, end.message, { extra: { code: 'preview.invalid' } });
    return { name, class: started.class, tasks: started.tasks, records, end };
  }

  /** On a client of its own, since only previews that ask for it need it. */
  async #offsetsOf(connector: string): Promise<readonly SourceOffset[]> {
    const { cluster, coordinator, log: settings, logger } = this.#options;
    try {
      const log = await openLog(settings, {
        cluster,
        clientId: `${coordinator}/preview`,
        logger,
        connectTimeoutMs: logLimitMs,
        requestTimeoutMs: logLimitMs,
      });
      try {
        await log.start();
        return await log.listSourceOffsets(connector);
      } finally {
        await log.stop();
      }
    } catch (error) {
      throw new ApiError(503, `The stored offsets cannot be read: ${toError(error).message}`, {
        extra: { code: codeOf(error) },
      });
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'log.unreachable';
}
