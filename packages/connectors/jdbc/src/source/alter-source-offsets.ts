/** What somebody may set the offsets of a JDBC source to: those that its tasks can go on at. */
import {
  type AlteredSourceOffset,
  ConnectError,
  type SourceOffsetValue,
  type SourcePartition,
} from '@sluice/connector-api';
import { positionOf } from './position.ts';
import { queryOf, type SourceConfig } from './source-keys.ts';

/** Some modes need a part of them; what another mode has left does no harm. */
const fields = ['incrementing', 'timestamp', 'timestamp_nanos'];

/** A reset (null) may also be of what other settings have left. @throws ConnectError */
export function assertSourceOffsets(
  config: SourceConfig,
  offsets: readonly AlteredSourceOffset[],
): void {
  for (const { offset, partition } of offsets) {
    if (offset === null) continue;
    assertPartition(config, partition);
    assertOffset(config, offset);
  }
}

function assertPartition(config: SourceConfig, partition: SourcePartition): void {
  const given = JSON.stringify(partition, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  if (queryOf(config) !== undefined) {
    if (given === '{"query":"query"}') return;
    throw new ConnectError(
      `The source partition of a query is {"query":"query"}, and not ${given}`,
    );
  }
  const { protocol, table, ...others } = partition;
  const isTable =
    typeof table === 'string' &&
    table !== '' &&
    (protocol === undefined || protocol === '1') &&
    Object.keys(others).length === 0;
  if (isTable) return;
  throw new ConnectError(
    `A source partition is {"protocol":"1","table":"…"} with the name of the table, as it is in the stored offsets, and not ${given}`,
  );
}

function assertOffset(config: SourceConfig, offset: SourceOffsetValue): void {
  const { mode } = config;
  if (mode === 'bulk')
    throw new ConnectError(
      'mode=bulk has no offsets, since each poll reads all rows: set another mode before',
    );
  const unknown = Object.keys(offset).find((field) => !fields.includes(field));
  if (unknown !== undefined)
    throw new ConnectError(
      `The offset has "${unknown}", which is not known: its fields are ${fields.join(', ')}`,
    );
  const { incrementing, timestamp } = positionOf(offset);
  const needed = mode === 'incrementing' ? 'incrementing' : 'timestamp';
  if ((mode === 'incrementing' ? incrementing : timestamp) === undefined)
    throw new ConnectError(`The offset has no "${needed}", by which mode=${mode} goes on`);
  const isNanos = (nanos: number): boolean => nanos >= 0 && nanos < 1_000_000_000;
  if (timestamp && !isNanos(timestamp.nanos))
    throw new ConnectError('The offset has a "timestamp_nanos" that is not from 0 to 999999999');
}
