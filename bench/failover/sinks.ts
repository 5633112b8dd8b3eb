/**
 * Tasks that get a partition each, into which this process writes steadily. They append what they are given to one
 * file, whose lines are seen here as they come. The numbers are the offsets.
 */
import { type FileHandle, open } from 'node:fs/promises';

import { systemClock } from '@sluice/kernel';
import type { LogWriter, ProduceRecord, RecordLog } from '@sluice/record-log';

import { Observer } from './observer.ts';
import { recordsPerSecond, type Traffic } from './traffic.ts';

const topic = 'deliveries';
const lookMs = 5;
const lastTimeoutMs = 30_000;

export class Sinks implements Traffic {
  readonly connector = topic;
  readonly observer = new Observer();
  readonly #log: RecordLog;
  readonly #tasks: number;
  readonly #stopping = new AbortController();
  readonly #path: string;
  #file: FileHandle | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #written = 0;
  /** Offset of the last record of each partition. */
  readonly #ends: number[];
  /** Which task a partition belongs to: the runtime's own choice, and always the same. */
  readonly #taskOf = new Map<number, number>();

  constructor(log: RecordLog, options: { readonly tasks: number; readonly file: string }) {
    this.#log = log;
    this.#tasks = options.tasks;
    this.#path = options.file;
    this.#ends = Array.from({ length: options.tasks }, () => -1);
  }

  get config(): Readonly<Record<string, string>> {
    return {
      'connector.class': 'VerifiableSink',
      'tasks.max': String(this.#tasks),
      topics: topic,
      file: this.#path,
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    };
  }

  async start(): Promise<void> {
    this.#file = await open(this.#path, 'a+');
    await this.#log.start();
    await this.#log.topics.create(topic, { partitions: this.#tasks });
    const writer = await this.#log.openWriter({ id: 'bench-feeder', fence: 1 });
    const feeding = this.#feed(writer);
    this.#running = Promise.all([feeding, this.#look(this.#file)]);
    // Told by `stop`.
    this.#running.catch(() => {});
  }

  /** Waits until all that was written was delivered, too. */
  async stop(): Promise<void> {
    try {
      this.#stopping.abort();
      await this.#running;
    } finally {
      await this.#file?.close();
      await this.#log.stop();
    }
  }

  async #feed(writer: LogWriter): Promise<void> {
    const value = Buffer.from('delivered');
    const records = this.#ends.map(
      (_, partition): ProduceRecord => ({ key: null, value, partition }),
    );
    const beganMs = systemClock.monotonicMs();
    while (!this.#stopping.signal.aborted) {
      const [ack] = await writer.produce([{ topic, records }]);
      for (const partition of this.#ends.keys()) {
        this.#ends[partition] = ack?.offsets[partition] ?? -1;
      }
      this.#written += 1;
      const dueMs = beganMs + (this.#written * 1_000) / recordsPerSecond;
      await systemClock.sleep(Math.max(1, dueMs - systemClock.monotonicMs()));
    }
    await writer.close();
  }

  async #look(file: FileHandle): Promise<void> {
    const buffer = Buffer.alloc(1024 * 1024);
    let at = 0;
    let rest = '';
    let stopAtMs = Number.POSITIVE_INFINITY;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      at += bytesRead;
      const lines = (rest + buffer.toString('utf8', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#note(line);
      if (bytesRead > 0) continue;
      const nowMs = systemClock.monotonicMs();
      if (this.#stopping.signal.aborted) stopAtMs = Math.min(stopAtMs, nowMs + lastTimeoutMs);
      if (this.#stopping.signal.aborted && this.#isAllThere()) return;
      if (nowMs > stopAtMs) throw new Error('not all that was written was delivered');
      await systemClock.sleep(lookMs);
    }
  }

  #isAllThere(): boolean {
    return this.#ends.every((end, partition) => {
      const task = this.#taskOf.get(partition);
      return end < 0 || (task !== undefined && this.observer.highest(task) >= end);
    });
  }

  #note(line: string): void {
    const { sinkTask, partition, offset, time_ms, flushed } = JSON.parse(line) as {
      sinkTask: number;
      partition: number;
      offset: number;
      time_ms: number;
      flushed?: true;
    };
    if (flushed === true) return;
    this.#taskOf.set(partition, sinkTask);
    this.observer.note(sinkTask, offset, time_ms);
  }
}
