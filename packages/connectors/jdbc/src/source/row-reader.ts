/**
 * Rows of one table, or of the query, as records, poll by poll. It owns the position.
 *
 * With timestamps alone, rows of one time belong together: a record has the offset before its time until the last of
 * them, since going on behind a time leaves out what else has it.
 */
import {
  ConnectError,
  DataError,
  type Schema,
  type SourcePartition,
  schemasEqual,
  type YieldedRecord,
} from '@sluice/connector-api';
import type {
  Cell,
  Dialect,
  ReadColumn,
  RowBatch,
  Session,
  TableInfo,
  TableName,
} from '../dialect.ts';
import { SqlError } from '../sql-error.ts';
import { compareInstants, type Instant, instantOfMs } from '../time-zone.ts';
import { type KeyColumns, keyColumns } from './key-columns.ts';
import { offsetOf, type Position } from './position.ts';
import { type Selection, selectSql } from './select-sql.ts';
import { numericMappingOf, type SourceConfig } from './source-keys.ts';

export interface RowReaderOptions {
  readonly dialect: Dialect;
  readonly config: SourceConfig;
  /** What is read: a table, or a query. */
  readonly from: TableName | string;
  readonly partition: SourcePartition;
  readonly position: Position;
}

export class RowReader {
  readonly #options: RowReaderOptions;
  readonly #topic: string;
  #position: Position;
  #schema: Schema | undefined;

  constructor(options: RowReaderOptions) {
    const { config, from, position } = options;
    this.#options = options;
    this.#position = position;
    this.#topic = `${config['topic.prefix']}${typeof from === 'string' ? '' : from.table}`;
  }

  get name(): string {
    const { dialect, from } = this.#options;
    return typeof from === 'string' ? 'the query' : dialect.qualifiedName(from);
  }

  /** All that is new, in batches. @throws SqlError, DataError, ConnectError */
  async *poll(session: Session): AsyncGenerator<YieldedRecord[]> {
    const { config } = this.#options;
    // A table may have been changed since.
    const { info, selection } = await this.#select(session);
    const isTimed = selection.timestamps.length > 0;
    const end = isTimed ? await this.#end(session) : undefined;
    const { sql, values } = selectSql(selection, this.#position, end);
    const batches = session.read(sql, values, {
      batchRows: config['batch.max.rows'],
      zone: config['db.timezone'],
      numericMapping: numericMappingOf(config),
      granularity: config['timestamp.granularity'],
      ...(info ? { info } : {}),
    });
    if (isTimed && selection.incrementing === undefined) yield* this.#byTime(batches, selection);
    else yield* this.#oneByOne(batches, selection);
  }

  async *#oneByOne(
    batches: AsyncIterable<RowBatch>,
    selection: Selection,
  ): AsyncGenerator<YieldedRecord[]> {
    for await (const { columns, rows } of batches) {
      const place = placeOf(columns, selection);
      const toRecord = this.#recordOf(columns);
      let position = this.#position;
      const records = rows.map((row) => {
        const record = toRecord(row);
        if (!place) return record;
        position = { incrementing: place.incrementing(row), timestamp: place.timestamp(row) };
        return { ...record, ...this.#offset(position) };
      });
      yield records;
      this.#position = position;
    }
  }

  async *#byTime(
    batches: AsyncIterable<RowBatch>,
    selection: Selection,
  ): AsyncGenerator<YieldedRecord[]> {
    /** The last row: whether it is the last of its time shows with the next. */
    let held: { readonly record: YieldedRecord; readonly time: Instant } | undefined;
    for await (const { columns, rows } of batches) {
      const place = placeOf(columns, selection);
      const toRecord = this.#recordOf(columns);
      const records: YieldedRecord[] = [];
      let position = this.#position;
      for (const row of rows) {
        const time = place?.timestamp(row);
        if (!time) throw new DataError(`${this.name} has a row without a timestamp`);
        if (held) {
          if (compareInstants(held.time, time) !== 0)
            position = { incrementing: undefined, timestamp: held.time };
          records.push({ ...held.record, ...this.#offset(position) });
        }
        held = { record: toRecord(row), time };
      }
      if (records.length > 0) yield records;
      this.#position = position;
    }
    if (!held) return;
    const position = { incrementing: undefined, timestamp: held.time };
    yield [{ ...held.record, ...this.#offset(position) }];
    this.#position = position;
  }

  #offset(position: Position): Pick<YieldedRecord, 'offset' | 'sourcePartition'> {
    const offset = offsetOf(position);
    // Nothing was read completely yet.
    if (Object.keys(offset).length === 0) return {};
    return { offset, sourcePartition: this.#options.partition };
  }

  #recordOf(columns: readonly ReadColumn[]): (row: readonly Cell[]) => YieldedRecord {
    const { from } = this.#options;
    const made: Schema = {
      type: 'struct',
      ...(typeof from === 'string' ? {} : { name: from.table }),
      fields: columns.map(({ name, schema }) => ({ field: name, schema })),
    };
    // The same object as long as it is the same schema: converters remember it.
    if (!this.#schema || !schemasEqual(this.#schema, made)) this.#schema = made;
    const valueSchema = this.#schema;
    const topic = this.#topic;
    return (row) => {
      const value = Object.fromEntries(
        columns.map((column, at) => {
          const cell = row[at];
          return [column.name, cell === null || cell === undefined ? null : column.value(cell)];
        }),
      );
      return { topic, value, valueSchema };
    };
  }

  async #select(
    session: Session,
  ): Promise<{ readonly selection: Selection; readonly info: TableInfo | undefined }> {
    const { config, dialect, from } = this.#options;
    const suffix = config['query.suffix'];
    if (typeof from === 'string') {
      const incrementing = config['incrementing.column.name'] || undefined;
      const timestamps = config['timestamp.column.name'];
      const selection = {
        dialect,
        base: from,
        suffix,
        incrementing,
        timestamps,
        timestampColumn: undefined,
      };
      return { selection, info: undefined };
    }
    const { info, keys } = await this.#described(session, from);
    const selection = {
      dialect,
      base: `SELECT ${dialect.selectList(info)} FROM ${dialect.tableName(from)}`,
      suffix,
      incrementing: keys.incrementing,
      timestamps: keys.timestamps,
      timestampColumn: info.columns.find(({ name }) => name === keys.timestamps[0]),
    };
    return { selection, info };
  }

  async #described(
    session: Session,
    from: TableName,
  ): Promise<{ readonly info: TableInfo; readonly keys: KeyColumns }> {
    const { config, dialect } = this.#options;
    for (let isSure = false; ; isSure = true) {
      const info = await dialect.describeTable(session, from);
      if (!info)
        throw new SqlError('table', '', 'it is missing, or connection.user may not see it');
      try {
        return { info, keys: keyColumns(info, config, this.name) };
      } catch (error) {
        // PostgreSQL tells of a table that is just being dropped its columns, and not what counts them up.
        if (isSure) throw error;
      }
    }
  }

  /** By the database's clock, as its timestamps are. */
  async #end(session: Session): Promise<Instant> {
    const { config, dialect } = this.#options;
    const [[text] = []] = await session.query(dialect.nowSql);
    const now = dialect.readNow(String(text));
    const initial = config['timestamp.initial'];
    if (this.#position.timestamp === undefined && initial !== undefined)
      this.#position = {
        incrementing: undefined,
        timestamp: initial === -1 ? now : instantOfMs(initial),
      };
    return { ms: now.ms - config['timestamp.delay.interval.ms'], nanos: delayed(now, config) };
  }
}

function delayed(now: Instant, config: SourceConfig): number {
  const ms = now.ms - config['timestamp.delay.interval.ms'];
  return instantOfMs(ms).nanos + (now.nanos % 1_000_000);
}

interface Place {
  readonly incrementing: (row: readonly Cell[]) => bigint | undefined;
  readonly timestamp: (row: readonly Cell[]) => Instant | undefined;
}

/** Where the columns of the position are in a row; undefined: the mode has none. */
function placeOf(columns: readonly ReadColumn[], selection: Selection): Place | undefined {
  const { incrementing, timestamps } = selection;
  if (incrementing === undefined && timestamps.length === 0) return undefined;
  const at = (name: string): number => {
    const found = columns.findIndex((column) => column.name === name);
    if (found < 0)
      throw new ConnectError(`column ${name} is not in the result: name it as it is there`);
    return found;
  };
  const id = incrementing === undefined ? undefined : at(incrementing);
  const times = timestamps.map(at);
  return {
    incrementing: (row) => (id === undefined ? undefined : wholeNumber(row[id], incrementing)),
    timestamp: (row) => {
      for (const time of times) {
        const cell = row[time];
        if (cell !== null && cell !== undefined) return columns[time]?.instant(cell);
      }
      return undefined;
    },
  };
}

function wholeNumber(cell: Cell | undefined, name: string | undefined): bigint {
  const text = cell === null || cell === undefined ? '' : cell.toString();
  if (!/^-?\d+$/.test(text))
    throw new DataError(
      `the incrementing column ${String(name)} has a value that is no whole number`,
    );
  return BigInt(text);
}
