import { SluiceError } from '@sluice/kernel';
import {
  closedError,
  type FetchedBatch,
  type GroupOffset,
  type LogCapabilities,
  type LogReader,
  type LogServer,
  type LogWriter,
  parsePartitionName,
  type ReaderOptions,
  type RecordLog,
  type SourceOffset,
  type TopicPartition,
  type WriterIdentity,
} from '@sluice/record-log';

import { KafkaCluster } from './cluster.ts';
import { toLogError } from './errors.ts';
import { FenceRegister } from './fence-register.ts';
import { Fetcher } from './fetcher.ts';
import { GroupOffsets } from './group-offsets.ts';
import { KafkaReader } from './kafka-reader.ts';
import { KafkaWriter } from './kafka-writer.ts';
import {
  type CompiledKafkaLogOptions,
  compileKafkaLogOptions,
  type KafkaLogOptions,
} from './options.ts';
import { OwnerSessions } from './owner-sessions.ts';
import { peekPartitions } from './peek.ts';
import { ProducePipeline } from './produce-pipeline.ts';
import { SourceOffsets } from './source-offsets.ts';
import { TopicCatalog } from './topic-catalog.ts';
import { Watermarks } from './watermarks.ts';
import { featuresRequest } from './wire/api-versions.ts';

type Offset = Readonly<Record<string, unknown>>;

/**
 * The record log on Apache Kafka, 2.5 or newer. kafkajs carries the connections (`kafkajs/`), the rest is ours: a client
 * whose partitions are assigned instead of negotiated, and whose writes and commits are fenced.
 *
 * At most five connections to each broker, besides the one to begin with, whatever the number of readers and writers (five with readers of both
 * isolation levels); none of them has a timer while it is idle.
 *
 * Delivery: at least once. Within a call a batch that is sent again is recognised by the broker. A call that
 * failed with `log.unreachable` may have been appended; repeated, its records may be there twice.
 */
export class KafkaLog implements RecordLog {
  readonly topics: TopicCatalog;
  readonly #options: CompiledKafkaLogOptions;
  readonly #cluster: KafkaCluster;
  readonly #pipeline: ProducePipeline;
  readonly #fetcher: Fetcher;
  readonly #watermarks: Watermarks;
  readonly #groups: GroupOffsets;
  readonly #register: FenceRegister;
  readonly #sourceOffsets: SourceOffsets;
  readonly #sessions: OwnerSessions;
  readonly #writers = new Set<KafkaWriter>();
  readonly #readers = new Set<KafkaReader>();

  constructor(given: KafkaLogOptions) {
    const options = compileKafkaLogOptions(given);
    const cluster = new KafkaCluster(options);
    const pipeline = new ProducePipeline(cluster, options);
    const fetcher = new Fetcher(cluster, options);
    const watermarks = new Watermarks(cluster, options.address);
    const topics = new TopicCatalog(cluster, watermarks, options);
    const parts = { cluster, options, topics, pipeline, fetcher, watermarks };
    this.#options = options;
    this.#cluster = cluster;
    this.#pipeline = pipeline;
    this.#fetcher = fetcher;
    this.#watermarks = watermarks;
    this.topics = topics;
    this.#groups = new GroupOffsets(cluster, options.address);
    this.#register = new FenceRegister(parts);
    this.#sourceOffsets = new SourceOffsets(parts);
    this.#sessions = new OwnerSessions({ cluster, options, register: this.#register, pipeline });
  }

  /**
   * `durable` if what Sluice keeps for itself is in more than one replica, which stands for the topics of this
   * cluster: an acknowledgement waits for all replicas in sync. A single replica has taken the records, but its machine
   * may crash before they are on the disk. Known after the first read of source offsets, or the first writer.
   */
  get capabilities(): LogCapabilities {
    const isReplicated = this.#isReplicated;
    const { offsetStorageTopic } = this.#options;
    return {
      durability: isReplicated ? 'durable' : 'eventual',
      meaning: isReplicated
        ? 'Kafka acknowledges what all replicas in sync have: set min.insync.replicas=2, so that there are at least two.'
        : `Kafka keeps a single replica of ${offsetStorageTopic}, or that is not known yet: a crash of its machine may lose what it has acknowledged. Run three brokers, and give topics three replicas (default.replication.factor=3, min.insync.replicas=2).`,
      fencing: true,
      transactions: true,
    };
  }

  get #isReplicated(): boolean {
    const { offsetStorageTopic, fenceStorageTopic } = this.#options;
    const own = this.#cluster.metadata.pick([offsetStorageTopic, fenceStorageTopic]);
    return (
      own.size > 0 && [...own.values()].every(({ replicationFactor }) => replicationFactor > 1)
    );
  }

  async start(): Promise<void> {
    // Whoever starts wants to know soon whether it can work at all.
    await this.#cluster.refresh(this.#cluster.begin(this.#options.connectTimeoutMs), []);
    // In the background: what is read first is then in memory already.
    this.#sourceOffsets.warmUp(this.#cluster.begin()).catch(() => {});
  }

  /** Waits for what writers have pending, then closes. */
  async stop(): Promise<void> {
    if (!this.#cluster.isClosed) {
      await Promise.all([...this.#writers].map((writer) => writer.close()));
    }
    this.destroy();
  }

  destroy(): void {
    if (this.#cluster.isClosed) return;
    this.#cluster.close();
    this.#fetcher.close();
    this.#failPending(closedError('this client of the log'));
    for (const reader of this.#readers) void reader.close();
    this.#register.close();
    this.#sourceOffsets.close();
  }

  disconnect(): void {
    if (this.#cluster.isClosed) return;
    this.#cluster.cut();
    this.#fetcher.cut();
    this.#failPending(
      new SluiceError(
        'log.unreachable',
        `the connections to Kafka at ${this.#options.address} were cut: what was in flight may or may not have been appended`,
        { retriable: true },
      ),
    );
  }

  async openWriter(identity: WriterIdentity): Promise<LogWriter> {
    const session = await this.#sessions.acquire(identity);
    const writer = new KafkaWriter({
      cluster: this.#cluster,
      options: this.#options,
      session,
      pipeline: this.#pipeline,
      register: this.#register,
      topics: this.topics,
      sourceOffsets: this.#sourceOffsets,
      onClosed: (closed) => {
        this.#writers.delete(closed);
        this.#sessions.release(session);
      },
    });
    this.#writers.add(writer);
    return writer;
  }

  async openReader(options: ReaderOptions): Promise<LogReader> {
    const session = await this.#sessions.acquire(options.identity);
    const reader = new KafkaReader(options, {
      cluster: this.#cluster,
      options: this.#options,
      session,
      fetcher: this.#fetcher,
      groups: this.#groups,
      watermarks: this.#watermarks,
      openReaders: () => this.#readers.size,
      onClosed: (closed) => {
        this.#readers.delete(closed);
        this.#sessions.release(session);
      },
    });
    this.#readers.add(reader);
    return reader;
  }

  async readSourceOffsets(
    connector: string,
    partitions: readonly Offset[],
  ): Promise<(Offset | undefined)[]> {
    if (partitions.length === 0) return [];
    return await this.#sourceOffsets.read(this.#cluster.begin(), connector, partitions);
  }

  async listSourceOffsets(connector: string): Promise<SourceOffset[]> {
    return await this.#sourceOffsets.list(this.#cluster.begin(), connector);
  }

  async listGroupOffsets(group: string): Promise<GroupOffset[]> {
    const offsets = await this.#groups.list(this.#cluster.begin(), group);
    return [...offsets]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, offset]) => ({ ...parsePartitionName(name), offset }));
  }

  async forgetGroup(group: string): Promise<void> {
    await this.#groups.forget(this.#cluster.begin(), group);
  }

  async clearGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    await this.#groups.clear(this.#cluster.begin(), group, partitions);
  }

  async peek(
    from: readonly GroupOffset[],
    { bytesMax }: { readonly bytesMax: number },
  ): Promise<FetchedBatch[]> {
    if (from.length === 0) return [];
    const parts = { cluster: this.#cluster, watermarks: this.#watermarks };
    return await peekPartitions(this.#cluster.begin(), from, bytesMax, parts);
  }

  async describeServer(): Promise<LogServer> {
    const call = this.#cluster.begin();
    await this.#cluster.refresh(call, []);
    const { errorCode, features } = await this.#cluster.askAny(call, featuresRequest());
    if (errorCode !== 0) throw toLogError(errorCode, 'its features', this.#options.address);
    return { servers: this.#cluster.metadata.brokers.size, features };
  }

  #failPending(error: SluiceError): void {
    this.#pipeline.cut(error);
    for (const writer of this.#writers) writer.cut(error);
  }
}
