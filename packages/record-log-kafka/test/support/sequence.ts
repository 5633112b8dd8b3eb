/** A stream of numbered records that is written and read while something happens to the brokers. */
import { isRetriable } from '@sluice/kernel';
import type { LogReader, LogWriter, RecordLog } from '@sluice/record-log';
import { newIdentity, newTopicName } from '@sluice/record-log/conformance';
import { waitFor } from '@sluice/testkit';
import { expect } from 'vitest';

const callsMax = 5;
const recordsInCall = 20;

/**
 * Writes 0, 1, 2, … to partitions in turn, several calls at a time, and after a failure again from the first number
 * that is not acknowledged, as the contract of `produce` says that it keeps the order.
 */
export class SequenceWriter {
  readonly #writer: LogWriter;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  acknowledged = 0;
  /** Calls that failed and were made again. */
  failures = 0;

  constructor(writer: LogWriter, topic: string, partitions: number) {
    this.#writer = writer;
    this.#topic = topic;
    this.#partitions = partitions;
    this.#running = this.#run();
    this.#running.catch(() => {});
  }

  /** Resolves when all that it began is acknowledged. */
  async stop(): Promise<number> {
    this.#stop.abort();
    await this.#running;
    return this.acknowledged;
  }

  async #run(): Promise<void> {
    let next = 0;
    const pending: Promise<unknown>[] = [];
    while (!this.#stop.signal.aborted || this.acknowledged < next) {
      while (!this.#stop.signal.aborted && pending.length < callsMax) {
        pending.push(this.#produce(next));
        next += recordsInCall;
      }
      const failure = await pending.shift();
      if (failure === undefined) {
        this.acknowledged += recordsInCall;
        continue;
      }
      if (!isRetriable(failure)) throw failure;
      this.failures += 1;
      await Promise.all(pending.splice(0));
      for (let again = this.acknowledged; again < next; again += recordsInCall)
        pending.push(this.#produce(again));
    }
  }

  /** Resolves with its failure, if it failed. */
  #produce(from: number): Promise<unknown> {
    const records = Array.from({ length: recordsInCall }, (_, index) => ({
      key: null,
      value: Buffer.from(String(from + index)),
      partition: (from + index) % this.#partitions,
    }));
    return this.#writer.produce([{ topic: this.#topic, records }]).then(
      () => undefined,
      (error: unknown) => error,
    );
  }
}

/** Reads all that comes. */
export class SequenceReader {
  readonly #reader: LogReader;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #seen = new Map<number, number[]>();
  readonly #distinct = new Set<number>();
  #lastAtMs = performance.now();
  duplicates = 0;
  /** The longest time in which nothing came. */
  longestGapMs = 0;

  constructor(reader: LogReader) {
    this.#reader = reader;
    this.#running = this.#run();
    this.#running.catch(() => {});
  }

  get count(): number {
    return this.#distinct.size;
  }

  /** Forgets the longest gap, which is measured from now on. */
  measureGap(): void {
    this.#lastAtMs = performance.now();
    this.longestGapMs = 0;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Numbers below `count` that never came. */
  missing(count: number): number[] {
    return Array.from({ length: count }, (_, number) => number).filter(
      (number) => !this.#distinct.has(number),
    );
  }

  /** Partitions in which a number came for the first time after a higher one. */
  disordered(): number[] {
    return [...this.#seen].flatMap(([partition, numbers]) =>
      numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? -1))
        ? []
        : [partition],
    );
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const batches = await this.#reader.poll(200, this.#stop.signal);
      if (batches.length === 0) continue;
      const nowMs = performance.now();
      this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.#lastAtMs);
      this.#lastAtMs = nowMs;
      for (const { partition, records } of batches) {
        let seen = this.#seen.get(partition);
        if (!seen) this.#seen.set(partition, (seen = []));
        for (const { value } of records) {
          const number = Number(Buffer.from(value ?? []).toString());
          if (this.#distinct.has(number)) {
            this.duplicates += 1;
          } else {
            this.#distinct.add(number);
            seen.push(number);
          }
        }
      }
    }
  }
}

/** A writer and a reader of one client, and a topic of their own. */
export class Stream {
  readonly topic: string;
  readonly writer: SequenceWriter;
  readonly reader: SequenceReader;

  constructor(topic: string, writer: SequenceWriter, reader: SequenceReader) {
    this.topic = topic;
    this.writer = writer;
    this.reader = reader;
  }

  async untilMore(count: number, timeoutMs = 30_000): Promise<void> {
    const target = this.reader.count + count;
    await waitFor(() => this.reader.count >= target, {
      what: `${count} more records to come`,
      timeoutMs,
    });
  }

  /** Ends it. Nothing that was acknowledged is missing, and each partition is in order. */
  async assertWhole(): Promise<void> {
    const count = await this.writer.stop();
    await waitFor(() => this.reader.count >= count, {
      what: 'all to be read',
      timeoutMs: 20_000,
    });
    await this.reader.stop();
    expect(this.reader.missing(count)).toEqual([]);
    expect(this.reader.disordered()).toEqual([]);
  }
}

/** It flows when this resolves. */
export async function startStream(log: RecordLog, partitions: number): Promise<Stream> {
  const topic = newTopicName();
  await log.topics.create(topic, { partitions });
  const reader = await log.openReader({ identity: newIdentity(), group: `connect-${topic}` });
  await reader.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition })));
  const writer = new SequenceWriter(await log.openWriter(newIdentity()), topic, partitions);
  const stream = new Stream(topic, writer, new SequenceReader(reader));
  await stream.untilMore(500);
  return stream;
}
