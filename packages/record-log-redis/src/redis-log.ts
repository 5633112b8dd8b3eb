import { parseExactJson, SluiceError } from '@sluice/kernel';
import {
  closedError,
  type FetchedBatch,
  type GroupOffset,
  type LogCapabilities,
  type LogReader,
  type LogWriter,
  parsePartitionName,
  type ReaderOptions,
  type RecordLog,
  type SourceOffset,
  sourcePartitionName,
  type TopicPartition,
  type WriterIdentity,
} from '@sluice/record-log';
import { parseRedisUrl } from '@sluice/redis-connection';

import { Connection } from './connection.ts';
import { openIdentity } from './fence.ts';
import { Keys } from './keys.ts';
import {
  type CompiledRedisLogOptions,
  compileRedisLogOptions,
  type RedisLogOptions,
} from './options.ts';
import { peekPartitions } from './peek.ts';
import { committedOffset } from './place.ts';
import { Reclaimer } from './reclaimer.ts';
import { RedisReader } from './redis-reader.ts';
import { RedisWriter } from './redis-writer.ts';
import { scripts } from './scripts.ts';
import { promiseOf, readServerPromise } from './server-promise.ts';
import { TopicCatalog } from './topic-catalog.ts';
import { type PartitionUsage, readUsage, type UsageParts } from './usage.ts';
import { Wakes } from './wakes.ts';

type Offset = Readonly<Record<string, unknown>>;

/**
 * A record log on Redis Streams: one stream for each partition, one entry for each batch, all changes by
 * Lua scripts that check the owner's fence. It needs Redis 7.0 or newer. All keys share one hash tag, so in
 * Redis Cluster the whole log is on one node.
 *
 * Three connections for each client, whatever the number of its readers and writers: one for writes and
 * commits, one for fetches (whose large replies would hold up acknowledgements), one for wakes. The last
 * two open with the first reader.
 *
 * Delivery: at least once. When the connection breaks before a produce is acknowledged, it may or may not
 * have been appended; the caller is told `log.unreachable`, repeats it, and the records may then be
 * there twice. They are never out of order apart from that, and nothing that was acknowledged is missing
 * as far as `capabilities.durability` goes.
 */
export class RedisLog implements RecordLog {
  readonly topics: TopicCatalog;
  readonly #options: CompiledRedisLogOptions;
  readonly #keys: Keys;
  readonly #writes: Connection;
  readonly #fetches: Connection;
  readonly #wakes: Wakes;
  readonly #reclaimer: Reclaimer;
  readonly #writers = new Set<RedisWriter>();
  readonly #readers = new Set<RedisReader>();
  #promise = promiseOf(undefined);
  #closed = false;

  constructor(options: RedisLogOptions) {
    const log = compileRedisLogOptions(options);
    this.#options = log;
    this.#keys = new Keys(log);
    this.#writes = new Connection({
      purpose: 'writes',
      log,
      scripts: Object.values(scripts),
      // A new session may meet a server that was started anew with other settings.
      prepare: async (redis) =>
        void (this.#promise = await readServerPromise(redis, this.#failsOver)),
    });
    this.#fetches = new Connection({ purpose: 'fetches', log, scripts: [scripts.fetch] });
    this.#wakes = new Wakes(log);
    if (this.#failsOver) this.#writes.onLost = () => this.#leaveServer();
    this.topics = new TopicCatalog(this.#writes, this.#keys, log);
    this.#reclaimer = new Reclaimer(this.#adminParts);
  }

  get #failsOver(): boolean {
    return parseRedisUrl(this.#options.url).kind !== 'server';
  }

  get capabilities(): LogCapabilities {
    return { ...this.#promise, fencing: true, transactions: false };
  }

  async start(): Promise<void> {
    await this.#writes.use(async ({ redis }) => {
      this.#assertVersion(await redis.info('server'));
      this.#promise = await readServerPromise(redis, this.#failsOver);
    });
  }

  /** Waits for what writers have pending, then closes. */
  async stop(): Promise<void> {
    if (!this.#closed) await Promise.all([...this.#writers].map((writer) => writer.close()));
    this.destroy();
  }

  destroy(): void {
    this.#closed = true;
    this.#writes.close();
    this.#fetches.close();
    this.#wakes.close();
    for (const writer of this.#writers) writer.cut();
    for (const reader of this.#readers) void reader.close();
  }

  disconnect(): void {
    this.#writes.cut();
    this.#fetches.cut();
    this.#wakes.cut();
    for (const writer of this.#writers) writer.cut();
  }

  async openWriter(identity: WriterIdentity): Promise<LogWriter> {
    await this.#open(identity);
    const writer = new RedisWriter(identity, {
      connection: this.#writes,
      keys: this.#keys,
      topics: this.topics,
      reclaimer: this.#reclaimer,
      options: this.#options,
      onClosed: (closed) => this.#writers.delete(closed),
    });
    this.#writers.add(writer);
    return writer;
  }

  async openReader(options: ReaderOptions): Promise<LogReader> {
    await this.#open(options.identity);
    const reader = new RedisReader(options, {
      connection: this.#writes,
      fetches: this.#fetches,
      wakes: this.#wakes,
      keys: this.#keys,
      options: this.#options,
      onClosed: (closed) => this.#readers.delete(closed),
    });
    this.#readers.add(reader);
    return reader;
  }

  async readSourceOffsets(
    connector: string,
    partitions: readonly Offset[],
  ): Promise<(Offset | undefined)[]> {
    if (partitions.length === 0) return [];
    const offsets = await this.#writes.use(({ redis }) =>
      redis.hmget(this.#keys.source(connector), ...partitions.map(sourcePartitionName)),
    );
    return offsets.map((offset) =>
      offset === null ? undefined : (parseExactJson(offset) as Offset),
    );
  }

  async listSourceOffsets(connector: string): Promise<SourceOffset[]> {
    const offsets = await this.#writes.use(({ redis }) =>
      redis.hgetall(this.#keys.source(connector)),
    );
    return Object.entries(offsets).map(([partition, offset]) => ({
      partition: parseExactJson(partition) as Offset,
      offset: parseExactJson(offset) as Offset,
    }));
  }

  async listGroupOffsets(group: string): Promise<GroupOffset[]> {
    const partitions = await this.#partitionsOf(group);
    const offsets = await this.#writes.use(({ redis }) =>
      Promise.all(
        partitions.map((name) => redis.hget(this.#keys.offsets(parsePartitionName(name)), group)),
      ),
    );
    return partitions.flatMap((name, index) => {
      const offset = committedOffset(offsets[index]);
      return offset === undefined ? [] : [{ ...parsePartitionName(name), offset }];
    });
  }

  async forgetGroup(group: string): Promise<void> {
    const keys = this.#keys;
    for (const name of await this.#partitionsOf(group)) {
      const partition = parsePartitionName(name);
      await this.#writes.run(
        scripts.forgetGroup,
        [
          keys.group(group),
          keys.usage,
          keys.time,
          keys.offsets(partition),
          keys.stream(partition),
          keys.meta(partition),
          keys.segments(partition),
        ],
        [group, name, this.#options.groupRetentionMs],
      );
    }
  }

  async clearGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    const keys = [this.#keys.time, ...partitions.map((each) => this.#keys.offsets(each))];
    await this.#writes.run(scripts.clearGroup, keys, [group]);
  }

  async peek(
    from: readonly GroupOffset[],
    { bytesMax }: { readonly bytesMax: number },
  ): Promise<FetchedBatch[]> {
    const held = await this.topics.watermarks(from);
    const places = from.map((each, index) => ({
      ...each,
      offset: Math.max(each.offset, held[index]?.low ?? 0),
    }));
    return peekPartitions(places, bytesMax, { fetches: this.#fetches, keys: this.#keys });
  }

  /** What each partition holds, and which groups hold it. */
  usage(): Promise<PartitionUsage[]> {
    return readUsage(this.#adminParts);
  }

  /** Clients, of whatever process, that have a reader of the group with partitions. */
  async activeReaders(group: string): Promise<number> {
    const channel = this.#keys.readers(group);
    const [, count] = await this.#writes.use(({ redis }) => redis.pubsub('NUMSUB', channel));
    return Number(count);
  }

  get #adminParts(): UsageParts {
    return {
      connection: this.#writes,
      keys: this.#keys,
      topics: this.topics,
      options: this.#options,
    };
  }

  async #partitionsOf(group: string): Promise<string[]> {
    const names = await this.#writes.use(({ redis }) => redis.smembers(this.#keys.group(group)));
    return names.sort();
  }

  async #open(identity: WriterIdentity): Promise<void> {
    if (this.#closed) throw closedError('this client of the log');
    await openIdentity(identity, { connection: this.#writes, keys: this.#keys });
  }

  #assertVersion(info: string): void {
    const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? '0';
    if (Number.parseInt(version, 10) >= 7) return;
    throw new SluiceError(
      'log.unsupported',
      `Redis at ${this.#options.address} is version ${version}, the record log needs 7.0 or newer`,
      { details: { version } },
    );
  }

  /** Writers notice that it is not the master any more; readers it would answer for ever, with nothing new. */
  #leaveServer(): void {
    this.#fetches.cut();
    this.#wakes.cut();
  }
}
