/** Kafka's MonitorableSourceConnector and MonitorableSinkConnector, with the monitor of `monitor.ts`. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  aliasesOf,
  type ConfigOf,
  ConnectError,
  type ConnectorConfig,
  defineConfig,
  int,
  long,
  type SinkPlugin,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
  type SourcePlugin,
  type SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  schemas,
  type TopicPartition,
} from '@sluice/connector-api';
import { Monitor, MonitorableConnector, monitorConfig } from './monitor.ts';
import { throughputKey, topicKey } from './sequence.ts';

const sourceShape = {
  ...monitorConfig,
  topic: topicKey.default('sequential-topic'),
  throughput: throughputKey,
  'messages.per.poll': int().default(1).min(1).doc('Records that one poll returns.'),
  'max.messages': long().optional().min(0).doc('Last number that a task writes. Without: no end.'),
};
const sourceDef = defineConfig(sourceShape);
const sinkDef = defineConfig(monitorConfig);

/** A task with `commitRecord` should return from a poll at least so often, ms. */
const pollMsMax = 500;

interface RunningSource {
  readonly config: ConfigOf<typeof sourceShape>;
  readonly monitor: Monitor;
  readonly signal: AbortSignal;
  readonly sourcePartition: { readonly 'task.id': string };
  readonly startMs: number;
  readonly startSeqno: number;
}

class MonitorableSourceTask implements SourceTask {
  #running: RunningSource | undefined;
  #seqno = 0;
  #acknowledged = 0;

  async start(config: ConnectorConfig, context: SourceTaskContext): Promise<void> {
    const { connector, task, signal } = context;
    const parsed = sourceDef.parse(config);
    const monitor = new Monitor(parsed, connector, task);
    const sourcePartition = { 'task.id': `${connector}-${String(task)}` };
    const [offset] = await context.offsets([sourcePartition]);
    this.#seqno = Number(offset?.['saved'] ?? 0);
    const startMs = performance.now();
    const startSeqno = this.#seqno;
    this.#running = { config: parsed, monitor, signal, sourcePartition, startMs, startSeqno };
    await monitor.note('task.start');
  }

  async poll(): Promise<readonly SourceRecord[] | null> {
    const { config, monitor, signal } = this.#started();
    const last = config['max.messages'] ?? Number.POSITIVE_INFINITY;
    const count = Math.min(config['messages.per.poll'], last - this.#seqno);
    const waitMs = count <= 0 ? pollMsMax : this.#dueInMs();
    // Aborted while it waits: there is simply nothing to hand over.
    if (waitMs > 0) await sleep(Math.min(waitMs, pollMsMax), undefined, { signal }).catch(() => {});
    if (signal.aborted || count <= 0 || waitMs > pollMsMax) return null;
    await monitor.note('task.poll', { records: count });
    return Array.from({ length: count }, () => this.#nextRecord());
  }

  commitRecord(): void {
    this.#acknowledged += 1;
  }

  async commit(): Promise<void> {
    const acknowledged = this.#acknowledged;
    this.#acknowledged = 0;
    await this.#started().monitor.note('task.commit', { acknowledged });
  }

  async stop(): Promise<void> {
    await this.#running?.monitor.note('task.stop');
  }

  /** At the rate since the start. */
  #dueInMs(): number {
    const { config, startMs, startSeqno } = this.#started();
    if (config.throughput < 0) return 0;
    const dueMs = ((this.#seqno - startSeqno) * 1_000) / config.throughput;
    return Number.isNaN(dueMs) ? Number.POSITIVE_INFINITY : startMs + dueMs - performance.now();
  }

  #nextRecord(): SourceRecord {
    const { config, sourcePartition } = this.#started();
    this.#seqno += 1;
    const seqno = this.#seqno;
    const id = sourcePartition['task.id'];
    return {
      topic: config.topic,
      keySchema: schemas.string,
      key: `key-${id}-${String(seqno)}`,
      valueSchema: schemas.string,
      value: `value-${id}-${String(seqno)}`,
      headers: [{ name: `header-${String(seqno)}`, value: seqno, schema: schemas.int64 }],
      sourcePartition,
      sourceOffset: { saved: seqno },
    };
  }

  #started(): RunningSource {
    if (!this.#running) throw new ConnectError('the task was not started');
    return this.#running;
  }
}

class MonitorableSinkTask implements SinkTask {
  #monitor: Monitor | undefined;

  async start(config: ConnectorConfig, { connector, task }: SinkTaskContext): Promise<void> {
    this.#monitor = new Monitor(sinkDef.parse(config), connector, task);
    await this.#monitor.note('task.start');
  }

  async open(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#monitor?.note('task.open', { partitions: partitions.map(nameOf) });
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    if (records.length > 0) await this.#monitor?.note('task.put', { records: records.length });
  }

  async flush(): Promise<void> {
    await this.#monitor?.note('task.flush');
  }

  async close(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#monitor?.note('task.close', { partitions: partitions.map(nameOf) });
  }

  async stop(): Promise<void> {
    await this.#monitor?.note('task.stop');
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${String(partition)}`;
}

const sourceClass = 'org.apache.kafka.connect.integration.MonitorableSourceConnector';
export const monitorableSource: SourcePlugin = {
  type: 'source',
  class: sourceClass,
  // Its name since Kafka 4.0.
  aliases: aliasesOf(
    sourceClass,
    'org.apache.kafka.connect.integration.TestableSourceConnector',
    'TestableSourceConnector',
    'TestableSource',
  ),
  version: '1.0.0',
  configDef: sourceDef,
  createConnector: () => new MonitorableConnector(sourceDef),
  createTask: () => new MonitorableSourceTask(),
};

const sinkClass = 'org.apache.kafka.connect.integration.MonitorableSinkConnector';
export const monitorableSink: SinkPlugin = {
  type: 'sink',
  class: sinkClass,
  aliases: aliasesOf(
    sinkClass,
    'org.apache.kafka.connect.integration.TestableSinkConnector',
    'TestableSinkConnector',
    'TestableSink',
  ),
  version: '1.0.0',
  configDef: sinkDef,
  createConnector: () => new MonitorableConnector(sinkDef),
  createTask: () => new MonitorableSinkTask(),
};
