/**
 * Offsets: where a run goes on. Their fields have Debezium's names where they mean the same.
 *
 * | field | meaning |
 * | --- | --- |
 * | `file`, `pos` | where the first transaction begins that is not written as a whole |
 * | `gtids` | transactions that are written as a whole; without it `file` and `pos` count |
 * | `server_id`, `ts_sec` | of the change |
 * | `tx_events`, `tx_rows` | of that first transaction: how many of its events with rows are written, and how many rows of the next |
 * | `tx_gtid` | and which one it is |
 * | `tx_server` | and the number of the server that said so: another one may divide rows differently among events |
 * | `snapshot`, `snapshot_completed`, `snapshot_progress` | of a snapshot: what is read of it (`SnapshotPlan`) |
 * | `schemas` | layouts of the tables at this position (`SchemaHistory`), where the log does not say them |
 *
 * An offset of Debezium within a transaction (`event`, `row`) begins that transaction again.
 */
import { ConnectError, type SourceOffsetValue } from '@sluice/connector-api';

export interface LogPosition {
  readonly file: string;
  readonly pos: number;
  /** Undefined: the position is that in the file. */
  readonly gtids: string | undefined;
}

export type Position =
  | {
      readonly kind: 'snapshot';
      readonly at: LogPosition;
      readonly progress: string;
      readonly schemas: string | undefined;
    }
  | {
      readonly kind: 'stream';
      readonly at: LogPosition;
      readonly inside: InsideTransaction | undefined;
      readonly schemas: string | undefined;
    };

/** A transaction that was written in part. */
export interface InsideTransaction {
  /** Undefined: the one that begins at the position. */
  readonly gtid: string | undefined;
  readonly events: number;
  readonly rows: number;
  /** Undefined: of an offset from before it was stored. */
  readonly server: string | undefined;
}

/** @throws ConnectError for an offset that is none of this connector. */
export function positionOf(offset: SourceOffsetValue | undefined): Position | undefined {
  if (!offset) return undefined;
  const file = textOf(offset, 'file');
  const pos = numberOf(offset, 'pos');
  const gtids = textOf(offset, 'gtids');
  if (gtids === undefined && (file === undefined || pos === undefined))
    throw new ConnectError(
      'The offset of the connector has neither "gtids" nor "file" and "pos": delete the offsets, or correct them',
    );
  const at: LogPosition = { file: file ?? '', pos: pos ?? 4, gtids };
  const schemas = textOf(offset, 'schemas');
  const { snapshot } = offset;
  const isSnapshot = snapshot !== undefined && snapshot !== null && snapshot !== false;
  if (isSnapshot && offset['snapshot_completed'] !== true)
    return { kind: 'snapshot', at, progress: textOf(offset, 'snapshot_progress') ?? '', schemas };
  const events = numberOf(offset, 'tx_events');
  const rows = numberOf(offset, 'tx_rows') ?? 0;
  return {
    kind: 'stream',
    at,
    inside:
      events === undefined
        ? undefined
        : { gtid: textOf(offset, 'tx_gtid'), events, rows, server: textOf(offset, 'tx_server') },
    schemas,
  };
}

export function positionFields({ file, gtids, pos }: LogPosition): SourceOffsetValue {
  return { file, pos, ...(gtids === undefined ? {} : { gtids }) };
}

export function snapshotOffset(
  at: LogPosition,
  progress: string,
  isCompleted: boolean,
  schemas: string | undefined,
): SourceOffsetValue {
  return {
    ...positionFields(at),
    snapshot: 'INITIAL',
    snapshot_completed: isCompleted,
    ...(isCompleted ? {} : { snapshot_progress: progress }),
    ...(schemas === undefined ? {} : { schemas }),
  };
}

export function textOfPosition({ file, gtids, pos }: LogPosition): string {
  return gtids === undefined ? `${file}:${String(pos)}` : `GTID ${gtids || '(none)'}`;
}

function textOf(offset: SourceOffsetValue, name: string): string | undefined {
  const value = offset[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new ConnectError(
    `The offset of the connector has a "${name}" that is no text: delete the offsets, or correct them`,
  );
}

function numberOf(offset: SourceOffsetValue, name: string): number | undefined {
  const value = offset[name];
  if (value === undefined || value === null) return undefined;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new ConnectError(
    `The offset of the connector has a "${name}" that is no number: delete the offsets, or correct them`,
  );
}
