/**
 * The port to what carries records: Kafka, Redis Streams, or memory. It works on batches; nothing on
 * this border happens once a record. Topics have partitions, partitions have offsets 0, 1, 2, … as in
 * Kafka. A client belongs to one executor and is shared by its tasks.
 */

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export type Header = readonly [name: string, value: Uint8Array | null];

export interface ProduceRecord {
  /** null and absent value are different from an empty one: null is Kafka's tombstone. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: readonly Header[];
  /** ms since 1970; the log's own time when absent. */
  readonly timestampMs?: number;
  /** Chosen by Kafka's default partitioner (murmur2 of the key; sticky without key) when absent. */
  readonly partition?: number;
}

export interface TopicBatch {
  readonly topic: string;
  readonly records: readonly ProduceRecord[];
}

/** Where the records of one TopicBatch went, index by index. */
export interface ProduceAck {
  readonly topic: string;
  readonly partitions: ArrayLike<number>;
  readonly offsets: ArrayLike<number>;
}

export interface FetchedRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
}

export interface FetchedBatch extends TopicPartition {
  readonly records: readonly FetchedRecord[];
  /** Offset after the last record read, also when records in between are missing. */
  readonly nextOffset: number;
  /** First offset that does not exist yet; lag = highWatermark − nextOffset. */
  readonly highWatermark: number;
}

export interface LogCapabilities {
  /** What an acknowledgement means: survives a crash of the log's machine, up to a second may be lost, or nothing is promised. */
  readonly durability: 'durable' | 'eventual' | 'volatile';
  /** The log refuses what an owner with an older fence writes or commits. */
  readonly fencing: boolean;
  readonly transactions: boolean;
}

/** Identity of a writer: who it is, and the fence under which it owns that identity. */
export interface WriterIdentity {
  /** Stable for a task: `<cluster>.task/orders/3`. Kafka's transactional.id. */
  readonly id: string;
  readonly fence: number;
}

export interface SourceOffset {
  readonly partition: Readonly<Record<string, unknown>>;
  /** null removes. */
  readonly offset: Readonly<Record<string, unknown>> | null;
}

export interface RecordLog {
  readonly capabilities: LogCapabilities;
  /** Connects. @throws SluiceError `log.unreachable` that names the address and the remedy. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Cuts every socket at once: nothing buffered may leave any more. Then only `stop` may be called. */
  destroy(): void;
  /** Cuts every socket as `destroy` does, but the client connects anew when it is used again. */
  disconnect(): void;

  /**
   * Takes over an identity: afterwards, writes and commits under a lower fence are refused. Must be
   * called before the offsets are read. @throws SluiceError `log.fenced` if a higher fence exists.
   */
  openWriter(identity: WriterIdentity): Promise<LogWriter>;
  /** @throws SluiceError `log.fenced` as above. The group is `connect-<connector>` for a sink. */
  openReader(options: ReaderOptions): Promise<LogReader>;
  /** Offsets of a source, in the order asked for; undefined where there is none. */
  readSourceOffsets(
    connector: string,
    partitions: readonly Readonly<Record<string, unknown>>[],
  ): Promise<(Readonly<Record<string, unknown>> | undefined)[]>;
  /** All offsets of a source. */
  listSourceOffsets(connector: string): Promise<SourceOffset[]>;
  readonly topics: LogTopics;
}

export interface LogTopics {
  /** Idempotent. @throws SluiceError `log.topic_exists_differently` if partitions differ. */
  create(
    topic: string,
    options: { partitions: number; config?: Readonly<Record<string, string>> },
  ): Promise<void>;
  /** Existing topics with their partition counts; missing topics are absent from the answer. */
  describe(
    topics: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly partitions: number }>>;
  list(): Promise<string[]>;
  delete(topic: string): Promise<void>;
  /** First and next offset of partitions. */
  watermarks(
    partitions: readonly TopicPartition[],
  ): Promise<{ readonly low: number; readonly high: number }[]>;
}

export interface LogWriter {
  /**
   * Appends; resolves when acknowledged as durably as `capabilities` says. Calls are acknowledged and
   * appended in the order of the calls, for each partition. A topic that does not exist is created with
   * the log's default partitions. At most a bounded number of bytes is in flight: later calls wait.
   * @throws SluiceError `log.fenced` (fenced), `log.full` / `log.unreachable` (retriable), `log.record_too_large`.
   */
  produce(batches: readonly TopicBatch[]): Promise<ProduceAck[]>;
  /** Stores source offsets under the fence. @throws as produce. */
  commitSourceOffsets(connector: string, offsets: readonly SourceOffset[]): Promise<void>;
  close(): Promise<void>;
}

export interface ReaderOptions {
  readonly identity: WriterIdentity;
  readonly group: string;
  /** Where to begin without a committed offset. Default `earliest`, as Kafka Connect's sinks. */
  readonly reset?: 'earliest' | 'latest';
  /** Bounds of what is fetched ahead, for the whole reader. */
  readonly prefetchBytesMax?: number;
  readonly pollRecordsMax?: number;
}

export interface LogReader {
  /** Replaces the assignment; partitions that stay keep their position and prefetched records. */
  assign(partitions: readonly TopicPartition[]): Promise<void>;
  /**
   * What has arrived, at most `pollRecordsMax` records; waits up to `maxWaitMs` if nothing has. Empty
   * array on timeout. Aborting the signal ends the wait with an empty array.
   */
  poll(maxWaitMs: number, signal?: AbortSignal): Promise<FetchedBatch[]>;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** The next poll of the partition starts at `offset`. */
  seek(partition: TopicPartition, offset: number): void;
  /** Next offset to be polled. */
  position(partition: TopicPartition): number | undefined;
  /** Stores group offsets (next offset to read) under the fence. @throws `log.fenced`. */
  commit(offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void>;
  committed(partitions: readonly TopicPartition[]): Promise<(number | undefined)[]>;
  close(): Promise<void>;
}
