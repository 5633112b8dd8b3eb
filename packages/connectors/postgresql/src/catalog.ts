/** What the database says of its tables and types. */
import type { TableName } from '@sluice/connector-capture';
import type { Session, TextRow } from './client.ts';
import type { PgType } from './column-types.ts';

export interface CatalogTable extends TableName {
  readonly oid: number;
  /** d default, f full, i index, n nothing. */
  readonly replicaIdentity: string;
  readonly hasPrimaryKey: boolean;
  /** Its rows are its partitions'. */
  readonly isPartitioned: boolean;
  readonly canSelect: boolean;
  readonly isOwned: boolean;
}

export interface CatalogColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier: number;
  readonly isRequired: boolean;
}

export interface TableDetails {
  /** None: the table is gone. */
  readonly columns: readonly CatalogColumn[];
  /** Of the primary key, else of the index that is the replica identity; none: no key. */
  readonly keyColumns: readonly string[];
}

/**
 * Tables that are logged. A partitioned table's changes are its partitions', which are tables as well. `isViaRoot`: they
 * are told as its own, and partitions are no tables.
 */
export async function readTables(session: Session, isViaRoot: boolean): Promise<CatalogTable[]> {
  const rows = await session.query(`
    SELECT c.oid, n.nspname, c.relname, c.relreplident, c.relkind = 'p',
           EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary),
           has_table_privilege(c.oid, 'SELECT'), pg_has_role(c.relowner, 'USAGE')
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE ${isViaRoot ? "c.relkind IN ('r', 'p') AND NOT c.relispartition" : "c.relkind = 'r'"} AND c.relpersistence = 'p'
       AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
     ORDER BY n.nspname, c.relname`);
  return rows.map(
    ([oid, namespace, table, replicaIdentity, partitioned, hasKey, canSelect, isOwned]) => ({
      oid: Number(oid),
      namespace: namespace ?? '',
      table: table ?? '',
      replicaIdentity: replicaIdentity ?? 'd',
      isPartitioned: partitioned === 't',
      hasPrimaryKey: hasKey === 't',
      canSelect: canSelect === 't',
      isOwned: isOwned === 't',
    }),
  );
}

/** The id of the table that has this name now. */
export async function findTable(
  session: Session,
  { namespace, table }: TableName,
): Promise<number | undefined> {
  const [row] = await session.query(
    'SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2',
    [namespace, table],
  );
  return row ? Number(row[0]) : undefined;
}

/** Without generated columns, of which the log has nothing. */
export async function readTableDetails(session: Session, oid: number): Promise<TableDetails> {
  const columns = await session.query(
    `SELECT attname, atttypid, atttypmod, attnotnull FROM pg_attribute
      WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
      ORDER BY attnum`,
    [oid],
  );
  // By REPLICA IDENTITY USING INDEX the log tells of a former row no more than that index has.
  const indexes = await session.query(
    `SELECT json_agg(a.attname ORDER BY k.place)
       FROM pg_index i
       CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = $1 AND (i.indisprimary OR i.indisreplident) AND k.place <= i.indnkeyatts
      GROUP BY i.indexrelid, i.indisreplident, i.indisprimary
      ORDER BY i.indisreplident DESC, i.indisprimary DESC LIMIT 1`,
    [oid],
  );
  return {
    columns: columns.map(([name, typeOid, typeModifier, isRequired]) => ({
      name: name ?? '',
      typeOid: Number(typeOid),
      typeModifier: Number(typeModifier),
      isRequired: isRequired === 't',
    })),
    keyColumns: JSON.parse(indexes[0]?.[0] ?? '[]') as string[],
  };
}

/** The types of the database by their ids; read again when one is asked for that was made since. */
export class TypeCatalog {
  readonly #types = new Map<number, PgType>();

  async read(session: Session): Promise<void> {
    const rows = await session.query(`
      SELECT t.oid, t.typname, t.typtype, t.typcategory, t.typelem, t.typbasetype, t.typtypmod,
             (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
        FROM pg_type t`);
    this.#types.clear();
    for (const row of rows) {
      const type = typeOf(row);
      this.#types.set(type.oid, type);
    }
  }

  /** Enums are read again in any case: one that got a label more has the same id. */
  async readIfMissing(session: Session, oids: readonly number[]): Promise<void> {
    const isKnown = oids.every((oid) => this.#types.has(oid) && this.#types.get(oid)?.kind !== 'e');
    if (!isKnown) await this.read(session);
  }

  readonly find = (oid: number): PgType | undefined => this.#types.get(oid);
}

function typeOf(row: TextRow): PgType {
  const [oid, name, kind, category, elementOid, baseOid, baseModifier, labels] = row;
  return {
    oid: Number(oid),
    name: name ?? '',
    kind: kind ?? 'b',
    category: category ?? '',
    elementOid: Number(elementOid),
    baseOid: Number(baseOid),
    baseModifier: Number(baseModifier),
    labels: JSON.parse(labels ?? '[]') as string[],
  };
}

export interface ServerFacts {
  /** 150014 for 15.14. */
  readonly version: number;
  readonly walLevel: string;
  readonly isReplicator: boolean;
  readonly isSuperuser: boolean;
  readonly canCreate: boolean;
}

/** Oldest that is supported, as `server_version_num` has it. */
export const versionMin = 120_000;

export async function readServer(session: Session): Promise<ServerFacts> {
  const [row] = await session.query(`
    SELECT current_setting('server_version_num'), current_setting('wal_level'),
           r.rolreplication OR EXISTS (
             SELECT 1 FROM pg_roles g WHERE g.rolname IN ('rds_replication', 'rds_superuser')
                AND pg_has_role(g.oid, 'MEMBER')),
           r.rolsuper, has_database_privilege(current_database(), 'CREATE')
      FROM pg_roles r WHERE r.rolname = current_user`);
  const [version, walLevel, isReplicator, isSuperuser, canCreate] = row ?? [];
  return {
    version: Number(version),
    walLevel: walLevel ?? '',
    isReplicator: isReplicator === 't',
    isSuperuser: isSuperuser === 't',
    canCreate: canCreate === 't',
  };
}
