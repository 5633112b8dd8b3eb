/** Which columns of a table say what is new in it. Pure. */
import { ConnectError } from '@sluice/connector-api';
import type { TableColumn, TableInfo } from '../dialect.ts';
import type { SourceConfig } from './source-keys.ts';

export interface KeyColumns {
  readonly incrementing: string | undefined;
  readonly timestamps: readonly string[];
}

/** @throws ConnectError that says what to change. */
export function keyColumns(info: TableInfo, config: SourceConfig, table: string): KeyColumns {
  const isIncrementing = config.mode.includes('incrementing');
  const isTimed = config.mode.startsWith('timestamp');
  const incrementing = isIncrementing ? incrementingColumn(info, config, table) : undefined;
  const timestamps = isTimed
    ? config['timestamp.column.name'].map((name) => columnNamed(info, name, table))
    : [];
  if (config['validate.non.null']) {
    if (incrementing?.isNullable)
      throw new ConnectError(
        `Cannot make incremental queries using incrementing column ${incrementing.name} on ${table} because this column is nullable: make it NOT NULL, or set validate.non.null=false`,
      );
    if (timestamps.length > 0 && timestamps.every(({ isNullable }) => isNullable))
      throw new ConnectError(
        `Cannot make incremental queries using timestamp columns ${timestamps.map(({ name }) => name).join(', ')} on ${table} because all of these columns are nullable: make one NOT NULL, or set validate.non.null=false`,
      );
  }
  return { incrementing: incrementing?.name, timestamps: timestamps.map(({ name }) => name) };
}

function incrementingColumn(info: TableInfo, config: SourceConfig, table: string): TableColumn {
  const name = config['incrementing.column.name'];
  if (name !== '') return columnNamed(info, name, table);
  const found = info.columns.filter(({ isAutoIncrement }) => isAutoIncrement);
  const [only] = found;
  if (only && found.length === 1) return only;
  throw new ConnectError(
    `${table} has ${found.length === 0 ? 'no column' : 'several columns'} that the database counts up: set incrementing.column.name`,
  );
}

function columnNamed(info: TableInfo, name: string, table: string): TableColumn {
  const folded = name.toLowerCase();
  const found =
    info.columns.find((column) => column.name === name) ??
    info.columns.find((column) => column.name.toLowerCase() === folded);
  if (found) return found;
  throw new ConnectError(
    `${table} has no column ${name}: it has ${info.columns.map((column) => column.name).join(', ')}`,
  );
}
