/**
 * Which table the rows of the log are of, and how they are laid out: by the log itself where the server says it there
 * (`binlog_row_metadata=FULL`), else by the schema history, else by what the table is now, if nothing in the log between
 * has changed it.
 */
import { ConnectError } from '@sluice/connector-api';
import {
  type Selection,
  skippedOperations,
  type TableName,
  tableText,
} from '@sluice/connector-capture';
import type { TableMap } from './binlog/table-map.ts';
import { CapturedTable, type Flavour } from './captured-table.ts';
import { readLayout, type ServerFacts } from './catalog.ts';
import { type Charsets, unreadable } from './charsets.ts';
import type { Session } from './client.ts';
import type { Column, TableLayout } from './column.ts';
import { type MysqlConfig, selectionOf } from './config.ts';
import { isSequence, layoutOfMap, mismatchOf } from './log-layout.ts';
import { type FilePosition, findChange } from './log-search.ts';
import type { SchemaHistory } from './schema-history.ts';
import type { Statement } from './statement.ts';

/** A change of a table was missed, and with it how its rows are laid out. */
export class LayoutLost extends ConnectError {}

export interface ResolverOptions {
  readonly config: MysqlConfig;
  readonly flavour: Flavour;
  readonly server: ServerFacts;
  readonly charsets: Charsets;
  readonly history: SchemaHistory;
  readonly sql: () => Promise<Session>;
  /** Captured tables that there are. */
  readonly tables: readonly TableName[];
}

interface KnownTable {
  /** Of the event that it was made by. */
  readonly body: Buffer;
  /** Undefined: a sequence. */
  readonly table: CapturedTable | undefined;
}

export class TableResolver {
  readonly #options: ResolverOptions;
  readonly #selection: Selection;
  /** In small letters, as some servers log them. */
  readonly #names: Set<string>;
  readonly #known = new Map<string, KnownTable>();
  /** Of tables now, for what the log does not say of them. */
  readonly #now = new Map<string, readonly Column[]>();

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#selection = selectionOf(options.config);
    this.#names = new Set(options.tables.map((name) => tableText(name).toLowerCase()));
  }

  isTable(name: TableName): boolean {
    return isUnreadable(name)
      ? [...this.#names].some((text) => mayBeUnreadable(text))
      : this.#names.has(tableText(name).toLowerCase());
  }

  /** Of one that is known. */
  tableNamed(name: TableName): CapturedTable | undefined {
    return this.#known.get(tableText(name))?.table;
  }

  /** Makes a table known that is emptied, if that is written. `after`: where the event ends that names it. */
  async learn(name: TableName, after: FilePosition): Promise<void> {
    const text = tableText(name);
    const { config, flavour, history } = this.#options;
    if (skippedOperations(config).has('t')) return;
    if (!this.#selection.hasTable(name) || this.#known.has(text)) return;
    const layout = history.get(text) ?? (await this.#layoutNow(name, after));
    const table = new CapturedTable({ config, flavour, name, layout });
    this.#known.set(text, { body: Buffer.alloc(0), table });
  }

  /** Undefined: a table that is not captured. `after`: where the event ends. */
  async tableOf(
    map: TableMap,
    body: Buffer,
    after: FilePosition,
  ): Promise<CapturedTable | undefined> {
    const name = { namespace: map.database, table: map.table };
    if (!this.#selection.hasTable(name)) return undefined;
    const text = tableText(name);
    this.#names.add(text.toLowerCase());
    const known = this.#known.get(text);
    // All but the number of the table, which changes whenever the server opens it anew.
    if (known?.body.subarray(6).equals(body.subarray(6))) return known.table;
    const { config, flavour } = this.#options;
    if (map.unknownAt !== undefined)
      throw await this.#unknownColumn(name, map, map.unknownAt, after);
    const layout = await this.#layoutOf(name, map, after);
    const table = isSequence(layout)
      ? undefined
      : new CapturedTable({ config, flavour, name, layout, logColumns: map.columns });
    this.#known.set(text, { body: Buffer.from(body), table });
    return table;
  }

  /** After a statement that may have changed tables. */
  forget(statement: Statement): void {
    const { history } = this.#options;
    for (const text of [...this.#known.keys(), ...history.tables()])
      if (touches(statement, text, history.get(text)?.hashCount)) {
        this.#known.delete(text);
        this.#now.delete(text);
        history.forget(text);
      }
  }

  async #layoutOf(name: TableName, map: TableMap, after: FilePosition): Promise<TableLayout> {
    const { charsets, history, server } = this.#options;
    const text = tableText(name);
    if (map.metadata) {
      const layout = layoutOfMap(map, await this.#columnsNow(name), charsets);
      if (layout) return layout;
    }
    const recorded = history.get(text);
    const layout = recorded ?? (await this.#layoutNow(name, after));
    const mismatch = mismatchOf(layout, map.columns);
    if (mismatch) throw lost(text, mismatch, after);
    if (!recorded && !server.hasMetadata) history.set(text, layout);
    return layout;
  }

  async #unknownColumn(
    name: TableName,
    { columns, metadata }: TableMap,
    at: number,
    { file, pos }: FilePosition,
  ): Promise<ConnectError> {
    const column = metadata?.names[at] ?? (await this.#columnsNow(name))[at]?.name;
    const text = column === undefined ? `Column ${String(at + 1)} of` : `Column ${column} of`;
    return new ConnectError(
      `${text} ${tableText(name)} has type ${String(columns[at]?.type)} of the binary log at ${file}:${String(pos)}, which is not known, so that no row of the table can be read: leave the table out with table.exclude.list, or change the column's type and delete the offsets`,
    );
  }

  async #columnsNow(name: TableName): Promise<readonly Column[]> {
    const text = tableText(name);
    const found = this.#now.get(text);
    if (found) return found;
    const { columns } = await readLayout(
      await this.#options.sql(),
      name,
      this.#options.server.isMariadb,
    );
    this.#now.set(text, columns);
    return columns;
  }

  async #layoutNow(name: TableName, after: FilePosition): Promise<TableLayout> {
    const sql = await this.#options.sql();
    const layout = await readLayout(sql, name, this.#options.server.isMariadb);
    // Looked for after it was read: what comes later is not in it.
    const text = tableText(name);
    const change = await findChange(sql, after, (statement) => touches(statement, text));
    if (change) throw lost(text, `it was changed once more at ${change}`, after);
    return layout;
  }
}

function lost(table: string, reason: string, { file, pos }: FilePosition): LayoutLost {
  return new LayoutLost(
    `The columns that ${table} had at ${file}:${String(pos)} are not known (${reason}): set binlog_row_metadata to FULL at the server, and snapshot.mode to when_needed, which reads the tables again, or delete the offsets`,
  );
}

/** `text`: `database.table`. `hashCount`: columns that it has for its indexes. */
export function touches(statement: Statement, text: string, hashCount = 0): boolean {
  const wanted = text.toLowerCase();
  if (statement.kind === 'database')
    return wanted.startsWith(`${statement.database.toLowerCase()}.`);
  const isLayout = statement.kind === 'layout' || (statement.kind === 'index' && hashCount > 0);
  return isLayout && statement.tables.some((name) => isName(name, wanted));
}

/** `wanted`: in small letters. */
function isName(name: TableName, wanted: string): boolean {
  return isUnreadable(name) ? mayBeUnreadable(wanted) : tableText(name).toLowerCase() === wanted;
}

/** Of a client whose character set cannot be read: any table that is not written in ASCII may be meant. */
function isUnreadable({ table }: TableName): boolean {
  return table.includes(unreadable);
}

function mayBeUnreadable(text: string): boolean {
  return /[^\0-\x7f]/.test(text);
}
