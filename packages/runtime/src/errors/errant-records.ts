/**
 * Records that a sink's own task, or the search after a refused batch, gives up at the stage TASK_PUT. What is
 * reported is written in the order of the reports, several in one call; `settled` is waited for before offsets are
 * committed, so that none passes a record whose letter is not durable.
 *
 * A task need not wait for what it reports, so that reports are bounded twice: a put begins only when few of them are not
 * written yet (`untilFew`), and one put that reports without end fails its task.
 */
import type { ErrantRecordReporter, SinkRecord } from '@sluice/connector-api';
import { SluiceError, toError } from '@sluice/kernel';
import type { FetchedBatch } from '@sluice/record-log';

import { Changes } from '../changes.ts';
import type { TaskConverters } from '../task-converters.ts';
import type { DeadLetterQueue } from './dead-letter-queue.ts';
import type { ConsumedRecord } from './failed-record.ts';
import { convertedAsFarAsPossible } from './letter-of-source.ts';
import type { FailedConsumed, TaskErrors } from './task-errors.ts';

/** In one call of the log: with their stacks some MB. */
const lettersInCallMax = 500;
/** Of those before a put: two calls. */
const unwrittenBeforePutMax = 1_000;
/** By one put that waits for none of them: ten for each of its records, and of a small batch as of one with 1 000. */
const reportsInPutMax = (records: number): number => 10 * Math.max(records, 1_000);

/** Kafka Connect's name of what put. */
const puttingClass = 'org.apache.kafka.connect.sink.SinkTask';

export interface ErrantRecordsOptions {
  readonly errors: TaskErrors;
  readonly converters: TaskConverters;
  /** Undefined: records that are given up are only logged. */
  readonly deadLetters: DeadLetterQueue | undefined;
}

interface Report {
  readonly record: SinkRecord;
  readonly error: Error;
  readonly done: PromiseWithResolvers<void>;
}

export class ErrantRecords implements ErrantRecordReporter {
  readonly #options: ErrantRecordsOptions;
  /** As they were read, for as long as the task holds them. Empty where nobody could ask for a letter. */
  readonly #read = new WeakMap<SinkRecord, ConsumedRecord>();
  readonly #changes = new Changes();
  #waiting: Report[] = [];
  /** Waiting, or in the call that is under way. */
  #unwritten = 0;
  #unwrittenMax = unwrittenBeforePutMax + reportsInPutMax(0);
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: ErrantRecordsOptions) {
    this.#options = options;
  }

  /** As in Kafka Connect: there is somewhere to report to. */
  get isAvailable(): boolean {
    const { deadLetters, isLogged } = this.#options.errors.settings;
    return deadLetters !== undefined || isLogged;
  }

  /** Before they are put, so that the letters of these records are what was read. `positions`: see ProcessedSinkBatches. */
  remember(
    records: readonly SinkRecord[],
    positions: readonly number[] | undefined,
    batches: readonly FetchedBatch[],
  ): void {
    this.#unwrittenMax = unwrittenBeforePutMax + reportsInPutMax(records.length);
    if (!this.#options.deadLetters) return;
    const read = batches.flatMap(({ partition, records: fetched, topic }) =>
      fetched.map((record): ConsumedRecord => ({ topic, partition, record })),
    );
    for (const [index, record] of records.entries()) {
      const consumed = read[positions?.[index] ?? index];
      if (consumed) this.#read.set(record, consumed);
    }
  }

  report(record: SinkRecord, thrown: unknown): Promise<void> {
    const report = { record, error: toError(thrown), done: Promise.withResolvers<void>() };
    // Who does not wait for it learns of a failure by `settled`.
    report.done.promise.catch(() => {});
    if (this.#options.errors.settings.tolerance !== 'all')
      this.#fail([report], notTolerated(report));
    else if (this.#unwritten >= this.#unwrittenMax)
      this.#fail([report], tooManyUnwritten(this.#unwritten));
    else {
      this.#waiting.push(report);
      this.#unwritten += 1;
      this.#writing ??= this.#writeAll();
    }
    return report.done.promise;
  }

  /** Resolves when a put may report more. */
  async untilFew(): Promise<void> {
    for (;;) {
      const seen = this.#changes.version;
      if (this.#unwritten <= unwrittenBeforePutMax) return;
      await this.#changes.after(seen);
    }
  }

  /** Resolves when all that was reported is durable. @throws what kept one of them from it. */
  async settled(): Promise<void> {
    if (this.#writing) await this.#writing;
    this.throwIfFailed();
  }

  /** @throws as `settled`, of what is known by now. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #writeAll(): Promise<void> {
    // What is reported in one go is written in one call.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const reports = this.#waiting.splice(0, lettersInCallMax);
      try {
        // The run fails with the first: all of this comes again.
        this.throwIfFailed();
        await this.#write(reports);
        for (const { done } of reports) done.resolve();
      } catch (error) {
        this.#fail(reports, error);
      }
      this.#unwritten -= reports.length;
      this.#changes.notify();
    }
    this.#writing = undefined;
  }

  async #write(reports: readonly Report[]): Promise<void> {
    const { deadLetters, errors } = this.#options;
    const failed: FailedConsumed[] = [];
    for (const { error, record } of reports) {
      const consumed = this.#read.get(record) ?? (await this.#converted(record));
      failed.push({ stage: 'TASK_PUT', class: puttingClass, error, consumed });
    }
    errors.countFailures(failed.length);
    await deadLetters?.write(errors.giveUpConsumed(failed));
  }

  #fail(reports: readonly Report[], error: unknown): void {
    this.#failure ??= { error };
    for (const { done } of reports) done.reject(error);
  }

  /** One that the task made or changed itself: as it is now. */
  async #converted(record: SinkRecord): Promise<ConsumedRecord> {
    const { converters, errors } = this.#options;
    const { offset, partition, topic } = record.original ?? record;
    const { deadLetters } = errors.settings;
    const converted = await convertedAsFarAsPossible(record, converters, deadLetters);
    const { headers = [], key, timestampMs = 0, value } = converted;
    return { topic, partition, record: { offset, timestampMs, key, value, headers } };
  }
}

function tooManyUnwritten(unwritten: number): SluiceError {
  return new SluiceError(
    'task.reports_not_awaited',
    `the task reported ${String(unwritten)} records that are not in the dead letter queue yet: wait for what report() returns`,
    { details: { unwritten } },
  );
}

function notTolerated({ error, record }: Report): SluiceError {
  const { offset, partition, topic } = record.original ?? record;
  return new SluiceError(
    'task.put_failed',
    `Tolerance exceeded in error handler: the task gave up the record of ${topic} partition ${String(partition)} offset ${String(offset)}`,
    { cause: error, details: { topic, partition, offset } },
  );
}
