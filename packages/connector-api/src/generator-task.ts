/**
 * A SourceTask around an async generator. It owns one run of the generator, and a buffer between them:
 *
 *     generator ──pump──▶ buffer (at most `bufferedRecordsMax`, then the pump waits) ──poll──▶ runtime
 *
 * The pump takes what the generator yields without waiting for a poll, so that one poll finds all that was
 * available. It copies records, offsets and partitions as they come: a generator may go on changing its own. States: running → ended (the generator returned: nothing more comes) | failed (it threw: what
 * was buffered is delivered, then the next poll throws; after a RetriableError the one after that starts
 * a new run at the last yielded offset) | stopped.
 */
import { ConnectError } from './errors.ts';
import type {
  ConnectorConfig,
  RecordMetadata,
  SourceOffsetValue,
  SourcePartition,
  SourceRecord,
  SourceTask,
  SourceTaskContext,
} from './task.ts';

type Yielded = Omit<SourceRecord, 'sourceOffset'> & {
  readonly offset?: SourceOffsetValue;
  readonly transaction?: 'commit' | 'abort';
};

/** What one task of a defined source runs. */
export interface GeneratorSource {
  /** What offsets belong to, unless a record says otherwise. */
  readonly partition: SourcePartition | undefined;
  run(context: GeneratorContext): AsyncIterable<Yielded | readonly Yielded[]>;
  commitRecord?(record: Yielded, metadata: RecordMetadata | undefined): Promise<void> | void;
  commit?(): Promise<void> | void;
  /** After the last of all calls. */
  close(): Promise<void> | void;
}

export interface GeneratorTaskOptions {
  readonly open: (config: ConnectorConfig, context: SourceTaskContext) => Promise<GeneratorSource>;
  /** Which of its sources' hooks are there: the runtime treats tasks without them differently. */
  readonly hasCommitRecord: boolean;
  readonly hasCommit: boolean;
}

export type GeneratorContext = SourceTaskContext & {
  readonly offset: SourceOffsetValue | undefined;
};

/** Records that a generator may be ahead of the runtime. */
const bufferedRecordsMax = 500;
/** How long a generator may take to end after it was asked to, ms. A task's stop is limited to 5 s. */
const returnLimitMs = 3_000;
/** A task that is to be told of acknowledgements is told between polls: how long one waits for a record, ms. */
const toldPollMsMax = 200;

export class GeneratorTask implements SourceTask {
  readonly #open: GeneratorTaskOptions['open'];
  readonly #pollMsMax: number;
  readonly commitRecord?: NonNullable<SourceTask['commitRecord']>;
  readonly commit?: NonNullable<SourceTask['commit']>;
  #source: GeneratorSource | undefined;
  #context: SourceTaskContext | undefined;
  #run: GeneratorRun | undefined;
  readonly #yielded = new YieldedOffsets();
  /** What was yielded, by what was polled: authors are told of their own records. */
  readonly #origins = new WeakMap<SourceRecord, Yielded>();

  constructor({ hasCommit, hasCommitRecord, open }: GeneratorTaskOptions) {
    this.#open = open;
    this.#pollMsMax = hasCommit || hasCommitRecord ? toldPollMsMax : Number.POSITIVE_INFINITY;
    if (hasCommitRecord)
      this.commitRecord = (record, metadata) =>
        this.#source?.commitRecord?.(this.#origins.get(record) ?? record, metadata);
    if (hasCommit) this.commit = () => this.#source?.commit?.();
  }

  async start(config: ConnectorConfig, context: SourceTaskContext): Promise<void> {
    this.#source = await this.#open(config, context);
    this.#context = context;
    this.#run = await this.#begin(this.#source, context);
  }

  async poll(): Promise<readonly SourceRecord[] | null> {
    if (!this.#source || !this.#context) throw new ConnectError('the task was not started');
    this.#run ??= await this.#begin(this.#source, this.#context);
    const taken = await this.#run.take(this.#pollMsMax);
    if ('error' in taken) {
      await this.#run.stop();
      this.#run = undefined;
      throw taken.error;
    }
    return taken.records.length === 0 ? null : taken.records;
  }

  async stop(): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    if (run && !(await run.stop()))
      this.#context?.logger.warn(
        { limitMs: returnLimitMs },
        'the generator did not end when its signal was aborted: pass the signal to what it waits for',
      );
    const source = this.#source;
    this.#source = undefined;
    await source?.close();
  }

  async #begin(source: GeneratorSource, context: SourceTaskContext): Promise<GeneratorRun> {
    const offsets = async (partitions: readonly SourcePartition[]) => {
      const stored = await context.offsets(partitions);
      return partitions.map((partition, at) => this.#yielded.get(partition) ?? stored[at]);
    };
    const [offset] = source.partition ? await offsets([source.partition]) : [undefined];
    const { connector, task, logger } = context;
    const configs = (): ConnectorConfig => context.configs();
    return new GeneratorRun({
      signal: context.signal,
      run: (signal) => source.run({ connector, task, logger, configs, offsets, offset, signal }),
      copy: (yielded) => this.#toSourceRecord(yielded, source.partition),
    });
  }

  #toSourceRecord(yielded: Yielded, defaultPartition: SourcePartition | undefined): SourceRecord {
    if (typeof yielded !== 'object' || yielded === null)
      throw new ConnectError(
        `the generator yielded ${String(yielded)}: yield a record, { topic, value, … }, or a list of them`,
      );
    const record = this.#withOffset(yielded, defaultPartition);
    if (yielded.transaction === 'commit') this.#context?.transactions?.commitTransaction(record);
    if (yielded.transaction === 'abort') this.#context?.transactions?.abortTransaction(record);
    if (this.commitRecord) this.#origins.set(record, yielded);
    return record;
  }

  #withOffset(yielded: Yielded, defaultPartition: SourcePartition | undefined): SourceRecord {
    const { offset, transaction: _end, ...record } = yielded;
    if (offset === undefined) return record;
    const partition = record.sourcePartition ?? defaultPartition;
    if (partition === undefined)
      throw new ConnectError(
        'a record has an offset but the connector, which has several tasks, does not say what the ' +
          'offset belongs to: define sourcePartition({ config, work }), or set it on each record',
      );
    const sourceOffset = { ...offset };
    const sourcePartition = this.#yielded.set(partition, sourceOffset);
    return { ...record, sourcePartition, sourceOffset };
  }
}

type Taken = { readonly records: readonly SourceRecord[] } | { readonly error: unknown };

interface RunOptions {
  readonly signal: AbortSignal;
  readonly run: (signal: AbortSignal) => AsyncIterable<Yielded | readonly Yielded[]>;
  /** What is yielded may change as soon as the generator goes on. */
  readonly copy: (yielded: Yielded) => SourceRecord;
}

/** One run of the generator, from its first step until it ended, failed or was stopped. */
class GeneratorRun {
  readonly #abort = new AbortController();
  readonly #unlink: () => void;
  readonly #pump: Promise<void>;
  #buffer: SourceRecord[] = [];
  #end: { readonly error?: unknown } | undefined;
  /** Wakes the poll that waits for records, or the pump that waits for room; never both. */
  #wake: (() => void) | undefined;

  constructor({ copy, run, signal }: RunOptions) {
    const abort = () => {
      this.#abort.abort(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    this.#unlink = () => signal.removeEventListener('abort', abort);
    this.#abort.signal.addEventListener('abort', () => this.#wakeUp(), { once: true });
    this.#pump = this.#fill(run, copy);
  }

  /** Everything that is there; waits for the first record. Empty once aborted, or after the limit. */
  async take(limitMs: number): Promise<Taken> {
    if (this.#buffer.length === 0 && !(await this.#untilRecord(limitMs))) return { records: [] };
    if (this.#buffer.length === 0) return { error: this.#end?.error };
    // One turn of the event loop: what has already arrived goes into the same batch.
    if (!this.#end && this.#buffer.length < bufferedRecordsMax)
      await new Promise((resolve) => setImmediate(resolve));
    const records = this.#buffer;
    this.#buffer = [];
    this.#wakeUp();
    return { records };
  }

  /** False if the generator did not end within the limit. */
  async stop(): Promise<boolean> {
    this.#abort.abort();
    this.#unlink();
    const limit = Promise.withResolvers<false>();
    const timer = setTimeout(() => limit.resolve(false), returnLimitMs);
    const ended = await Promise.race([this.#pump.then(() => true as const), limit.promise]);
    clearTimeout(timer);
    return ended;
  }

  /** Never rejects: an error is kept for the poll that meets it. */
  async #fill(run: RunOptions['run'], copy: RunOptions['copy']): Promise<void> {
    const { signal } = this.#abort;
    try {
      // Leaving the loop calls the generator's return(), which runs its finally blocks.
      for await (const yielded of run(signal)) {
        if (signal.aborted) break;
        if (isBatch(yielded)) for (const each of yielded) this.#buffer.push(copy(each));
        else this.#buffer.push(copy(yielded));
        this.#wakeUp();
        while (this.#buffer.length >= bufferedRecordsMax && !signal.aborted) await this.#sleep();
        if (signal.aborted) break;
      }
      this.#end = {};
    } catch (error) {
      this.#end = signal.aborted ? {} : { error };
    }
    this.#wakeUp();
  }

  /** False once aborted, or when the time is over; true when there is a record, or an error. */
  async #untilRecord(limitMs: number): Promise<boolean> {
    let isOver = false;
    const timer = Number.isFinite(limitMs)
      ? setTimeout(() => {
          isOver = true;
          this.#wakeUp();
        }, limitMs)
      : undefined;
    try {
      while (this.#buffer.length === 0) {
        if (this.#abort.signal.aborted || isOver) return false;
        if (this.#end && 'error' in this.#end) return true;
        await this.#sleep();
      }
      return true;
    } finally {
      clearTimeout(timer);
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function isBatch(yielded: Yielded | readonly Yielded[]): yielded is readonly Yielded[] {
  return Array.isArray(yielded);
}

/** Of a source with more partitions, a run that starts again finds of some what is stored, and repeats a little. */
const rememberedPartitionsMax = 10_000;

interface PartitionEntry {
  readonly partition: SourcePartition;
  offset: SourceOffsetValue;
}

/** The last offset yielded for each partition: newer than what is stored, for a run that starts again. */
class YieldedOffsets {
  readonly #entries = new Map<string, PartitionEntry>();
  /** Most records follow one of the same partition: then no key has to be made. */
  #last: PartitionEntry | undefined;

  /** Returns the partition as it is now: the same object as before if it is the same. */
  set(partition: SourcePartition, offset: SourceOffsetValue): SourcePartition {
    if (this.#last && isSame(this.#last.partition, partition)) {
      this.#last.offset = offset;
      return this.#last.partition;
    }
    const key = keyOf(partition);
    const entry = this.#entries.get(key) ?? { partition: { ...partition }, offset };
    entry.offset = offset;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#last = entry;
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > rememberedPartitionsMax && oldest !== undefined)
      this.#entries.delete(oldest);
    return entry.partition;
  }

  get(partition: SourcePartition): SourceOffsetValue | undefined {
    return this.#entries.get(keyOf(partition))?.offset;
  }
}

function isSame(one: SourcePartition, other: SourcePartition): boolean {
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
  );
}

function keyOf(partition: SourcePartition): string {
  const entries = Object.entries(partition).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(entries, (_, value: unknown) =>
    typeof value === 'bigint' ? { bigint: String(value) } : value,
  );
}
