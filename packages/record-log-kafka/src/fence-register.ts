/**
 * The fences of all owners, in a compacted topic: key is the owner's identity, value
 * `{"fence": 7, "topics": ["orders"]}`. Kafka itself gives a transactional id to whoever asked last; this is how
 * the last one learns that it is not the newest.
 *
 * An owner reads, writes its own fence if it is the highest, and reads again. It writes under the epoch that it
 * took just before, so of two that open at the same time either one sees the other's fence, or the broker
 * refuses the other's write.
 *
 * `topics` are those that the identity ever wrote to; a topic is added before the first record goes there. A new
 * owner begins by leaving a mark of its epoch in each partition of them (an empty transaction that is
 * aborted): after that, nothing that an older owner still has on the way is appended anywhere. It cannot add a
 * topic either, since the register does not take its word any more.
 */
import { partitionForKey } from '@sluice/record-log';

import { append } from './append.ts';
import type { Call } from './call.ts';
import type { KafkaCluster } from './cluster.ts';
import type { Fetcher } from './fetcher.ts';
import type { CompiledKafkaLogOptions } from './options.ts';
import type { OwnerSession, Producer } from './owner-session.ts';
import type { ProducePipeline } from './produce-pipeline.ts';
import type { TopicCatalog } from './topic-catalog.ts';
import { TopicTail } from './topic-tail.ts';
import type { Watermarks } from './watermarks.ts';
import { endTxnRequest } from './wire/transactions.ts';

export interface FenceRegisterParts {
  readonly cluster: KafkaCluster;
  readonly options: CompiledKafkaLogOptions;
  readonly topics: TopicCatalog;
  readonly pipeline: ProducePipeline;
  readonly fetcher: Fetcher;
  readonly watermarks: Watermarks;
}

interface Entry {
  readonly fence: number;
  readonly topics: readonly string[];
}

export interface Registration {
  /** The fence of an owner that is newer than we. */
  readonly newerFence?: number;
  /** Partitions were marked: the producer that did it is used up. */
  readonly hasMarked?: boolean;
}

/** More are not kept track of: an older owner may then write there until the new one does. */
const topicsMax = 1_000;

export class FenceRegister {
  readonly #parts: FenceRegisterParts;
  readonly #tail: TopicTail;
  readonly #entries = new Map<string, Entry>();
  /** Fences for which this client has left its marks, by identity. */
  readonly #marked = new Map<string, number>();

  constructor(parts: FenceRegisterParts) {
    this.#parts = parts;
    this.#tail = new TopicTail({
      ...parts,
      topic: parts.options.fenceStorageTopic,
      onRecord: ({ key, value }) => this.#learn(key, value),
    });
  }

  /** The session has just taken its identity. */
  async register(call: Call, session: OwnerSession): Promise<Registration> {
    const { id, fence } = session.identity;
    const before = await this.#look(call, id);
    if (before && before.fence > fence) return { newerFence: before.fence };
    const isStored = before?.fence === fence;
    // An attempt that failed may have stored the fence and left no marks.
    if (isStored && this.#marked.get(id) === fence) return {};
    const topics = before?.topics ?? [];
    if (!isStored) {
      await this.#write(call, session, topics);
      const after = await this.#look(call, id);
      if (after && after.fence > fence) return { newerFence: after.fence };
    }
    const hasMarked = await this.#mark(call, session, topics);
    this.#marked.set(id, fence);
    return { hasMarked };
  }

  /** Before the first record goes to these topics. */
  async addTopics(call: Call, session: OwnerSession, topics: readonly string[]): Promise<void> {
    const known = this.#entries.get(session.identity.id)?.topics ?? [];
    const added = topics.filter((topic) => !known.includes(topic));
    if (added.length === 0 || known.length + added.length > topicsMax) return;
    await this.#write(call, session, [...known, ...added]);
  }

  close(): void {
    this.#tail.close();
  }

  async #look(call: Call, id: string): Promise<Entry | undefined> {
    const { topics, options } = this.#parts;
    await topics.ensureCompacted(call, options.fenceStorageTopic, 1);
    await this.#tail.readToEnd(call);
    return this.#entries.get(id);
  }

  async #write(call: Call, session: OwnerSession, topics: readonly string[]): Promise<void> {
    const { id, fence } = session.identity;
    const topic = this.#parts.options.fenceStorageTopic;
    const known = await this.#parts.cluster.topics(call, [topic]);
    const key = Buffer.from(id);
    const partition = partitionForKey(key, known.get(topic)?.leaders.length ?? 1);
    const value = Buffer.from(JSON.stringify({ fence, topics }));
    const to = { session, topic, partition };
    await append(this.#parts.pipeline, { ...to, isTransactional: false, isOpening: true }, [
      { key, value },
    ]);
    this.#learn(key, value);
  }

  async #mark(call: Call, session: OwnerSession, topics: readonly string[]): Promise<boolean> {
    const { producer } = session;
    if (topics.length === 0 || !producer) return false;
    const known = await this.#parts.cluster.topics(call, topics);
    const partitions = [...known].flatMap(([topic, { leaders }]) =>
      leaders.flatMap((leader, partition) => (leader < 0 ? [] : [{ topic, partition }])),
    );
    if (partitions.length === 0) return false;
    await markPartitions(call, session, producer, partitions);
    return true;
  }

  #learn(key: Uint8Array | null, value: Uint8Array | null): void {
    if (key === null) return;
    const id = Buffer.from(key).toString();
    if (value === null) {
      this.#entries.delete(id);
      return;
    }
    const entry = parseEntry(Buffer.from(value).toString());
    // An older owner that was just writing does not take anything back.
    if (entry && entry.fence >= (this.#entries.get(id)?.fence ?? 0)) this.#entries.set(id, entry);
  }
}

async function markPartitions(
  call: Call,
  session: OwnerSession,
  marking: Producer,
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): Promise<void> {
  const { id: producerId, epoch: producerEpoch } = marking;
  const transactionalId = session.identity.id;
  const coordinator = ['transaction', transactionalId] as const;
  const producer = { transactionalId, producerId, producerEpoch };
  await session.addPartitions(call, marking, partitions);
  await session.ask(
    call,
    coordinator,
    endTxnRequest({ ...producer, commit: false }),
    ({ errorCode }) => errorCode,
  );
}

function parseEntry(text: string): Entry | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const { fence, topics } = parsed as Record<string, unknown>;
    if (typeof fence !== 'number' || !Array.isArray(topics)) return undefined;
    return { fence, topics: topics.filter((topic) => typeof topic === 'string') };
  } catch {
    return undefined;
  }
}
