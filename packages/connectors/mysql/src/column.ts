/** A column as this connector needs to know it, whatever told it: the information schema or the log. */

export interface Column {
  readonly name: string;
  /** `DATA_TYPE` of the information schema: `int`, `varchar`, `datetime`, … */
  readonly type: string;
  readonly isRequired: boolean;
  readonly isUnsigned?: boolean;
  /** Of texts, enums and sets. */
  readonly charset?: string;
  /** Of enums and sets. */
  readonly labels?: readonly string[];
  /** Bytes of `binary`, bits of `bit`. */
  readonly length?: number;
  /** Of decimals. */
  readonly precision?: number;
  readonly scale?: number;
  /** Digits of a second. */
  readonly fraction?: number;
}

/** The columns of a table as its rows have them, and those of its primary key; none: no key. */
export interface TableLayout {
  readonly columns: readonly Column[];
  readonly keyColumns: readonly string[];
  /** Columns behind those, which nobody can select: MariaDB's hashes of unique texts. Absent: none. */
  readonly hashCount?: number;
}

/**
 * A value of either the log or a query, before it is written by its schema: numbers (bigint where they are too big),
 * texts, bytes (also of bits, the highest first), days since 1970 (date), µs (time) and moments (datetime, timestamp).
 * Null: a date that is none, such as 0000-00-00.
 */
export type RawValue = unknown;
