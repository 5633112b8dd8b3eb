import type { Schema } from '@sluice/connector-api';

/** How the values of a column are written, of what the database's driver gives. */
export interface ColumnType<Raw> {
  /** Of values that are not null. */
  readonly schema: Schema;
  /** Null only where the value cannot be said in this schema. */
  readonly read: (raw: Raw) => unknown;
  /** Stands for null where the schema does not allow it, as in a row of which only the key is known. */
  readonly fallback: unknown;
}
