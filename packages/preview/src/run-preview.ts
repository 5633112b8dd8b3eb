/**
 * The tasks of a source without a cluster and without a log: they are polled, and what they return is traced. Nothing
 * is produced, no offset is stored, and no task is told that a record arrived: a source that releases at its
 * system what it was told of releases nothing. An offset that comes alone counts as stored, since a task may wait for it,
 * unless its source could release something by it.
 */
import {
  assertValidConfig,
  type Connector,
  type ConnectorConfig,
  isConfigError,
  type SourceOffsetValue,
  type SourcePartition,
  type SourcePlugin,
  type SourceRecord,
  type SourceTask,
} from '@sluice/connector-api';
import { isRetriable, toError } from '@sluice/kernel';
import { sourcePartitionName } from '@sluice/record-log';
import { polledRecords } from '@sluice/runtime';

import type { FromPreview, PreviewEnd, PreviewTask } from './messages.ts';
import { toJson } from './show-value.ts';
import { cut, type PreviewParts, showState, Tracer } from './trace.ts';

const retryPauseMs = 200;
/** For a task that returns nothing at once. */
const idlePauseMs = 20;

type Stage = Extract<PreviewEnd, { kind: 'failed' }>['stage'];

/** What a preview is told, besides where its modules are. */
export type PreviewOptions = Omit<PreviewTask, 'index' | 'failures' | 'modulesFrom' | 'timeoutMs'>;

export interface PreviewSurroundings {
  readonly signal: AbortSignal;
  readonly tell: (message: FromPreview) => void;
  /** Transforms, predicates and converters besides those that come with Sluice. */
  readonly parts?: PreviewParts | undefined;
}

/** Never rejects. The connector and its tasks are stopped when it resolves, or have been given up. */
export async function runPreview(
  plugin: SourcePlugin,
  task: PreviewOptions,
  { signal, tell, parts }: PreviewSurroundings,
): Promise<PreviewEnd> {
  const preview = new Preview(plugin, task, { signal, tell, parts });
  try {
    return await preview.run();
  } catch (error) {
    if (signal.aborted) return { kind: 'ended', by: 'timeout' };
    const stage = isConfigError(error) ? 'config' : preview.stage;
    return { kind: 'failed', stage, message: toError(error).message };
  } finally {
    await preview.close();
  }
}

class Preview {
  readonly #plugin: SourcePlugin;
  readonly #config: ConnectorConfig;
  readonly #options: PreviewOptions;
  readonly #offsets: Map<string, SourceOffsetValue>;
  readonly #parts: PreviewParts | undefined;
  readonly #tell: (message: FromPreview) => void;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #tasks: SourceTask[] = [];
  #connector: Connector | undefined;
  #tracer: Tracer | undefined;
  /** What the connector reports by itself. */
  readonly #raised = Promise.withResolvers<never>();
  #shown = 0;
  #shownBytes = 0;
  /** What is being done, for the report of a failure. */
  stage: Stage = 'config';

  constructor(
    plugin: SourcePlugin,
    options: PreviewOptions,
    { signal, tell, parts }: PreviewSurroundings,
  ) {
    this.#parts = parts;
    this.#plugin = plugin;
    this.#options = options;
    this.#config = { name: 'preview', ...options.config };
    this.#offsets = new Map(
      options.offsets.flatMap(({ partition, offset }) =>
        offset === null ? [] : [[sourcePartitionName(partition), offset as SourceOffsetValue]],
      ),
    );
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#tell = tell;
    this.#raised.promise.catch(() => {});
  }

  async run(): Promise<PreviewEnd> {
    assertValidConfig(this.#plugin.configDef.keys, this.#config);
    this.#tracer = new Tracer(this.#config, this.#options.workerConfig, this.#parts);
    this.stage = 'start';
    const configs = await this.#taskConfigs();
    for (const [number, config] of configs.entries()) {
      const task = this.#plugin.createTask();
      this.#tasks.push(task);
      await task.start(config, {
        ...this.#context,
        task: number,
        configs: () => config,
        offsets: async (partitions: readonly SourcePartition[]) =>
          partitions.map((partition) => this.#offsets.get(sourcePartitionName(partition))),
      });
    }
    this.#tell({ kind: 'started', class: this.#plugin.class, tasks: this.#tasks.length });
    this.stage = 'poll';
    const aborted = new Promise<void>((resolve) => {
      if (this.#signal.aborted) resolve();
      this.#signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const polling = Promise.all(this.#tasks.map((task, number) => this.#poll(task, number)));
    // A task that ignores its signal does not hold up the end.
    await Promise.race([polling, aborted, this.#raised.promise]);
    return { kind: 'ended', by: this.#fullBy() ?? 'timeout' };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([
      ...this.#tasks.map(async (task) => task.stop()),
      (async () => this.#connector?.stop?.())(),
      this.#tracer?.close(),
    ]);
  }

  get #context() {
    return { connector: this.#config['name'] ?? 'preview', logger: silent, signal: this.#signal };
  }

  async #taskConfigs(): Promise<readonly ConnectorConfig[]> {
    this.#connector = this.#plugin.createConnector();
    await this.#connector.start?.(this.#config, {
      ...this.#context,
      requestTaskReconfiguration: () => {},
      raiseError: (error) => this.#raised.reject(toError(error)),
    });
    return this.#connector.taskConfigs(Number(this.#config['tasks.max'] ?? 1));
  }

  /** What there is enough of, if there is. */
  #fullBy(): 'records' | 'bytes' | undefined {
    const { recordsMax, shownBytesMax = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#shown >= recordsMax) return 'records';
    return this.#shownBytes >= shownBytesMax ? 'bytes' : undefined;
  }

  /** Until enough records were shown by all tasks together, or the signal. */
  async #poll(task: SourceTask, number: number): Promise<void> {
    while (!this.#signal.aborted && !this.#fullBy()) {
      try {
        const records = polledRecords(await task.poll());
        for (const record of records) {
          if (this.#signal.aborted || this.#fullBy()) break;
          if (record.isOffsetOnly) await this.#store(record, task);
          else await this.#show(record, number);
        }
        if (records.length === 0) await pause(idlePauseMs);
      } catch (error) {
        if (this.#signal.aborted) return;
        if (!isRetriable(error)) throw error;
        await pause(retryPauseMs);
      }
    }
    this.#stop.abort();
  }

  async #show(record: SourceRecord, number: number): Promise<void> {
    this.#shown += 1;
    const steps = (await this.#tracer?.trace(record)) ?? [];
    const { sourceOffset } = record;
    const offset = sourceOffset === undefined ? undefined : cut(toJson(sourceOffset));
    const shown = { task: number, before: showState(record), offset, steps };
    this.#shownBytes += JSON.stringify(shown).length;
    this.#tell({ kind: 'record', record: shown });
  }

  /** For the tasks of this preview alone. */
  async #store({ sourceOffset, sourcePartition }: SourceRecord, task: SourceTask): Promise<void> {
    if (!sourceOffset || !sourcePartition || this.#plugin.movesExternalCursor) return;
    this.#offsets.set(sourcePartitionName(sourcePartition), sourceOffset);
    await task.commit?.();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const ignore = (): void => {};
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };
