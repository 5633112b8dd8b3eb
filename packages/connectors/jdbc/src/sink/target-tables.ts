/**
 * The tables that records go to: looked at once, created and extended as `auto.create` and `auto.evolve` allow. Data
 * definition is done outside of transactions, since MySQL would end them. Two tasks may do the same at the same time.
 */
import { ConnectError, DataError } from '@sluice/connector-api';
import type {
  Dialect,
  NewColumn,
  Session,
  TableColumn,
  TableInfo,
  TableName,
  ValueWriter,
} from '../dialect.ts';
import { isTemporary, SqlError } from '../sql-error.ts';
import { engineProblem } from './offsets-table.ts';
import type { RowShape, ShapeColumn } from './record-row.ts';
import { isExactlyOnce, type SinkConfig } from './sink-keys.ts';

/** A shape in a table: which columns are written, and how. */
export interface Target {
  readonly table: TableName;
  readonly info: TableInfo;
  readonly isDelete: boolean;
  readonly columns: readonly TargetColumn[];
  /** The table's names of the key columns. */
  readonly keys: readonly string[];
}

export interface TargetColumn {
  readonly name: string;
  readonly field: ShapeColumn;
  readonly write: ValueWriter;
}

export class TargetTables {
  readonly #dialect: Dialect;
  readonly #config: SinkConfig;
  readonly #infos = new Map<string, TableInfo>();
  #targets = new Map<string, WeakMap<RowShape, Target>>();

  constructor(dialect: Dialect, config: SinkConfig) {
    this.#dialect = dialect;
    this.#config = config;
  }

  /** @throws DataError when records of this shape do not fit the table; SqlError. */
  async target(session: Session, topic: string, shape: RowShape): Promise<Target> {
    const known = this.#targets.get(topic)?.get(shape);
    if (known) return known;
    const target = await this.#find(session, topic, shape);
    const ofTopic = this.#targets.get(topic) ?? new WeakMap<RowShape, Target>();
    ofTopic.set(shape, target);
    this.#targets.set(topic, ofTopic);
    return target;
  }

  /** Somebody changed one of them. */
  forget(): void {
    this.#infos.clear();
    this.#targets = new Map();
  }

  async #find(session: Session, topic: string, shape: RowShape): Promise<Target> {
    const dialect = this.#dialect;
    const table = dialect.parseTableName(
      this.#config['table.name.format'].replaceAll('${topic}', topic),
    );
    if (table.table === '')
      throw new DataError(`table.name.format makes an empty name of the topic ${topic}`);
    const name = dialect.tableName(table);
    let info = this.#infos.get(name) ?? (await dialect.describeTable(session, table));
    info ??= await this.#create(session, table, shape);
    info = await this.#evolve(session, table, info, shape);
    // No record is at fault: none may be given up for it.
    if (isExactlyOnce(this.#config) && info.engineWithoutTransactions !== undefined)
      throw new ConnectError(engineProblem(name, info.engineWithoutTransactions));
    this.#infos.set(name, info);
    const target = this.#match(table, info, shape);
    this.#assertKeyed(target);
    return target;
  }

  async #create(session: Session, table: TableName, shape: RowShape): Promise<TableInfo> {
    const dialect = this.#dialect;
    const name = dialect.tableName(table);
    if (!this.#config['auto.create'] || shape.isDelete)
      throw new DataError(
        shape.isDelete && this.#config['auto.create']
          ? `table ${name} is missing, and a record without a value does not say what it is like`
          : `table ${name} is missing, or connection.user may not see it: create it, GRANT it, or set auto.create=true`,
      );
    const keys = shape.columns.filter(({ isKey }) => isKey).map((each) => dialect.quote(each.name));
    const parts = shape.columns.map((column) => this.#definition(column));
    if (keys.length > 0) parts.push(`PRIMARY KEY (${keys.join(', ')})`);
    const engine = isExactlyOnce(this.#config) ? dialect.transactionalTable : '';
    await tolerating(
      session.execute(`CREATE TABLE IF NOT EXISTS ${name} (${parts.join(', ')})${engine}`),
    );
    const info = await dialect.describeTable(session, table);
    if (!info) throw new SqlError('table', '', `table ${name} was created, and is not there`);
    return info;
  }

  async #evolve(
    session: Session,
    table: TableName,
    info: TableInfo,
    shape: RowShape,
  ): Promise<TableInfo> {
    const missing = shape.columns.filter((column) => !this.#column(info, column.name));
    if (missing.length === 0) return info;
    const dialect = this.#dialect;
    const name = dialect.tableName(table);
    const names = missing.map((column) => column.name).join(', ');
    if (!this.#config['auto.evolve'])
      throw new DataError(
        `table ${name} lacks the columns ${names}: add them, set auto.evolve=true, or choose fields by fields.whitelist`,
      );
    for (const column of missing) {
      if (column.isKey || (!column.isNullable && !hasDefault(column)))
        throw new DataError(
          `table ${name} lacks the column ${column.name}, which auto.evolve cannot add: it is neither optional nor has it a default`,
        );
      await tolerating(
        session.execute(`ALTER TABLE ${name} ADD COLUMN ${this.#definition(column)}`),
      );
    }
    const changed = await dialect.describeTable(session, table);
    if (!changed || missing.some((column) => !this.#column(changed, column.name)))
      throw new SqlError('table', '', `columns were added to ${name}, and are not there`);
    return changed;
  }

  #definition(column: NewColumn): string {
    const type = this.#dialect.columnType(column);
    const standIn = hasDefault(column)
      ? ` DEFAULT ${this.#dialect.literal(column.schema.default, column)}`
      : '';
    const isNullable = column.isNullable && !column.isKey;
    return `${this.#dialect.quote(column.name)} ${type}${standIn}${isNullable ? ' NULL' : ' NOT NULL'}`;
  }

  #match(table: TableName, info: TableInfo, shape: RowShape): Target {
    const columns = shape.columns.flatMap((field): TargetColumn[] => {
      const column = this.#column(info, field.name);
      // The database makes it of the others.
      if (!column || column.isGenerated) return [];
      return [{ name: column.name, field, write: this.#writer(field, column) }];
    });
    const keys = columns.filter(({ field }) => field.isKey).map(({ name }) => name);
    return { table, info, isDelete: shape.isDelete, columns, keys };
  }

  #writer(field: ShapeColumn, column: TableColumn): ValueWriter {
    try {
      return this.#dialect.writerFor(field.schema, column);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DataError(`field ${field.name}: ${reason}`, { cause });
    }
  }

  /** MySQL would insert the same key again without a word. */
  #assertKeyed({ info, keys, table }: Target): void {
    if (this.#config['insert.mode'] !== 'upsert') return;
    const wanted = new Set(keys);
    const isKey = info.uniqueKeys.some(
      (columns) => columns.length === wanted.size && columns.every((name) => wanted.has(name)),
    );
    if (!isKey)
      throw new DataError(
        `table ${this.#dialect.tableName(table)} has no primary key or unique index on exactly ${keys.join(', ')}, which insert.mode=upsert needs: create one, or change pk.fields`,
      );
  }

  #column(info: TableInfo, name: string): TableColumn | undefined {
    const exact = info.columns.find((column) => column.name === name);
    if (exact || !this.#dialect.foldsCase) return exact;
    const folded = name.toLowerCase();
    return info.columns.find((column) => column.name.toLowerCase() === folded);
  }
}

function hasDefault({ schema }: NewColumn): boolean {
  return schema.default !== undefined && schema.default !== null;
}

/** Another task may have done the same just now: whoever looks afterwards sees whether it is there. */
async function tolerating(definition: Promise<unknown>): Promise<void> {
  try {
    await definition;
  } catch (error) {
    const wasFirst =
      error instanceof SqlError &&
      ['23505', '42P07', '42710', '42701', 'ER_DUP_FIELDNAME', 'ER_TABLE_EXISTS_ERROR'].includes(
        error.code,
      );
    if (wasFirst) return;
    if (!(error instanceof SqlError) || isTemporary(error)) throw error;
    throw new SqlError('refused', error.code, error.message, { cause: error });
  }
}
