/** How far a table was read, and the offsets that say so: those of Confluent's connector, so that they can be moved. */
import { ConnectError, type SourceOffsetValue, type SourcePartition } from '@sluice/connector-api';
import type { Dialect, TableName } from '../dialect.ts';
import { type Instant, instantOfMs } from '../time-zone.ts';

export interface Position {
  readonly incrementing: bigint | undefined;
  readonly timestamp: Instant | undefined;
}

export const start: Position = { incrementing: undefined, timestamp: undefined };

export const queryPartition: SourcePartition = { query: 'query' };

/** The first is what is written; the others are what other drivers and older versions have written. */
export function partitionsOf(dialect: Dialect, table: TableName): SourcePartition[] {
  const qualified = dialect.qualifiedName(table);
  const names = new Set([qualified, `${table.schema ?? ''}.${table.table}`, table.table]);
  return [
    ...Array.from(names, (name) => ({ protocol: '1', table: name })),
    // Before there was a protocol.
    { table: table.table },
  ];
}

export function offsetOf({ incrementing, timestamp }: Position): SourceOffsetValue {
  return {
    ...(incrementing === undefined ? {} : { incrementing: exact(incrementing) }),
    ...(timestamp === undefined
      ? {}
      : { timestamp: timestamp.ms, timestamp_nanos: timestamp.nanos }),
  };
}

/** @throws ConnectError for what is no such offset. */
export function positionOf(offset: SourceOffsetValue | undefined): Position {
  if (!offset) return start;
  const incrementing = integerOf(offset, 'incrementing');
  const ms = integerOf(offset, 'timestamp');
  const nanos = integerOf(offset, 'timestamp_nanos');
  return {
    incrementing,
    timestamp:
      ms === undefined
        ? undefined
        : nanos === undefined
          ? instantOfMs(Number(ms))
          : { ms: Number(ms), nanos: Number(nanos) },
  };
}

function integerOf(offset: SourceOffsetValue, name: string): bigint | undefined {
  const value = offset[name];
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  throw new ConnectError(
    `the stored offset has a ${name} that is no whole number: set the connector's offsets anew`,
  );
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
