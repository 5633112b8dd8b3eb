/**
 * Offsets: where a run goes on. Their fields have Debezium's names where they mean the same.
 *
 * | field | meaning |
 * | --- | --- |
 * | `lsn` | of the change |
 * | `lsn_commit` | end of the last transaction that was written as a whole: the slot may be released up to here |
 * | `lsn_proc` | as `lsn` |
 * | `txId`, `ts_usec` | of the transaction that the change is part of |
 * | `tx_lsn`, `tx_changes` | within a transaction: which one, and how many changes of it are written |
 * | `snapshot`, `snapshot_completed`, `snapshot_progress` | of a snapshot: what is read of it (`SnapshotPlan`) |
 */
import { ConnectError, type SourceOffsetValue } from '@sluice/connector-api';

export type Position =
  | { readonly kind: 'snapshot'; readonly lsn: number; readonly progress: string }
  | {
      readonly kind: 'stream';
      readonly lsn: number;
      readonly inside: InsideTransaction | undefined;
    };

/** A transaction that was written in part. */
export interface InsideTransaction {
  readonly commitLsn: number;
  readonly changes: number;
}

/** @throws ConnectError for an offset that is none of this connector. */
export function positionOf(offset: SourceOffsetValue | undefined): Position | undefined {
  if (!offset) return undefined;
  const lsn =
    numberOf(offset, 'lsn_commit') ?? numberOf(offset, 'lsn_proc') ?? numberOf(offset, 'lsn');
  if (lsn === undefined)
    throw new ConnectError(
      'The offset of the connector has no "lsn_commit" or "lsn": delete the offsets, or correct them',
    );
  const isSnapshot =
    offset['snapshot'] !== undefined && offset['snapshot'] !== null && offset['snapshot'] !== false;
  if (isSnapshot && offset['snapshot_completed'] !== true)
    return { kind: 'snapshot', lsn, progress: String(offset['snapshot_progress'] ?? '') };
  const commitLsn = numberOf(offset, 'tx_lsn');
  const changes = numberOf(offset, 'tx_changes');
  return {
    kind: 'stream',
    lsn,
    inside: commitLsn === undefined || changes === undefined ? undefined : { commitLsn, changes },
  };
}

/** What the slot need not keep any more, by an offset that is stored; undefined: nothing is released yet. */
export function releasedLsn(offset: SourceOffsetValue | undefined): number | undefined {
  const position = positionOf(offset);
  return position?.kind === 'stream' ? position.lsn : undefined;
}

export function snapshotOffset(
  lsn: number,
  progress: string,
  isCompleted: boolean,
): SourceOffsetValue {
  return {
    lsn,
    lsn_commit: lsn,
    snapshot: 'INITIAL',
    snapshot_completed: isCompleted,
    last_snapshot_record: isCompleted,
    ...(isCompleted ? {} : { snapshot_progress: progress }),
  };
}

function numberOf(offset: SourceOffsetValue, name: string): number | undefined {
  const value = offset[name];
  if (value === undefined || value === null) return undefined;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new ConnectError(
    `The offset of the connector has a "${name}" that is no position: delete the offsets, or correct them`,
  );
}
