/**
 * A client of a log in memory whose produce calls a check can hold, refuse or leave without an answer. It owns what
 * hangs: `disconnect` ends that with an error, as cutting the sockets of a real log does.
 */
import { SluiceError, toError } from '@sluice/kernel';
import {
  type GroupOffset,
  type LogReader,
  type LogTopics,
  type LogWriter,
  outcomeUnknownError,
  type ProduceAck,
  type ReaderOptions,
  type RecordLog,
  type TopicBatch,
  type WriterIdentity,
} from '@sluice/record-log';
import { MemoryLog, type MemoryLogOptions, type MemoryLogStore } from '@sluice/record-log/memory';

/** What a gate decides on a call: go on; answer nothing, having done it or not. */
export type Passage = 'open' | 'unsent' | 'unanswered';

export interface Gates {
  produce?: (batches: readonly TopicBatch[]) => Passage | Promise<Passage>;
  commitSource?: () => Passage | Promise<Passage>;
  /** Before the offsets of a group are stored. */
  commitGroup?: (offsets: readonly GroupOffset[]) => Passage | Promise<Passage>;
}

export class GatedLog implements RecordLog {
  readonly capabilities: RecordLog['capabilities'];
  readonly topics: LogTopics;
  readonly #inner: MemoryLog;
  readonly #gates: Gates;
  #cut = Promise.withResolvers<never>();

  constructor(store: MemoryLogStore, gates: Gates = {}, options: MemoryLogOptions = {}) {
    this.#inner = new MemoryLog(store, options);
    this.#gates = gates;
    // What a connector does must not depend on how durable the log of a test is.
    this.capabilities = { ...this.#inner.capabilities, durability: 'durable' };
    this.topics = this.#inner.topics;
    this.#cut.promise.catch(() => {});
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  stop(): Promise<void> {
    this.disconnect();
    return this.#inner.stop();
  }

  destroy(): void {
    this.disconnect();
    this.#inner.destroy();
  }

  disconnect(): void {
    this.#cut.reject(
      new SluiceError('log.unreachable', 'the connection to the log in memory was cut', {
        retriable: true,
      }),
    );
    this.#cut = Promise.withResolvers<never>();
    this.#cut.promise.catch(() => {});
  }

  async openWriter(identity: WriterIdentity): Promise<LogWriter> {
    const writer = await this.#inner.openWriter(identity);
    /** Calls that the gate has not let through: closing waits for them, as it does for what was accepted. */
    const waiting = new Set<Promise<unknown>>();
    const pass = <Result>(
      decided: Passage | Promise<Passage> | undefined,
      apply: () => Promise<Result>,
    ): Promise<Result> => {
      const passing = this.#pass(decided, apply);
      waiting.add(passing);
      const forget = (): boolean => waiting.delete(passing);
      passing.then(forget, forget);
      return passing;
    };
    return {
      produce: (batches): Promise<ProduceAck[]> =>
        pass(this.#gates.produce?.(batches), () => writer.produce(batches)),
      commitSourceOffsets: (connector, offsets) =>
        pass(this.#gates.commitSource?.(), () => writer.commitSourceOffsets(connector, offsets)),
      transact: (transaction): Promise<ProduceAck[]> => {
        let isCommitted = false;
        const transacted = pass(this.#gates.produce?.(transaction.batches), async () => {
          const acks = await writer.transact(transaction);
          isCommitted = true;
          return acks;
        });
        return transacted.catch((error: unknown) => {
          throw isCommitted ? outcomeUnknownError(identity, toError(error)) : error;
        });
      },
      close: async () => {
        await Promise.allSettled(waiting);
        await writer.close();
      },
    };
  }

  async openReader(options: ReaderOptions): Promise<LogReader> {
    const reader = await this.#inner.openReader(options);
    return {
      assign: (partitions) => reader.assign(partitions),
      poll: (maxWaitMs, signal) => reader.poll(maxWaitMs, signal),
      pause: (partitions) => reader.pause(partitions),
      resume: (partitions) => reader.resume(partitions),
      seek: (partition, offset) => reader.seek(partition, offset),
      position: (partition) => reader.position(partition),
      committed: (partitions) => reader.committed(partitions),
      commit: (offsets) =>
        this.#pass(this.#gates.commitGroup?.(offsets), () => reader.commit(offsets)),
      close: () => reader.close(),
    };
  }

  readSourceOffsets: RecordLog['readSourceOffsets'] = (connector, partitions) =>
    this.#inner.readSourceOffsets(connector, partitions);

  listSourceOffsets: RecordLog['listSourceOffsets'] = (connector) =>
    this.#inner.listSourceOffsets(connector);

  listGroupOffsets: RecordLog['listGroupOffsets'] = (group) => this.#inner.listGroupOffsets(group);

  forgetGroup: RecordLog['forgetGroup'] = (group) => this.#inner.forgetGroup(group);
  clearGroupOffsets: RecordLog['clearGroupOffsets'] = (...args) =>
    this.#inner.clearGroupOffsets(...args);
  peek: RecordLog['peek'] = (...args) => this.#inner.peek(...args);

  /** An open gate adds no turn: the order of calls is the order of what they do. */
  #pass<Result>(
    decided: Passage | Promise<Passage> | undefined,
    apply: () => Promise<Result>,
  ): Promise<Result> {
    if (decided === undefined || decided === 'open') return apply();
    return this.#passLater(decided, apply);
  }

  async #passLater<Result>(
    decided: Passage | Promise<Passage>,
    apply: () => Promise<Result>,
  ): Promise<Result> {
    const cut = this.#cut.promise;
    const passage = await Promise.race([decided, cut]);
    if (passage === 'open') return apply();
    if (passage === 'unanswered') await apply();
    return cut;
  }
}
