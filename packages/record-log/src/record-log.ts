/**
 * The port to what carries records: Kafka, Redis Streams, or memory. It works on batches; nothing on
 * this border happens once a record. Topics have partitions, partitions have offsets 0, 1, 2, … as in
 * Kafka. A client belongs to one executor and is shared by its tasks.
 *
 * Every method throws a SluiceError: `log.unreachable` (retriable) when the log does not answer,
 * `log.closed` after `stop`, `destroy` or `close`. What else a method throws stands with it.
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
  /** Why that is so, what it means and what to do about it: a sentence or two for people. */
  readonly meaning: string;
  /** The log refuses what an owner with an older fence writes or commits. */
  readonly fencing: boolean;
  /** Its writers have `transact`. */
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

/** What a source writes as one: all of it, or nothing. */
export interface SourceTransaction {
  readonly connector: string;
  readonly batches: readonly TopicBatch[];
  readonly offsets: readonly SourceOffset[];
}

/** `offset` is the next one to be read. */
export interface GroupOffset extends TopicPartition {
  readonly offset: number;
}

export interface RecordLog {
  readonly capabilities: LogCapabilities;
  /** Connects. @throws SluiceError `log.unreachable` that names the address and the remedy. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Cuts every socket at once: nothing buffered may leave any more. Then only `stop` may be called. */
  destroy(): void;
  /**
   * Cuts every socket as `destroy` does, but the client connects anew when it is used again. Calls in
   * flight are refused with `log.unreachable` (they may have been applied); a poll that waits goes on
   * waiting, since positions and what was prefetched stay valid.
   */
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
  /** Committed offsets of a group; empty if there is no such group. The last commit may show only in a moment. */
  listGroupOffsets(group: string): Promise<GroupOffset[]>;
  /**
   * Removes a group with its offsets. To be called when a sink is deleted for good: a log with a quota
   * keeps records for every group that it knows. Idempotent.
   */
  forgetGroup(group: string): Promise<void>;
  /**
   * Lets a group that goes on to exist begin anew in these partitions, as if it had never committed there; a log with
   * a quota keeps what comes for it meanwhile. Idempotent. @throws as commit.
   */
  clearGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void>;
  /**
   * A look at what partitions hold from their offsets on, for people: without a group, an identity or a position, so that
   * no owner, no lag and no quota notices. One batch for each partition, in the order asked for, without records where
   * there are none yet; all together about `bytesMax`, but at least one stored batch of each whole. Offsets that the log
   * holds no more begin at the first that it holds. Of transactions comes what is committed, and `highWatermark` is
   * where that ends. @throws SluiceError `log.unknown_partition`.
   */
  peek(
    from: readonly GroupOffset[],
    options: { readonly bytesMax: number },
  ): Promise<FetchedBatch[]>;
  readonly topics: LogTopics;
  /** What it runs on, where that tells. */
  describeServer?(): Promise<LogServer>;
}

export interface LogServer {
  /** How many share the work. */
  readonly servers: number;
  /** Levels of what they all can do, by name: of Kafka `metadata.version` and its like; empty if they do not say. */
  readonly features: ReadonlyMap<string, number>;
}

export interface LogTopics {
  /**
   * Idempotent. `replicationFactor` is for logs that have one; default: the log's own setting.
   * @throws SluiceError `log.topic_exists_differently` if partitions differ, `log.invalid_topic` for a name that
   * Kafka would refuse, `log.topic_not_created` where it refuses something else.
   */
  create(
    topic: string,
    options: {
      partitions: number;
      replicationFactor?: number;
      config?: Readonly<Record<string, string>>;
    },
  ): Promise<void>;
  /** Existing topics with their partition counts; missing topics are absent from the answer. */
  describe(topics: readonly string[]): Promise<
    ReadonlyMap<
      string,
      {
        readonly partitions: number;
        /** The lowest of its partitions, where there are replicas. */
        readonly replicationFactor?: number;
      }
    >
  >;
  list(): Promise<string[]>;
  /** Kafka's settings of a topic, where its topics have any; empty if we may not know them. */
  settings?(topic: string): Promise<Readonly<Record<string, string>>>;
  delete(topic: string): Promise<void>;
  /** First and next offset of partitions. */
  watermarks(
    partitions: readonly TopicPartition[],
  ): Promise<{ readonly low: number; readonly high: number }[]>;
  /**
   * Where in partitions to begin for what is not older than a time, ms since 1970; where they end if there is nothing.
   * Kafka goes by the records' own times, a log that has no index of them by when they were appended.
   * @throws as `watermarks`.
   */
  offsetsSince(partitions: readonly TopicPartition[], timeMs: number): Promise<number[]>;
}

export interface LogWriter {
  /**
   * Appends; resolves when acknowledged as durably as `capabilities` says. Calls are acknowledged and
   * appended in the order of the calls, for each partition. A topic that does not exist is created with
   * the log's default partitions. At most a bounded number of bytes is in flight: later calls wait.
   *
   * When a call fails with `log.full` or `log.unreachable`, the later calls that were waiting or in
   * flight then fail as well: repeating all of them in order keeps the order. What failed may still have been appended
   * (at least once).
   *
   * Records that the log does not take (too large, no such partition, no such name) refuse their call, and disturb no
   * other: the error names them, and says of the others where they were appended, or that they were not. What the
   * adapter knows before, it refuses before anything is appended; only a broker's own limits are found out later. In
   * a partition nothing is appended behind a record that is neither appended nor refused, so that sending these again
   * keeps the order.
   * @throws SluiceError `log.fenced` (fenced), `log.full` / `log.unreachable` (retriable); RecordsRefusedError
   * `log.record_too_large`, `log.unknown_partition`, `log.invalid_topic`.
   */
  produce(batches: readonly TopicBatch[]): Promise<ProduceAck[]>;
  /** Stores source offsets under the fence. @throws as produce. */
  commitSourceOffsets(connector: string, offsets: readonly SourceOffset[]): Promise<void>;
  /**
   * Appends and stores offsets in one transaction: whoever reads what is committed sees all of it, once, or nothing.
   * One call at a time, and none of `produce` by the same writer. What failed was not written, and the same call may be repeated, unless the error says that nobody
   * knows: then only whoever opens the identity anew learns by the offsets what has become of it. Of a call of which
   * records are refused nothing is written.
   * @throws as produce; SluiceError `log.outcome_unknown`.
   */
  transact?(transaction: SourceTransaction): Promise<ProduceAck[]>;
  close(): Promise<void>;
}

export interface ReaderOptions {
  readonly identity: WriterIdentity;
  readonly group: string;
  /**
   * Where to begin without a committed offset, and where to go on when the position is outside of what
   * the log holds. Default `earliest`, as Kafka Connect's sinks.
   */
  readonly reset?: 'earliest' | 'latest';
  /**
   * Kafka's `isolation.level`; default `read_uncommitted`, as Kafka's. A log without transactions has
   * nothing that is not committed.
   */
  readonly isolation?: 'read_uncommitted' | 'read_committed';
  /** Bounds of what is fetched ahead, for the whole reader. */
  readonly prefetchBytesMax?: number;
  readonly pollRecordsMax?: number;
}

export interface LogReader {
  /**
   * Replaces the assignment; partitions that stay keep their position, pause and prefetched records.
   * Positions of new ones are known when it resolves. A topic that does not exist yet is an empty one.
   */
  assign(partitions: readonly TopicPartition[]): Promise<void>;
  /**
   * What has arrived, at most `pollRecordsMax` records; waits up to `maxWaitMs` if nothing has. Empty
   * array on timeout. Aborting the signal ends the wait with an empty array, as `close` does. While the
   * log is unreachable it waits as if nothing had arrived. Not to be called again before it resolves.
   * Keys and values may be views of a larger buffer: copy what is kept for long.
   */
  poll(maxWaitMs: number, signal?: AbortSignal): Promise<FetchedBatch[]>;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /**
   * The next poll of the partition starts at `offset`, or as `reset` says if the log does not hold it.
   * `pause`, `resume` and `seek` throw `log.not_assigned` for a partition that is not assigned.
   */
  seek(partition: TopicPartition, offset: number): void;
  /** Next offset to be polled. */
  position(partition: TopicPartition): number | undefined;
  /** Stores group offsets (next offset to read) under the fence. @throws `log.fenced`. */
  commit(offsets: readonly GroupOffset[]): Promise<void>;
  committed(partitions: readonly TopicPartition[]): Promise<(number | undefined)[]>;
  close(): Promise<void>;
}
