/**
 * Kafka's MockSourceConnector and MockSinkConnector: they do nothing, and with `mock_mode` the connector or
 * its task fails after `delay_ms`. Written against the task contract itself, without defineSource.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  aliasesOf,
  type ConfigOf,
  ConnectError,
  type Connector,
  type ConnectorConfig,
  type ConnectorContext,
  defineConfig,
  long,
  oneOf,
  type SinkPlugin,
  type SinkTask,
  type SinkTaskContext,
  type SourcePlugin,
  type SourceRecord,
  type SourceTask,
  type SourceTaskContext,
} from '@sluice/connector-api';

const shape = {
  mock_mode: oneOf('connector-failure', 'task-failure')
    .optional()
    .doc('What fails. Without it nothing does.'),
  delay_ms: long().default(15_000).min(0).doc('When it fails, in ms after the start.'),
};
const configDef = defineConfig(shape);

class MockConnector implements Connector {
  #config: ConnectorConfig = {};
  #timer: NodeJS.Timeout | undefined;

  start(config: ConnectorConfig, context: ConnectorContext): void {
    this.#config = config;
    const { mock_mode: mode, delay_ms: delayMs } = configDef.parse(config);
    if (mode !== 'connector-failure') return;
    this.#timer = setTimeout(() => {
      context.raiseError(new ConnectError('mock connector failure'));
    }, delayMs);
  }

  taskConfigs(): readonly ConnectorConfig[] {
    return [this.#config];
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** When the task fails; both kinds of task ask it. */
class Failure {
  readonly #atMs: number;
  readonly delayMs: number;

  constructor(config: ConfigOf<typeof shape>) {
    this.delayMs = config.mock_mode === 'task-failure' ? config.delay_ms : Number.POSITIVE_INFINITY;
    this.#atMs = performance.now() + this.delayMs;
  }

  throwIfDue(): void {
    if (performance.now() >= this.#atMs) throw new ConnectError('mock task failure');
  }
}

/** How often an idle task looks whether it is time to fail. */
const lookIntervalMs = 250;

class MockSourceTask implements SourceTask {
  #failure: Failure | undefined;
  #signal: AbortSignal | undefined;

  start(config: ConnectorConfig, { signal }: SourceTaskContext): void {
    this.#failure = new Failure(configDef.parse(config));
    this.#signal = signal;
  }

  async poll(): Promise<readonly SourceRecord[] | null> {
    const waitMs = Math.min(lookIntervalMs, this.#failure?.delayMs ?? 0);
    const signal = this.#signal ?? AbortSignal.abort();
    // Aborted while it waits: there is simply nothing to hand over.
    await sleep(waitMs, undefined, { signal }).catch(() => {});
    if (!signal.aborted) this.#failure?.throwIfDue();
    return null;
  }

  stop(): void {}
}

class MockSinkTask implements SinkTask {
  #failure: Failure | undefined;
  #context: SinkTaskContext | undefined;

  start(config: ConnectorConfig, context: SinkTaskContext): void {
    this.#failure = new Failure(configDef.parse(config));
    this.#context = context;
    this.#askToBeCalled();
  }

  put(): void {
    this.#failure?.throwIfDue();
    this.#askToBeCalled();
  }

  stop(): void {}

  /** Without records `put` may never be called; the timeout asks for an empty one. */
  #askToBeCalled(): void {
    const delayMs = this.#failure?.delayMs ?? Number.POSITIVE_INFINITY;
    if (Number.isFinite(delayMs)) this.#context?.timeout(Math.min(lookIntervalMs, delayMs));
  }
}

const sourceClass = 'org.apache.kafka.connect.tools.MockSourceConnector';
export const mockSource: SourcePlugin = {
  type: 'source',
  class: sourceClass,
  aliases: aliasesOf(sourceClass),
  version: '1.0.0',
  configDef,
  createConnector: () => new MockConnector(),
  createTask: () => new MockSourceTask(),
};

const sinkClass = 'org.apache.kafka.connect.tools.MockSinkConnector';
export const mockSink: SinkPlugin = {
  type: 'sink',
  class: sinkClass,
  aliases: aliasesOf(sinkClass),
  version: '1.0.0',
  configDef,
  createConnector: () => new MockConnector(),
  createTask: () => new MockSinkTask(),
};
