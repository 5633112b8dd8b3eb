import { type Clock, SluiceError } from '@sluice/kernel';
import {
  type GroupOffset,
  type LogReader,
  type LogWriter,
  outcomeUnknownError,
  type ReaderOptions,
  type RecordLog,
  RecordsRefusedError,
  type SourceOffset,
  type SourceTransaction,
  type TopicBatch,
  type WriterIdentity,
} from '@sluice/record-log';

/** What happens to one call. `lost-reply`: applied, but the caller is told that it failed. */
/** `hung`: no answer until the sockets are cut. */
export type Outcome = 'ok' | 'late' | 'refused' | 'full' | 'lost-reply' | 'for-good' | 'hung';

export interface ChaosLogOptions {
  readonly inner: RecordLog;
  readonly clock: Clock;
  /** Of the owner: no effect may be asked for without it. */
  readonly lease: { isHeld(): boolean };
  readonly decide: (operation: string) => Outcome;
  readonly onProduce?: (batches: readonly TopicBatch[]) => void;
  readonly onTransaction?: (transaction: SourceTransaction) => void;
  readonly onSourceCommit?: (offsets: readonly SourceOffset[]) => void;
  readonly onGroupCommit?: (offsets: readonly GroupOffset[]) => void;
}

const lateMs = 30;

/** A log between the runtime and a real one that fails, answers late, and checks what is asked of it. */
export class ChaosLog implements RecordLog {
  readonly #options: ChaosLogOptions;
  /** May be replaced. */
  capabilities: RecordLog['capabilities'];
  readonly topics: RecordLog['topics'];
  readonly #hung = new Set<() => void>();
  #cuts = 0;
  /** Operations without a lease. Must stay empty. */
  readonly violations: string[] = [];

  constructor(options: ChaosLogOptions) {
    this.#options = options;
    this.capabilities = options.inner.capabilities;
    const { topics } = options.inner;
    this.topics = {
      create: (topic, settings) => topics.create(topic, settings),
      delete: (topic) => topics.delete(topic),
      watermarks: (partitions) => topics.watermarks(partitions),
      offsetsSince: (partitions, timeMs) => topics.offsetsSince(partitions, timeMs),
      describe: (names) => this.#call('topics', false, () => topics.describe(names)),
      list: () => this.#call('topics', false, () => topics.list()),
    };
  }

  start(): Promise<void> {
    return this.#options.inner.start();
  }

  stop(): Promise<void> {
    return this.#options.inner.stop();
  }

  destroy(): void {
    this.disconnect();
  }

  disconnect(): void {
    this.#cuts += 1;
    for (const cut of this.#hung) cut();
    this.#hung.clear();
  }

  async openWriter(identity: WriterIdentity): Promise<LogWriter> {
    const { inner, onProduce, onSourceCommit, onTransaction } = this.#options;
    const writer = await this.#call('open', true, () => inner.openWriter(identity));
    return {
      produce: (batches) =>
        this.#call('produce', true, async () => {
          try {
            const acks = await writer.produce(batches);
            onProduce?.(batches);
            return acks;
          } catch (error) {
            if (error instanceof RecordsRefusedError) onProduce?.(appendedOf(batches, error));
            throw error;
          }
        }),
      transact: (transaction) =>
        this.#call(
          'transact',
          true,
          async () => {
            const acks = await writer.transact?.(transaction);
            onTransaction?.(transaction);
            return acks ?? [];
          },
          () => outcomeUnknownError(identity, unreachable()),
        ),
      commitSourceOffsets: (connector, offsets) =>
        this.#call('commit', true, async () => {
          await writer.commitSourceOffsets(connector, offsets);
          onSourceCommit?.(offsets);
        }),
      close: () => writer.close(),
    };
  }

  async openReader(options: ReaderOptions): Promise<LogReader> {
    const { inner, onGroupCommit } = this.#options;
    const reader = await this.#call('open', true, () => inner.openReader(options));
    return {
      assign: (partitions) => this.#call('assign', false, () => reader.assign(partitions)),
      poll: (maxWaitMs, signal) => reader.poll(maxWaitMs, signal),
      pause: (partitions) => reader.pause(partitions),
      resume: (partitions) => reader.resume(partitions),
      seek: (partition, offset) => reader.seek(partition, offset),
      position: (partition) => reader.position(partition),
      committed: (partitions) => reader.committed(partitions),
      commit: (offsets) =>
        this.#call('commit', true, async () => {
          await reader.commit(offsets);
          onGroupCommit?.(offsets);
        }),
      close: () => reader.close(),
    };
  }

  readSourceOffsets: RecordLog['readSourceOffsets'] = (connector, partitions) =>
    this.#call('offsets', false, () =>
      this.#options.inner.readSourceOffsets(connector, partitions),
    );

  listSourceOffsets: RecordLog['listSourceOffsets'] = (connector) =>
    this.#options.inner.listSourceOffsets(connector);

  listGroupOffsets: RecordLog['listGroupOffsets'] = (group) =>
    this.#options.inner.listGroupOffsets(group);

  forgetGroup: RecordLog['forgetGroup'] = (group) => this.#options.inner.forgetGroup(group);
  clearGroupOffsets: RecordLog['clearGroupOffsets'] = (...args) =>
    this.#options.inner.clearGroupOffsets(...args);
  peek: RecordLog['peek'] = (...args) => this.#options.inner.peek(...args);

  async #call<Result>(
    operation: string,
    isEffect: boolean,
    apply: () => Promise<Result>,
    lost: () => Error = unreachable,
  ): Promise<Result> {
    const { clock, decide, lease } = this.#options;
    if (isEffect && !lease.isHeld()) this.violations.push(`${operation} without a lease`);
    const cuts = this.#cuts;
    const outcome = decide(operation);
    if (outcome === 'refused') throw unreachable();
    if (outcome === 'full')
      throw new SluiceError('log.full', 'the log is full', { retriable: true });
    if (outcome === 'for-good') throw new SluiceError('log.record_too_large', 'too large');
    if (outcome === 'hung') {
      const cut = Promise.withResolvers<void>();
      this.#hung.add(cut.resolve);
      await cut.promise;
    }
    if (outcome === 'late') await clock.sleep(lateMs);
    if (cuts !== this.#cuts) throw unreachable();
    if (outcome !== 'lost-reply') return apply();
    await apply().catch(() => {});
    throw lost();
  }
}

function appendedOf(
  batches: readonly TopicBatch[],
  { acks }: RecordsRefusedError,
): readonly TopicBatch[] {
  return batches.map(({ records, topic }, batch) => ({
    topic,
    records: records.filter((_, index) => (acks[batch]?.offsets[index] ?? -1) >= 0),
  }));
}

function unreachable(): SluiceError {
  return new SluiceError('log.unreachable', 'the log at test:1 does not answer', {
    retriable: true,
  });
}
