/** The SELECT of one poll. Pure. */
import type { Dialect, SqlValue, TableColumn } from '../dialect.ts';
import type { Instant } from '../time-zone.ts';
import type { Position } from './position.ts';

export interface Selection {
  readonly dialect: Dialect;
  /** Without criteria: `SELECT … FROM …`. */
  readonly base: string;
  readonly suffix: string;
  /** Undefined where the mode has none. */
  readonly incrementing: string | undefined;
  readonly timestamps: readonly string[];
  /** Of the first of these, if it is known. */
  readonly timestampColumn: TableColumn | undefined;
}

export interface SelectSql {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** Rows behind the position; of those with timestamps, before `end`. */
export function selectSql(
  selection: Selection,
  position: Position,
  end: Instant | undefined,
): SelectSql {
  const { base, dialect, suffix } = selection;
  const values: SqlValue[] = [];
  const id =
    selection.incrementing === undefined ? undefined : dialect.quote(selection.incrementing);
  const names = selection.timestamps.map((name) => dialect.quote(name));
  const time = names.length > 1 ? `COALESCE(${names.join(', ')})` : names[0];
  const criteria: string[] = [];
  const order: string[] = [];
  if (time !== undefined) {
    const bind = (instant: Instant): string =>
      dialect.bindInstant(values, instant, selection.timestampColumn);
    const { incrementing, timestamp } = position;
    if (end) criteria.push(`${time} < ${bind(end)}`);
    if (timestamp && id !== undefined)
      criteria.push(
        incrementing === undefined
          ? `${time} >= ${bind(timestamp)}`
          : `(${time} > ${bind(timestamp)} OR (${time} = ${bind(timestamp)} AND ${id} > ${dialect.bind(values, incrementing)}))`,
      );
    else if (timestamp) criteria.push(`${time} > ${bind(timestamp)}`);
    order.push(...(names.length > 1 ? [time] : names));
  } else if (id !== undefined) {
    criteria.push(
      position.incrementing === undefined
        ? `${id} IS NOT NULL`
        : `${id} > ${dialect.bind(values, position.incrementing)}`,
    );
  }
  if (id !== undefined) order.push(id);
  const where = criteria.length > 0 ? ` WHERE ${criteria.join(' AND ')}` : '';
  const orderBy = order.length > 0 ? ` ORDER BY ${order.join(', ')}` : '';
  return { sql: `${base}${where}${orderBy}${suffix === '' ? '' : ` ${suffix}`}`, values };
}
