/**
 * A source's task without a worker: it is polled all the time, and the offsets of what it returns are stored at once, as
 * by a log that never fails. What it throws retriably makes it poll again; anything else is kept, and ends the polling.
 */
import {
  type ConnectorConfig,
  type SourceOffsetValue,
  type SourcePlugin,
  type SourceRecord,
  type SourceTask,
  type TaskLogger,
  validateValue,
} from '@sluice/connector-api';
import { isRetriable, toError } from '@sluice/kernel';
import { eventually } from './check.ts';

export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

export interface PolledSourceOptions {
  /** Stored by an earlier one. */
  readonly offset?: SourceOffsetValue | undefined;
  /** Whether what is polled is stored. Default true. */
  readonly stores?: boolean;
  /** Name of the connector. Default `polled`. */
  readonly connector?: string;
}

/** Between polls that fail, and looks whether a halted one goes on, ms. */
const pauseMs = 50;
const untilLimitMs = 20_000;
/** Conditions go through all records, in the thread of the task: not all the time, ms. */
const lookMs = 50;

/**
 * For sources with one source partition a task.
 *
 * @example
 * await using source = new PolledSource(plugin, { topic: 'orders', url });
 * await source.start();
 * await source.until('the first order', () => source.records.length > 0);
 */
export class PolledSource {
  /** Those that are written somewhere; their schemas fit their values. */
  readonly records: SourceRecord[] = [];
  readonly lines: LoggedLine[] = [];
  readonly #config: ConnectorConfig;
  readonly #connector: string;
  readonly #task: SourceTask;
  readonly #stopping = new AbortController();
  #offset: SourceOffsetValue | undefined;
  #polling: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  /** How often it threw retriably. */
  retries = 0;
  stores: boolean;
  /** While set, nothing is polled, as by a worker whose log takes nothing. */
  isHalted = false;

  constructor(plugin: SourcePlugin, config: ConnectorConfig, options: PolledSourceOptions = {}) {
    this.#config = config;
    this.#connector = options.connector ?? 'polled';
    this.#task = plugin.createTask();
    this.#offset = options.offset;
    this.stores = options.stores ?? true;
  }

  async start(): Promise<void> {
    await this.#task.start(this.#config, {
      connector: this.#connector,
      task: 0,
      logger: this.#logger(),
      signal: this.#stopping.signal,
      configs: () => this.#config,
      offsets: async (partitions) => partitions.map(() => this.#offset),
    });
    this.#polling = this.#poll();
  }

  /** What is stored. */
  get offset(): SourceOffsetValue | undefined {
    return this.#offset;
  }

  /** What ended the polling. */
  get failure(): unknown {
    return this.#failure?.error;
  }

  /** Values of a topic in their order, without tombstones. */
  values(topic: string): unknown[] {
    return this.records
      .filter((record) => record.topic === topic && record.value !== null)
      .map(({ value }) => value);
  }

  /** @throws also when the task has failed. */
  async until(what: string, isMet: () => boolean, limitMs = untilLimitMs): Promise<void> {
    await eventually(what, () => this.#failure !== undefined || isMet(), { limitMs, lookMs });
    if (!this.#failure) return;
    const { error } = this.#failure;
    throw new Error(`the task failed: ${toError(error).message}`, { cause: error });
  }

  /** The message of what the task fails with. */
  async untilFailure(): Promise<string> {
    const hasFailed = (): boolean => this.#failure !== undefined;
    await eventually('the task fails', hasFailed, { limitMs: untilLimitMs, lookMs });
    return toError(this.failure).message;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#polling;
    await this.#task.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #logger(): TaskLogger {
    const of =
      (level: LoggedLine['level']) =>
      (fields: object, message: string): void => {
        this.lines.push({ level, fields, message });
      };
    return { debug: of('debug'), info: of('info'), warn: of('warn'), error: of('error') };
  }

  /** Never rejects. */
  async #poll(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (this.isHalted) await pause();
        else await this.#pollOnce();
      } catch (error) {
        if (signal.aborted) return;
        if (!isRetriable(error)) {
          this.#failure = { error };
          return;
        }
        this.retries += 1;
        await pause();
      }
    }
  }

  async #pollOnce(): Promise<void> {
    const records = (await this.#task.poll()) ?? [];
    for (const record of records) {
      if (record.isOffsetOnly) continue;
      if (record.valueSchema) validateValue(record.valueSchema, record.value);
      if (record.keySchema) validateValue(record.keySchema, record.key);
      this.records.push(record);
    }
    const last = records.findLast(({ sourceOffset }) => sourceOffset !== undefined);
    if (!this.stores || !last) return;
    this.#offset = last.sourceOffset;
    await this.#task.commit?.();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs));
}
