/** A capture task without a worker: it is polled, and what it is polled of is stored as a log would. */
import {
  type ConnectorConfig,
  type SourceOffsetValue,
  type SourcePlugin,
  type SourceRecord,
  type SourceTask,
  type TaskLogger,
  validateValue,
} from '@sluice/connector-api';
import { waitFor } from '@sluice/testkit';
import { mariadbConnector } from '../src/index.ts';

export interface Envelope {
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly source: Record<string, unknown>;
  readonly op: string;
}

export interface LoggedLine {
  readonly level: string;
  readonly fields: object;
  readonly message: string;
}

let serverIds = 5000;

/** Keys of a definition for the database behind this URL. */
export function configOf(url: string, more: ConnectorConfig = {}): ConnectorConfig {
  const { hostname, password, pathname, port, username } = new URL(url);
  serverIds += 1;
  return {
    'connector.class': 'io.debezium.connector.mariadb.MariaDbConnector',
    'database.hostname': hostname,
    'database.port': port,
    'database.user': decodeURIComponent(username),
    'database.password': decodeURIComponent(password),
    'database.server.id': String(serverIds),
    'database.include.list': pathname.slice(1),
    'topic.prefix': 'shop',
    ...more,
  };
}

export interface CaptureOptions {
  /** Stored by an earlier one. */
  readonly offset?: SourceOffsetValue | undefined;
  /** Whether what is polled is stored. Default true. */
  readonly stores?: boolean;
  /** Default: MariaDB's. */
  readonly plugin?: SourcePlugin;
}

export class Capture {
  readonly records: SourceRecord[] = [];
  readonly lines: LoggedLine[] = [];
  readonly #config: ConnectorConfig;
  readonly #task: SourceTask;
  readonly #stopping = new AbortController();
  #stored: SourceOffsetValue | undefined;
  #polling: Promise<void> = Promise.resolve();
  #failure: unknown;
  retries = 0;
  stores: boolean;
  /** While set, nothing is polled, as by a worker whose log takes nothing. */
  isHalted = false;

  private constructor(config: ConnectorConfig, options: CaptureOptions) {
    this.#config = config;
    this.#task = (options.plugin ?? mariadbConnector).createTask();
    this.#stored = options.offset;
    this.stores = options.stores ?? true;
  }

  static async start(config: ConnectorConfig, options: CaptureOptions = {}): Promise<Capture> {
    const capture = new Capture(config, options);
    await capture.#start();
    return capture;
  }

  get offset(): SourceOffsetValue | undefined {
    return this.#stored;
  }

  get failure(): unknown {
    return this.#failure;
  }

  /** Envelopes of a table, `database.item`, in their order; tombstones are left out. */
  changes(table: string): Envelope[] {
    return this.records
      .filter(({ topic, value }) => topic === `shop.${table}` && value !== null)
      .map(({ value }) => value as Envelope);
  }

  async until(what: string, isMet: () => boolean, timeoutMs = 20_000): Promise<void> {
    await waitFor(
      () => {
        if (this.#failure !== undefined) throw new Stopped(this.#failure);
        return isMet();
      },
      { what, timeoutMs },
    );
  }

  async untilCount(table: string, count: number, timeoutMs?: number): Promise<Envelope[]> {
    await this.until(
      `${count} changes of ${table}`,
      () => this.changes(table).length >= count,
      timeoutMs,
    );
    return this.changes(table);
  }

  /** What the task fails with. */
  async untilFailure(): Promise<string> {
    await waitFor(() => this.#failure !== undefined, {
      what: 'the task to fail',
      timeoutMs: 20_000,
    });
    return this.#failure instanceof Error ? this.#failure.message : String(this.#failure);
  }

  async untilStreaming(): Promise<void> {
    await this.until('the stream', () =>
      this.lines.some(({ message }) => message === 'streaming changes'),
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#polling;
    await this.#task.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(): Promise<void> {
    const line =
      (level: string) =>
      (fields: object, message: string): void => {
        this.lines.push({ level, fields, message });
      };
    const logger: TaskLogger = {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    };
    await this.#task.start(this.#config, {
      connector: 'shop',
      task: 0,
      logger,
      signal: this.#stopping.signal,
      configs: () => this.#config,
      offsets: async (partitions) => partitions.map(() => this.#stored),
    });
    this.#polling = this.#poll();
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (this.isHalted) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      try {
        const records = (await this.#task.poll()) ?? [];
        for (const record of records) {
          if (record.valueSchema) validateValue(record.valueSchema, record.value);
          if (record.keySchema) validateValue(record.keySchema, record.key);
          this.records.push(record);
        }
        const last = records.findLast(({ sourceOffset }) => sourceOffset !== undefined);
        if (this.stores && last) {
          this.#stored = last.sourceOffset;
          await this.#task.commit?.();
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Error) || !('retriable' in error) || error.retriable !== true) {
          this.#failure = error;
          return;
        }
        this.retries += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}

class Stopped extends Error {
  constructor(cause: unknown) {
    super(`the task failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
