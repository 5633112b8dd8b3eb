/**
 * What MonitorableSource and MonitorableSink share: each call that a runtime makes is noted, and may be told to
 * fail or never to return. Kafka's own keep latches in memory; tasks here run in other threads and processes, so
 * the notes are lines of a file, each written before the call goes on: a killed process leaves them all.
 */
import { appendFileSync } from 'node:fs';
import {
  type ConfigOf,
  ConnectError,
  type Connector,
  type ConnectorConfig,
  type ConnectorContext,
  int,
  list,
  string,
  type TypedConfigDef,
} from '@sluice/connector-api';

export const monitoredCalls = [
  'connector.start',
  'connector.taskConfigs',
  'connector.stop',
  'task.start',
  'task.open',
  'task.poll',
  'task.put',
  'task.flush',
  'task.commit',
  'task.close',
  'task.stop',
] as const;
export type MonitoredCall = (typeof monitoredCalls)[number];

export const monitorConfig = {
  'monitor.file': string()
    .optional()
    .importance('high')
    .doc('File that gets a JSON line for each call: call, connector, task, process, time_ms, …'),
  'inject.error': list()
    .optional()
    .doc(`Calls that throw: of ${monitoredCalls.join(', ')}; with -once behind it, the first one.`),
  'inject.block': list().optional().doc('Calls that never return, for all that a runtime knows.'),
  'inject.task': int()
    .optional()
    .min(0)
    .doc('Number of the task that it happens to. Without: all.'),
  'num.tasks': int()
    .optional()
    .min(0)
    .doc('Tasks that the connector asks for, whatever tasks.max allows. Without: tasks.max.'),
};
export type MonitorConfig = ConfigOf<typeof monitorConfig>;

/** A line of the file. */
export interface MonitoredLine {
  readonly call: MonitoredCall;
  readonly connector: string;
  readonly task?: number;
  /** Of the operating system. */
  readonly process: number;
  /** ms since 1970. */
  readonly time_ms: number;
  /** Of a poll or a put. */
  readonly records?: number;
  /** Of a commit: records acknowledged since the one before. */
  readonly acknowledged?: number;
  /** Of open and close: `topic-partition`. */
  readonly partitions?: readonly string[];
}

type Facts = Pick<MonitoredLine, 'records' | 'acknowledged' | 'partitions'>;

export class Monitor {
  readonly #config: MonitorConfig;
  readonly #connector: string;
  readonly #task: number | undefined;
  readonly #failing: Set<string>;

  constructor(config: MonitorConfig, connector: string, task?: number) {
    const { 'inject.error': errors = [], 'inject.block': blocks = [] } = config;
    assertCalls('inject.error', errors);
    assertCalls('inject.block', blocks);
    const { 'inject.task': only } = config;
    this.#config = config;
    this.#connector = connector;
    this.#task = task;
    const isMeant = task === undefined || only === undefined || only === task;
    this.#failing = new Set(isMeant ? errors : []);
  }

  /** @throws ConnectError if it is to. */
  async note(call: MonitoredCall, facts: Facts = {}): Promise<void> {
    const file = this.#config['monitor.file'];
    const line: MonitoredLine = {
      call,
      connector: this.#connector,
      ...(this.#task === undefined ? {} : { task: this.#task }),
      process: process.pid,
      time_ms: Date.now(),
      ...facts,
    };
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
    const isOnce = this.#failing.delete(`${call}-once`);
    if (isOnce || this.#failing.has(call)) throw new ConnectError(`injected error in ${call}`);
    if (this.#blocks(call)) await new Promise(() => {});
  }

  #blocks(call: MonitoredCall): boolean {
    const { 'inject.block': blocks = [], 'inject.task': only } = this.#config;
    const isMeant = this.#task === undefined || only === undefined || only === this.#task;
    return isMeant && blocks.includes(call);
  }
}

function assertCalls(key: string, calls: readonly string[]): void {
  const known: readonly string[] = monitoredCalls;
  const wrong = calls.find((call) => !known.includes(call.replace(/-once$/, '')));
  if (wrong !== undefined)
    throw new ConnectError(
      `Invalid value ${wrong} for configuration ${key}: it must be one of ${monitoredCalls.join(', ')}`,
    );
}

export class MonitorableConnector implements Connector {
  readonly #configDef: TypedConfigDef<MonitorConfig>;
  #config: ConnectorConfig = {};
  #parsed: MonitorConfig | undefined;
  #monitor: Monitor | undefined;

  constructor(configDef: TypedConfigDef<MonitorConfig>) {
    this.#configDef = configDef;
  }

  async start(config: ConnectorConfig, { connector }: ConnectorContext): Promise<void> {
    this.#config = config;
    this.#parsed = this.#configDef.parse(config);
    this.#monitor = new Monitor(this.#parsed, connector);
    await this.#monitor.note('connector.start');
  }

  async taskConfigs(maxTasks: number): Promise<readonly ConnectorConfig[]> {
    await this.#monitor?.note('connector.taskConfigs');
    const count = this.#parsed?.['num.tasks'] ?? maxTasks;
    return Array.from({ length: count }, () => this.#config);
  }

  async stop(): Promise<void> {
    await this.#monitor?.note('connector.stop');
  }
}
