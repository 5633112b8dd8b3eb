/**
 * Offsets of sources in a compacted topic, in Kafka Connect's own format, so that a cluster moves from one to
 * the other with its offsets: key `["connector",{"filename":"/a"}]`, value `{"position":10}`, a tombstone where
 * there is none any more; the partition is the default one of the key.
 *
 * Kafka Connect compares keys byte by byte, so what once was written for a source partition is written again with the
 * same bytes, whoever wrote it first.
 *
 * Each commit is a transaction of the task's transactional id, alone or together with records: what an older owner
 * commits is refused. What is not committed is not seen, so that offsets are read with the records that they stand for.
 * A new owner has ended its predecessor's transaction before it reads; others wait for one a little.
 */
import { isObject, parseExactJson, stringifyExactJson } from '@sluice/kernel';
import {
  type FetchedRecord,
  type ProduceRecord,
  partitionForKey,
  type SourceOffset,
  sourcePartitionName,
} from '@sluice/record-log';

import { append } from './append.ts';
import type { Call } from './call.ts';
import type { KafkaCluster } from './cluster.ts';
import type { Fetcher } from './fetcher.ts';
import type { CompiledKafkaLogOptions } from './options.ts';
import type { OwnerSession } from './owner-session.ts';
import type { ProducePipeline } from './produce-pipeline.ts';
import type { TopicCatalog } from './topic-catalog.ts';
import { TopicTail } from './topic-tail.ts';
import type { Watermarks } from './watermarks.ts';

export interface SourceOffsetsParts {
  readonly cluster: KafkaCluster;
  readonly options: CompiledKafkaLogOptions;
  readonly topics: TopicCatalog;
  readonly pipeline: ProducePipeline;
  readonly fetcher: Fetcher;
  readonly watermarks: Watermarks;
}

type Fields = Readonly<Record<string, unknown>>;

/** Records of the offsets' topic, by partition. */
export interface EncodedOffsets {
  readonly topic: string;
  readonly byPartition: ReadonlyMap<number, readonly ProduceRecord[]>;
}

/** An owner that ends its transaction in order needs milliseconds for it. */
const settledWithinMs = 2_000;

interface Stored {
  /** As it is in the topic. */
  readonly key: Buffer;
  readonly partition: Fields;
  /** null: removed, but the key's bytes are remembered. */
  readonly offset: Fields | null;
}

export class SourceOffsets {
  readonly #parts: SourceOffsetsParts;
  readonly #tail: TopicTail;
  /** By connector, then by the source partition's name. */
  readonly #stored = new Map<string, Map<string, Stored>>();

  constructor(parts: SourceOffsetsParts) {
    this.#parts = parts;
    this.#tail = new TopicTail({
      ...parts,
      topic: parts.options.offsetStorageTopic,
      onRecord: (record) => this.#learn(record),
    });
  }

  /** Begins to follow the topic, if it exists, so that a first read finds most of it in memory. */
  async warmUp(call: Call): Promise<void> {
    const { cluster, options } = this.#parts;
    const known = await cluster.topics(call, [options.offsetStorageTopic]);
    if (known.size > 0) await this.#tail.readToEnd(call);
  }

  async read(
    call: Call,
    connector: string,
    partitions: readonly Fields[],
  ): Promise<(Fields | undefined)[]> {
    const asked = new Set(partitions.map((each) => sourcePartitionName(each)));
    await this.#readToEnd(call, connector, (partition) =>
      asked.has(sourcePartitionName(partition)),
    );
    const stored = this.#stored.get(connector);
    return partitions.map((each) => stored?.get(sourcePartitionName(each))?.offset ?? undefined);
  }

  async list(call: Call, connector: string): Promise<SourceOffset[]> {
    await this.#readToEnd(call, connector, () => true);
    return [...(this.#stored.get(connector)?.values() ?? [])].flatMap(({ partition, offset }) =>
      offset === null ? [] : [{ partition, offset }],
    );
  }

  /** @throws `log.fenced`. */
  async commit(
    call: Call,
    session: OwnerSession,
    connector: string,
    offsets: readonly SourceOffset[],
  ): Promise<void> {
    const { topic, byPartition } = await this.encode(call, connector, offsets);
    await session.transaction(call, async (producer) => {
      const partitions = [...byPartition.keys()].map((partition) => ({ topic, partition }));
      await session.addPartitions(call, producer, partitions);
      await Promise.all(
        [...byPartition].map(([partition, records]) =>
          append(
            this.#parts.pipeline,
            { session, topic, partition, isTransactional: true },
            records,
          ),
        ),
      );
    });
  }

  /** As they are to be appended, by whoever does it within a transaction. The topic exists then. */
  async encode(
    call: Call,
    connector: string,
    offsets: readonly SourceOffset[],
  ): Promise<EncodedOffsets> {
    const { topics, options } = this.#parts;
    const topic = options.offsetStorageTopic;
    const known = await topics.ensureCompacted(call, topic, options.offsetStoragePartitions);
    const byPartition = new Map<number, ProduceRecord[]>();
    for (const { partition, offset } of offsets) {
      const key = this.#keyOf(connector, partition);
      const value = offset === null ? null : Buffer.from(stringifyExactJson(offset));
      const at = partitionForKey(key, known.leaders.length);
      const records = byPartition.get(at);
      if (records) records.push({ key, value });
      else byPartition.set(at, [{ key, value }]);
    }
    return { topic, byPartition };
  }

  close(): void {
    this.#tail.close();
  }

  async #readToEnd(
    call: Call,
    connector: string,
    isAsked: (partition: Fields) => boolean,
  ): Promise<void> {
    const { topics, options } = this.#parts;
    await topics.ensureCompacted(call, options.offsetStorageTopic, options.offsetStoragePartitions);
    await this.#tail.readToEnd(call);
    const isMeant = ({ key }: FetchedRecord): boolean => {
      const parsed = key === null ? undefined : parseKey(Buffer.from(key).toString());
      return parsed?.[0] === connector && isAsked(parsed[1]);
    };
    await this.#tail.untilEnded(isMeant, Math.min(call.leftMs, settledWithinMs));
  }

  #keyOf(connector: string, partition: Fields): Buffer {
    const known = this.#stored.get(connector)?.get(sourcePartitionName(partition));
    return known?.key ?? Buffer.from(stringifyExactJson([connector, partition]));
  }

  #learn({ key, value }: FetchedRecord): void {
    // Copies: what comes is a view of a whole response.
    const bytes = key === null ? undefined : Buffer.from(key);
    const parsed = bytes && parseKey(bytes.toString());
    if (!bytes || !parsed) return;
    const [connector, partition] = parsed;
    const offset = value === null ? null : parseFields(Buffer.from(value).toString());
    if (offset === undefined) return;
    let stored = this.#stored.get(connector);
    if (!stored) this.#stored.set(connector, (stored = new Map()));
    stored.set(sourcePartitionName(partition), { key: bytes, partition, offset });
  }
}

/** Others may keep other things in the topic; they are none of ours. */
function parseKey(text: string): readonly [string, Fields] | undefined {
  const parsed = parseOrNothing(text);
  if (!Array.isArray(parsed) || parsed.length !== 2) return undefined;
  const [connector, partition] = parsed as unknown[];
  return typeof connector === 'string' && isObject(partition) ? [connector, partition] : undefined;
}

function parseFields(text: string): Fields | null | undefined {
  const parsed = parseOrNothing(text);
  return parsed === null || isObject(parsed) ? parsed : undefined;
}

function parseOrNothing(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}
