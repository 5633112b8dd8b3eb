import { newShortId } from '@sluice/kernel';
import { afterAll, beforeAll } from 'vitest';

import type {
  FetchedRecord,
  LogReader,
  LogWriter,
  ProduceRecord,
  ReaderOptions,
  RecordLog,
  TopicPartition,
  WriterIdentity,
} from '../index.ts';

/** How long a poll waits that must find nothing. */
export const quietMs = 150;

/** A log that the suite may fill, and how to get clients of it. */
export interface LogUnderTest {
  /** A client of its own connections, not started. All clients share the log. */
  connect(clientId: string): RecordLog;
  /** What the clients create topics with. */
  readonly defaultPartitions: number;
  /** Largest record that the clients accept; at least 1 MB of value. */
  readonly recordBytesMax: number;
  /** A topic may have a lower limit of its own, `max.message.bytes`, which only the log knows. */
  readonly hasTopicLimits: boolean;
  /** Removes the records before an offset, as retention would. */
  deleteRecords(partition: TopicPartition, beforeOffset: number): Promise<void>;
  close(): Promise<void>;
}

export type MakeLog = () => Promise<LogUnderTest>;

export interface ReadRecord extends FetchedRecord, TopicPartition {}

/** What the tests of one log share: one log, one client, names of their own for each test. */
export interface Harness {
  readonly underTest: () => LogUnderTest;
  /** A client that is started and shared by all tests. */
  readonly log: () => RecordLog;
  /** Another client, started; stopped after the suite. */
  readonly anotherLog: () => Promise<RecordLog>;
  readonly createTopic: (partitions?: number) => Promise<string>;
  readonly openWriter: (identity?: WriterIdentity) => Promise<LogWriter>;
  readonly openReader: (
    partitions: readonly TopicPartition[],
    options?: Partial<ReaderOptions>,
  ) => Promise<LogReader>;
}

export function useHarness(makeLog: MakeLog): Harness {
  let underTest: LogUnderTest | undefined;
  let shared: RecordLog | undefined;
  const clients: RecordLog[] = [];

  const start = async (): Promise<RecordLog> => {
    if (!underTest) throw new Error('the log is only there while tests run');
    const client = underTest.connect(`conformance-${clients.length}`);
    clients.push(client);
    await client.start();
    return client;
  };
  const log = (): RecordLog => {
    if (!shared) throw new Error('the log is only there while tests run');
    return shared;
  };

  beforeAll(async () => {
    underTest = await makeLog();
    shared = await start();
  }, 60_000);
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.stop()));
    await underTest?.close();
  }, 60_000);

  return {
    underTest: () => {
      if (!underTest) throw new Error('the log is only there while tests run');
      return underTest;
    },
    log,
    anotherLog: start,
    createTopic: async (partitions = 1) => {
      const topic = newTopicName();
      await log().topics.create(topic, { partitions });
      return topic;
    },
    openWriter: (identity = newIdentity()) => log().openWriter(identity),
    openReader: async (partitions, options = {}) => {
      const reader = await log().openReader({
        identity: newIdentity(),
        group: newGroup(),
        ...options,
      });
      await reader.assign(partitions);
      return reader;
    },
  };
}

export function newTopicName(): string {
  return `topic-${newShortId()}`;
}

export function newGroup(): string {
  return `connect-${newShortId()}`;
}

export function newIdentity(fence = 1): WriterIdentity {
  return { id: `conformance.task/${newShortId()}/0`, fence };
}

export function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

export function hexOf(content: Uint8Array | null): string | null {
  return content === null ? null : Buffer.from(content).toString('hex');
}

export function textOf(content: Uint8Array | null): string | null {
  return content === null ? null : Buffer.from(content).toString();
}

/** Records with the values `<prefix>0`, `<prefix>1`, … */
export function records(
  length: number,
  { prefix = '', partition }: { prefix?: string; partition?: number } = {},
): ProduceRecord[] {
  return Array.from({ length }, (_, index) => ({
    key: null,
    value: bytes(`${prefix}${index}`),
    ...(partition === undefined ? {} : { partition }),
  }));
}

export function values(read: readonly FetchedRecord[]): (string | null)[] {
  return read.map(({ value }) => textOf(value));
}

export function offsetsOf(read: readonly FetchedRecord[]): number[] {
  return read.map(({ offset }) => offset);
}

/** Numbers 0, 1, 2, … as strings. */
export function count(length: number, prefix = ''): string[] {
  return Array.from({ length }, (_, index) => `${prefix}${index}`);
}

/** Polls until at least `wanted` records have come, or fails after `limitMs`. */
export async function readRecords(
  reader: LogReader,
  wanted: number,
  limitMs = 10_000,
): Promise<ReadRecord[]> {
  const read: ReadRecord[] = [];
  const deadlineMs = performance.now() + limitMs;
  while (read.length < wanted) {
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) throw new Error(`${read.length} of ${wanted} records came in ${limitMs} ms`);
    for (const batch of await reader.poll(leftMs)) {
      const { topic, partition } = batch;
      for (const record of batch.records) read.push({ ...record, topic, partition });
    }
  }
  return read;
}

/** Repeats `look` until it gives something, or fails after `limitMs`. */
export async function eventually<T>(
  look: () => Promise<T | undefined>,
  limitMs = 10_000,
): Promise<T> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadlineMs) throw new Error(`nothing within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
