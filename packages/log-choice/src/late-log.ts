/**
 * A log that need not answer yet: it is started by what uses it first, and again by what uses it next for as long as
 * that fails. So an executor starts while the log is away, and its tasks wait and try again.
 *
 * Whatever keeps the log from being started or opened (nothing listens, a wrong password, a topic of our own that may
 * not be created) is retriable here: somebody mends it, and the tasks then go on.
 */
import { isRetriable, SluiceError, toError } from '@sluice/kernel';
import type {
  FetchedBatch,
  GroupOffset,
  LogCapabilities,
  LogReader,
  LogTopics,
  LogWriter,
  ReaderOptions,
  RecordLog,
  SourceOffset,
  TopicPartition,
  WriterIdentity,
} from '@sluice/record-log';

type Offset = Readonly<Record<string, unknown>>;

export class LateLog implements RecordLog {
  readonly topics: LogTopics;
  readonly #log: RecordLog;
  #starting: Promise<void> | undefined;

  constructor(log: RecordLog) {
    this.#log = log;
    const { topics } = log;
    this.topics = {
      create: (...args) => this.#once(() => topics.create(...args)),
      describe: (...args) => this.#once(() => topics.describe(...args)),
      list: () => this.#once(() => topics.list()),
      ...(topics.settings
        ? { settings: (topic) => this.#once(async () => (await topics.settings?.(topic)) ?? {}) }
        : {}),
      delete: (...args) => this.#once(() => topics.delete(...args)),
      watermarks: (...args) => this.#once(() => topics.watermarks(...args)),
      offsetsSince: (...args) => this.#once(() => topics.offsetsSince(...args)),
    };
  }

  /** As far as is known: what a log is capable of is certain once it has been started. */
  get capabilities(): LogCapabilities {
    return this.#log.capabilities;
  }

  /** Single: whoever comes while it is being started waits for the same attempt. */
  start(): Promise<void> {
    this.#starting ??= this.#log.start().catch((error: unknown) => {
      this.#starting = undefined;
      throw retriable(error);
    });
    return this.#starting;
  }

  stop(): Promise<void> {
    return this.#log.stop();
  }

  destroy(): void {
    this.#log.destroy();
  }

  disconnect(): void {
    this.#log.disconnect();
  }

  openWriter(identity: WriterIdentity): Promise<LogWriter> {
    return this.#once(() => mendable(this.#log.openWriter(identity)));
  }

  openReader(options: ReaderOptions): Promise<LogReader> {
    return this.#once(() => mendable(this.#log.openReader(options)));
  }

  readSourceOffsets(
    connector: string,
    partitions: readonly Offset[],
  ): Promise<(Offset | undefined)[]> {
    return this.#once(() => mendable(this.#log.readSourceOffsets(connector, partitions)));
  }

  listSourceOffsets(connector: string): Promise<SourceOffset[]> {
    return this.#once(() => this.#log.listSourceOffsets(connector));
  }

  listGroupOffsets(group: string): Promise<GroupOffset[]> {
    return this.#once(() => this.#log.listGroupOffsets(group));
  }

  forgetGroup(group: string): Promise<void> {
    return this.#once(() => this.#log.forgetGroup(group));
  }

  clearGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void> {
    return this.#once(() => this.#log.clearGroupOffsets(group, partitions));
  }

  peek(
    from: readonly GroupOffset[],
    options: { readonly bytesMax: number },
  ): Promise<FetchedBatch[]> {
    return this.#once(() => this.#log.peek(from, options));
  }

  async #once<Result>(call: () => Promise<Result>): Promise<Result> {
    await this.start();
    return call();
  }
}

/** Rights and topics that the log itself needs: a task has done nothing wrong, and waits for them. */
const mendableCodes: ReadonlySet<string> = new Set([
  'log.forbidden',
  'log.topic_not_created',
  'log.topic_exists_differently',
]);

async function mendable<Result>(opening: Promise<Result>): Promise<Result> {
  try {
    return await opening;
  } catch (error) {
    throw error instanceof SluiceError && mendableCodes.has(error.code) ? retriable(error) : error;
  }
}

function retriable(thrown: unknown): Error {
  if (isRetriable(thrown)) return toError(thrown);
  const { message } = toError(thrown);
  const code = thrown instanceof SluiceError ? thrown.code : 'log.failed';
  return new SluiceError(code, message, { retriable: true, cause: thrown });
}
