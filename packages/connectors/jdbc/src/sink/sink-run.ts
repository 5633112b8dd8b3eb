/**
 * One task of the sink. It owns a connection, and what it knows of tables and of what was written.
 *
 *     put: rows of all records ── in parts of `batch.size` ──▶ one transaction each
 *            │ no row: reported          │ temporary: the same batch again, what is written is skipped
 *                                        │ data at fault: halves of the part, down to the one record, which is reported
 *                                        └ anything else: the task fails
 */
import {
  ConnectError,
  DataError,
  RetriableError,
  type SinkRecord,
  type SinkTaskContext,
  type TopicPartition,
} from '@sluice/connector-api';
import { connect } from '../connection/connect.ts';
import type { Dialect, Session } from '../dialect.ts';
import { isTemporary, messageOf, SqlError } from '../sql-error.ts';
import { BatchWriter, type PlacedRow } from './batch-writer.ts';
import { keyOf, OffsetsTable } from './offsets-table.ts';
import { RowShapes } from './record-row.ts';
import { offsetsTableOf, type SinkConfig } from './sink-keys.ts';
import { TargetTables } from './target-tables.ts';

interface RecordRow extends PlacedRow {
  readonly record: SinkRecord;
}

export class SinkRun {
  readonly #dialect: Dialect;
  readonly #config: SinkConfig;
  readonly #context: SinkTaskContext;
  readonly #shapes: RowShapes;
  readonly #tables: TargetTables;
  readonly #offsets: OffsetsTable | undefined;
  readonly #writer: BatchWriter;
  #session: Session | undefined;
  /** In a row. */
  #retries = 0;
  /** The next offset of each partition: what is below is written, or reported. */
  readonly #written = new Map<string, number>();

  constructor(dialect: Dialect, config: SinkConfig, context: SinkTaskContext) {
    this.#dialect = dialect;
    this.#config = config;
    this.#context = context;
    this.#shapes = new RowShapes(config);
    this.#tables = new TargetTables(dialect, config);
    const table = offsetsTableOf(config);
    this.#offsets =
      table === undefined ? undefined : new OffsetsTable(dialect, table, context.connector);
    this.#writer = new BatchWriter({
      dialect,
      mode: config['insert.mode'],
      offsets: this.#offsets,
    });
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    if (records.length === 0) return;
    try {
      await this.#put(records);
      this.#retries = 0;
    } catch (error) {
      throw this.#told(error);
    }
  }

  /** Partitions that this task owns no more, or anew. */
  forget(partitions: readonly TopicPartition[]): void {
    this.#offsets?.release(partitions);
    for (const partition of partitions) this.#written.delete(keyOf(partition));
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }

  async #put(records: readonly SinkRecord[]): Promise<void> {
    const session = await this.#connected();
    const asked = await this.#claim(session, records);
    let part: RecordRow[] = [];
    for (const record of records) {
      const at = record.original ?? record;
      const key = keyOf(at);
      if (asked.has(key) || at.offset < (this.#written.get(key) ?? 0)) continue;
      let row: RecordRow;
      try {
        row = await this.#rowOf(session, record);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        // In their order: what came before is written first.
        await this.#write(session, part);
        part = [];
        await this.#giveUp(session, record, error);
        continue;
      }
      part.push(row);
      if (part.length < this.#config['batch.size']) continue;
      await this.#write(session, part);
      part = [];
    }
    await this.#write(session, part);
  }

  /**
   * Before the first write to a partition. Returns those of which the batch begins too late: they are read again from
   * the offset that the database has.
   */
  async #claim(session: Session, records: readonly SinkRecord[]): Promise<ReadonlySet<string>> {
    const moved = new Set<string>();
    if (!this.#offsets) return moved;
    const passed: Record<string, string> = {};
    for (const record of records) {
      const at = record.original ?? record;
      const key = keyOf(at);
      if (moved.has(key) || this.#offsets.isClaimed(at)) continue;
      const next = await this.#offsets.claim(session, { topic: at.topic, partition: at.partition });
      if (next === undefined) continue;
      this.#written.set(key, next);
      if (at.offset < next) passed[key] = `${String(at.offset)} to ${String(next - 1)}`;
      if (at.offset <= next) continue;
      this.#context.seek({ topic: at.topic, partition: at.partition }, next);
      moved.add(key);
    }
    // After a kill they are few. Of somebody who set back the group by hand, they are what was asked for.
    if (Object.keys(passed).length > 0)
      this.#context.logger.warn(
        { offsets: passed },
        'records are left out, since the table of offsets says that they are written: to read them again, set the offsets of the connector',
      );
    return moved;
  }

  async #rowOf(session: Session, record: SinkRecord): Promise<RecordRow> {
    const target = await this.#tables.target(session, record.topic, this.#shapes.of(record));
    const values = target.columns.map(({ field, name, write }) => {
      const value = field.read(record);
      if (value !== null && value !== undefined) return valueOf(name, () => write(value));
      if (field.isKey) throw new DataError(`the key column ${name} has no value`);
      return null;
    });
    return { record, target, values, at: record.original ?? record };
  }

  /** All of them are written or reported when it resolves. */
  async #write(session: Session, rows: readonly RecordRow[]): Promise<void> {
    const [first] = rows;
    if (!first) return;
    try {
      await this.#writer.write(session, rows);
    } catch (error) {
      if (!(error instanceof SqlError) || error.fault !== 'record') throw error;
      if (rows.length === 1) {
        await this.#giveUp(session, first.record, error);
        return;
      }
      const half = rows.length >> 1;
      await this.#write(session, rows.slice(0, half));
      await this.#write(session, rows.slice(half));
      return;
    }
    for (const { at } of rows) this.#written.set(keyOf(at), at.offset + 1);
  }

  /** @throws unless such records are tolerated. */
  async #giveUp(session: Session, record: SinkRecord, cause: Error): Promise<void> {
    const at = record.original ?? record;
    const reporter = this.#context.errantRecordReporter();
    const error = new ConnectError(
      `record ${at.topic}-${String(at.partition)} at offset ${String(at.offset)} cannot be written: ${messageOf(cause)}`,
      { cause },
    );
    if (!reporter)
      throw new ConnectError(
        `${error.message}. To go on without such records, set errors.tolerance=all, and errors.deadletterqueue.topic.name or errors.log.enable`,
        { cause },
      );
    // Durable, before the offset is passed.
    await reporter.report(record, error);
    await this.#writer.pass(session, at);
    this.#written.set(keyOf(at), at.offset + 1);
  }

  async #connected(): Promise<Session> {
    if (!this.#session?.isUsable)
      this.#session = await connect(this.#dialect, this.#config, this.#context);
    return this.#session;
  }

  /** What the runtime is told: try again, or fail. */
  #told(error: unknown): unknown {
    const isStale = error instanceof SqlError && error.fault === 'table';
    if (isStale) this.#tables.forget();
    if (isStale || isTemporary(error) || error instanceof RetriableError) {
      this.#retries += 1;
      if (this.#retries > this.#config['max.retries'])
        return new ConnectError(
          `${messageOf(error)} (still so after max.retries=${String(this.#config['max.retries'])})`,
          { cause: error },
        );
      this.#context.timeout(isStale ? 0 : this.#config['retry.backoff.ms']);
      return new RetriableError(messageOf(error), { cause: error });
    }
    if (error instanceof SqlError) return new ConnectError(messageOf(error), { cause: error });
    return error;
  }
}

function valueOf<Value>(column: string, write: () => Value): Value {
  try {
    return write();
  } catch (cause) {
    throw new DataError(`column ${column}: ${messageOf(cause)}`, { cause });
  }
}
