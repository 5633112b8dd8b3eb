/** The tables of the stream: as the log says that they were when their changes were made, and what else is asked for. */
import { ConnectError, type TaskLogger } from '@sluice/connector-api';
import { type Selection, type TableName, tableText } from '@sluice/connector-capture';
import { CapturedTable } from './captured-table.ts';
import { findTable, readTableDetails, type TypeCatalog } from './catalog.ts';
import type { Session } from './client.ts';
import { keyColumnsOf, type PostgresConfig, selectionOf } from './config.ts';
import { identityOf, keyOfRelation, type Relation } from './relation-key.ts';
import type { StreamedMessage } from './replication-stream.ts';

const soughtLabelsMax = 1_000;

export interface StreamedTablesOptions {
  readonly config: PostgresConfig;
  readonly logger: TaskLogger;
  readonly types: TypeCatalog;
  readonly sql: () => Promise<Session>;
}

export class StreamedTables {
  readonly #options: StreamedTablesOptions;
  readonly #selection: Selection;
  readonly #tables = new Map<number, CapturedTable | undefined>();
  readonly #relations = new Map<number, Relation>();
  /** Labels of enums that were looked for: one that was renamed since is not found. */
  readonly #soughtLabels = new Set<string>();

  constructor(options: StreamedTablesOptions) {
    this.#options = options;
    this.#selection = selectionOf(options.config);
  }

  /** Undefined: a table that is not captured. */
  of(oid: number): CapturedTable | undefined {
    return this.#tables.get(oid);
  }

  /** What a message needs to be known before it is read. */
  async prepare({ message }: StreamedMessage): Promise<void> {
    if (message.kind === 'relation') await this.#take(message);
    else if (message.kind === 'insert' || message.kind === 'update')
      await this.#followLabels(message);
  }

  /** PostgreSQL does not say that an enum got a label more: the first row that has it does. */
  async #followLabels({
    after,
    oid,
  }: Extract<StreamedMessage['message'], { kind: 'insert' | 'update' }>): Promise<void> {
    const label = this.#tables.get(oid)?.newLabelOf(after);
    const relation = this.#relations.get(oid);
    if (label === undefined || !relation) return;
    const sought = `${String(oid)} ${label}`;
    if (this.#soughtLabels.has(sought)) return;
    if (this.#soughtLabels.size >= soughtLabelsMax) this.#soughtLabels.clear();
    this.#soughtLabels.add(sought);
    await this.#take(relation);
  }

  /** Sent before the first change of a table, and again whenever its columns have changed. */
  async #take(relation: Relation): Promise<void> {
    const { columns, namespace, oid, table } = relation;
    const name = { namespace, table };
    if (!this.#selection.hasTable(name)) {
      this.#tables.set(oid, undefined);
      return;
    }
    this.#relations.set(oid, relation);
    const { config, logger, types } = this.#options;
    const sql = await this.#options.sql();
    await types.readIfMissing(
      sql,
      columns.map((column) => column.typeOid),
    );
    // The log says what the columns were then; what it does not say is asked for as it is now.
    const now = await readTableDetails(sql, oid);
    const required = new Set(
      now.columns.filter((each) => each.isRequired).map((each) => each.name),
    );
    const captured = new CapturedTable({
      identity: identityOf(relation),
      config,
      name,
      columns: columns.map((column) => ({ ...column, isRequired: required.has(column.name) })),
      keyColumns:
        keyOfRelation(relation, now.columns.length > 0 ? now.keyColumns : undefined) ??
        (await this.#keyOfAnother(sql, name, relation)),
      find: types.find,
      logger,
    });
    this.#tables.set(oid, captured);
  }

  /**
   * Of rows that were logged as a whole, so that the log does not say what their key is, and whose table is gone or has
   * another key: that of the table which has its name now, or the one that the definition says.
   */
  async #keyOfAnother(
    sql: Session,
    name: TableName,
    relation: Relation,
  ): Promise<readonly string[]> {
    if (keyColumnsOf(this.#options.config).of(name)) return [];
    const oid = await findTable(sql, name);
    const key = oid === undefined ? [] : (await readTableDetails(sql, oid)).keyColumns;
    const isThere = key.every((each) => relation.columns.some((column) => column.name === each));
    if (key.length > 0 && isThere) return key;
    throw new ConnectError(
      `The key that rows of ${tableText(name)} had when they were logged is not known: the table is gone, or its key was renamed since, and with REPLICA IDENTITY FULL the log does not say it. Name it with message.key.columns, or leave the table out (table.exclude.list)`,
    );
  }
}
