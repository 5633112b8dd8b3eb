/**
 * The journal of definitions in a compacted topic. Owns one writer, of the term it was opened for.
 *
 *     closed ──open──▶ reading ──▶ open ──append──▶ open
 *        ▲                 │          │
 *        └──── close, or anything that fails ────────┘
 *
 * Only one leader's records may follow each other: the writer is `<cluster>.leader`, its fence the term's
 * epoch. A log refuses an older owner once the newer one has *written*. So opening reads what there is,
 * writes a `leader` record, and reads on up to that: whatever an older leader wrote is before it.
 *
 * A write whose answer did not come may be written all the same: only reading again tells, so any failure
 * closes. A topic that was deleted and made anew gives offsets from 0 again, which is taken for a failure.
 */
import type {
  DefinitionJournal,
  JournalState,
  JournalWrite,
  LeaderTerm,
} from '@sluice/coordination';
import { type Clock, hasCode, isFenced, newId, SluiceError, systemClock } from '@sluice/kernel';
import type { LogReader, LogWriter, RecordLog } from '@sluice/record-log';

import { JournalContent } from './journal-content.ts';
import {
  connectorPrefix,
  decodeRecord,
  encodeConnector,
  encodeRecord,
  type JournalRecord,
  unusable,
} from './journal-records.ts';
import { ensureJournalTopic } from './journal-topic.ts';

export interface TopicJournalOptions {
  readonly log: RecordLog;
  readonly cluster: string;
  readonly topic: string;
  readonly clock?: Clock;
  /** Largest record. Default: a little less than Kafka's default of 1 MiB. */
  readonly recordBytesMax?: number;
}

interface Opened {
  readonly term: LeaderTerm;
  readonly writer: LogWriter;
  readonly content: JournalContent;
}

const partition = 0;
const recordBytesMaxDefault = 1_000_000;
/** Bytes in one call: below what a broker takes at once, with room for what a batch adds. */
const callBytesMax = 500_000;
const pollMs = 500;
/** Without anything that is read, or an answer to what is written. */
const silenceMsMax = 15_000;
const closeMsMax = 3_000;

export class TopicJournal implements DefinitionJournal {
  readonly name: string;
  readonly #log: RecordLog;
  readonly #cluster: string;
  readonly #clock: Clock;
  readonly #recordBytesMax: number;
  #isLogStarted = false;
  #opened: Opened | undefined;
  /** Grows with each close, which ends what is under way. */
  #lives = 0;

  constructor(options: TopicJournalOptions) {
    this.name = options.topic;
    this.#log = options.log;
    this.#cluster = options.cluster;
    this.#clock = options.clock ?? systemClock;
    this.#recordBytesMax = options.recordBytesMax ?? recordBytesMaxDefault;
  }

  async open(term: LeaderTerm): Promise<JournalState> {
    await this.close();
    const life = this.#lives;
    const content = new JournalContent();
    let writer: LogWriter | undefined;
    try {
      await this.#within(this.#startLog());
      await this.#within(ensureJournalTopic(this.#log, this.name));
      const reader = await this.#opening(
        this.#log.openReader({
          // Anybody may read, also who is about to learn that its term is over; nothing is committed.
          identity: { id: `${this.#cluster}.leader.reader`, fence: 1 },
          // Never committed to. By this name, who may read the groups of sinks may read it.
          group: `connect-${this.name}`,
        }),
      );
      try {
        await this.#within(reader.assign([{ topic: this.name, partition }]));
        const end = await this.#end();
        await this.#read(reader, content, end, life);
        this.#checkOwner(content);
        if (content.epoch > term.epoch) throw newerLeader(term, content.epoch);
        writer = await this.#opening(
          this.#log.openWriter({ id: `${this.#cluster}.leader`, fence: term.epoch }),
        );
        const { epoch, coordinator } = term;
        const leader = { key: 'leader', value: { epoch, coordinator } };
        const [own = 0] = await this.#produce(writer, [leader]);
        await this.#read(reader, content, own + 1, life);
      } finally {
        await reader.close().catch(() => {});
      }
      if (content.epoch > term.epoch) throw newerLeader(term, content.epoch);
      content.id ??= await this.#found(writer, content);
      if (life !== this.#lives) throw closed(this.name);
      this.#opened = { term, writer, content };
      return content.state(content.id);
    } catch (error) {
      await writer?.close().catch(() => {});
      throw asNotLeader(error, term);
    }
  }

  async append(write: JournalWrite): Promise<number> {
    const opened = this.#opened;
    if (!opened) throw closed(this.name);
    const { writer, content, term } = opened;
    const connectors = write.connectors.flatMap((each) =>
      encodeConnector(each, content.unknownOf(each.name)),
    );
    for (const record of connectors) this.#checkSize(record);
    const records: JournalRecord[] = [
      ...connectors,
      ...write.deleted.map((name) => ({ key: `${connectorPrefix}${name}`, value: null })),
      { key: 'high', value: { ...write.high } },
      // Last: with it the changes that it makes are complete.
      ...(write.request ? [{ key: 'request', value: { ...write.request } }] : []),
    ];
    try {
      await this.#write(writer, content, records);
      const spare = content.spareParts().map((key) => ({ key, value: null }));
      if (spare.length > 0) await this.#write(writer, content, spare);
      return content.offset;
    } catch (error) {
      await this.close();
      throw asNotLeader(error, term);
    }
  }

  async close(): Promise<void> {
    this.#lives++;
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened) await this.#within(opened.writer.close(), closeMsMax).catch(() => {});
  }

  /** A new journal: nobody has written to it yet. */
  async #found(writer: LogWriter, content: JournalContent): Promise<string> {
    const id = newId();
    const value = { id, cluster: this.#cluster };
    await this.#write(writer, content, [{ key: 'journal', value }]);
    return id;
  }

  /** Before anything is written: a topic that is somebody else's is left as it is. */
  #checkOwner({ id, cluster, hasOthers }: JournalContent): void {
    const remedy = 'name another one (SLUICE_CONFIG_STORAGE_TOPIC)';
    if (id === undefined && hasOthers) {
      throw unusable(`topic '${this.name}' holds records that are not Sluice's: ${remedy}`);
    }
    if (id === undefined || cluster === this.#cluster) return;
    throw unusable(
      `topic '${this.name}' has the definitions of cluster '${cluster}', not of '${this.#cluster}': ${remedy}`,
    );
  }

  /** A coordinator starts without its log, too: requests wait then. */
  async #startLog(): Promise<void> {
    if (this.#isLogStarted) return;
    await this.#log.start();
    this.#isLogStarted = true;
  }

  async #end(): Promise<number> {
    const [marks] = await this.#within(
      this.#log.topics.watermarks([{ topic: this.name, partition }]),
    );
    return marks?.high ?? 0;
  }

  /** Up to the offset `end`, exclusive. */
  async #read(
    reader: LogReader,
    content: JournalContent,
    end: number,
    life: number,
  ): Promise<void> {
    let sinceMs = this.#clock.monotonicMs();
    while ((reader.position({ topic: this.name, partition }) ?? 0) < end) {
      if (life !== this.#lives) throw closed(this.name);
      const batches = await reader.poll(pollMs);
      const nowMs = this.#clock.monotonicMs();
      if (batches.length > 0) sinceMs = nowMs;
      else if (nowMs - sinceMs > silenceMsMax) throw silent(this.name);
      for (const { records } of batches) {
        for (const { offset, key, value } of records) {
          const record = decodeRecord(this.name, offset, key, value);
          if (record) content.add(record, offset);
          else content.hasOthers = true;
          content.offset = offset;
        }
      }
    }
  }

  async #write(
    writer: LogWriter,
    content: JournalContent,
    records: readonly JournalRecord[],
  ): Promise<void> {
    for (const call of inCalls(records)) {
      const offsets = await this.#produce(writer, call);
      if ((offsets[0] ?? 0) <= content.offset) throw replaced(this.name);
      for (const [index, record] of call.entries()) content.add(record, offsets[index] ?? 0);
    }
  }

  /** Returns their offsets. */
  async #produce(writer: LogWriter, records: readonly JournalRecord[]): Promise<number[]> {
    const batch = {
      topic: this.name,
      records: records.map((record) => ({ ...encodeRecord(record), partition })),
    };
    const [ack] = await this.#within(writer.produce([batch]));
    return Array.from(ack?.offsets ?? []);
  }

  #checkSize(record: JournalRecord): void {
    const bytes = encodeRecord(record).value?.length ?? 0;
    if (bytes <= this.#recordBytesMax) return;
    const connector = String(record.value?.['name'] ?? record.value?.['connector']);
    throw new SluiceError(
      'journal.entry_too_large',
      `connector ${connector} takes ${bytes} bytes in topic '${this.name}', which takes ${this.#recordBytesMax} at most: make its configuration smaller`,
      { details: { connector, bytes } },
    );
  }

  /** As `#within`; what opens after that is closed. */
  async #opening<T extends { close(): Promise<void> }>(work: Promise<T>): Promise<T> {
    try {
      return await this.#within(work);
    } catch (error) {
      work.then((late) => late.close()).catch(() => {});
      throw error;
    }
  }

  /** What a log's client does not give up by itself. */
  async #within<T>(work: Promise<T>, limitMs: number = silenceMsMax): Promise<T> {
    let giveUp = (): void => {};
    const limit = new Promise<never>((_, reject) => {
      const timer = this.#clock.after(limitMs, () => reject(silent(this.name)));
      giveUp = () => timer.cancel();
    });
    try {
      return await Promise.race([work, limit]);
    } finally {
      giveUp();
    }
  }
}

function* inCalls(records: readonly JournalRecord[]): Generator<readonly JournalRecord[]> {
  let call: JournalRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = encodeRecord(record).value?.length ?? 0;
    if (call.length > 0 && bytes + size > callBytesMax) {
      yield call;
      call = [];
      bytes = 0;
    }
    call.push(record);
    bytes += size;
  }
  if (call.length > 0) yield call;
}

/** Another coordinator has taken over, as far as the log knows. */
function asNotLeader(error: unknown, term: LeaderTerm): unknown {
  if (hasCode(error, 'coordination.not_leader') || !isFenced(error)) return error;
  const fence = error instanceof SluiceError ? error.details['currentFence'] : undefined;
  return newerLeader(term, typeof fence === 'number' ? fence : undefined, error);
}

function newerLeader(term: LeaderTerm, epoch?: number, cause?: unknown): SluiceError {
  return new SluiceError(
    'coordination.not_leader',
    `the term ${term.epoch} of ${term.coordinator} is over: a newer leader has written to the journal`,
    { fenced: true, details: epoch === undefined ? {} : { epoch }, cause },
  );
}

function silent(topic: string): SluiceError {
  return new SluiceError(
    'log.unreachable',
    `topic '${topic}' has not answered for ${silenceMsMax / 1000} s`,
    { retriable: true },
  );
}

function closed(topic: string): SluiceError {
  return new SluiceError('log.unreachable', `the journal '${topic}' was closed`, {
    retriable: true,
  });
}

function replaced(topic: string): SluiceError {
  return new SluiceError(
    'log.unreachable',
    `topic '${topic}' was deleted and made anew: it is read, and filled, again`,
    { retriable: true },
  );
}
