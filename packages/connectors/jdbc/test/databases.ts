/** The two systems that every test runs on, and what a connector is told of them. */
import {
  type ConnectorConfig,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
  type TaskLogger,
} from '@sluice/connector-api';
import { startMariadb, startPostgres } from '@sluice/testkit';

export interface TestDatabase {
  readonly name: string;
  readonly start: () => Promise<TestServer>;
  /** As `quote` of the dialect. */
  readonly quote: (name: string) => string;
}

export type TestServer = Awaited<ReturnType<typeof startPostgres | typeof startMariadb>>;

export const databases: readonly TestDatabase[] = [
  { name: 'PostgreSQL', start: () => startPostgres(), quote: (name) => `"${name}"` },
  // MySQL proper is not among Debian's packages.
  { name: 'MariaDB', start: () => startMariadb(), quote: (name) => `\`${name}\`` },
];

/** Keys for the database that a url of the testkit names; `port` is that of a proxy in front of it. */
export function connectionOf(url: string, port?: number): ConnectorConfig {
  const { hostname, password, pathname, port: own, protocol, username } = new URL(url);
  const system = protocol.startsWith('postgres') ? 'postgresql' : 'mariadb';
  return {
    'connection.url': `jdbc:${system}://${hostname}:${String(port ?? own)}${pathname}`,
    'connection.user': decodeURIComponent(username),
    'connection.password': decodeURIComponent(password),
    'connection.attempts': '1',
    'connection.backoff.ms': '100',
  };
}

export function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

const ignore = (): void => {};
export const silent: TaskLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export interface Reported {
  readonly record: SinkRecord;
  readonly error: unknown;
}

/** A sink task outside of a worker. */
export class SinkHarness implements AsyncDisposable {
  readonly reported: Reported[] = [];
  readonly seeks: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  }[] = [];
  readonly warnings: { readonly fields: object; readonly message: string }[] = [];
  readonly #abort = new AbortController();
  readonly #task: SinkTask;
  readonly #config: ConnectorConfig;
  readonly #tolerates: boolean;

  constructor(task: SinkTask, config: ConnectorConfig, tolerates = true) {
    this.#task = task;
    this.#config = config;
    this.#tolerates = tolerates;
  }

  async start(partitions = [{ topic: 'orders', partition: 0 }]): Promise<this> {
    await this.#task.start(this.#config, this.#context());
    await this.#task.open?.(partitions);
    return this;
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    await this.#task.put(records);
  }

  abort(): void {
    this.#abort.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#task.stop();
    this.#abort.abort();
  }

  #context(): SinkTaskContext {
    return {
      connector: 'test',
      task: 0,
      logger: {
        ...silent,
        warn: (fields, message) => void this.warnings.push({ fields, message }),
      },
      signal: this.#abort.signal,
      configs: () => this.#config,
      assignment: () => [],
      seek: ({ partition, topic }, offset) => void this.seeks.push({ topic, partition, offset }),
      pause: ignore,
      resume: ignore,
      timeout: ignore,
      requestCommit: ignore,
      errantRecordReporter: () =>
        this.#tolerates
          ? {
              report: async (record, error) => {
                this.reported.push({ record, error });
              },
            }
          : undefined,
    };
  }
}
