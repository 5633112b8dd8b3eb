/**
 * Rows of a snapshot become records in batches, made when they are asked for: rows are smaller. The last record of all
 * says that the snapshot is complete, so each is held until there is another one. Where there is no row an offset alone says it:
 * without it every run until the first change would read again, and what was inserted meanwhile would come twice.
 */
import type { SourceOffsetValue, YieldedRecord } from '@sluice/connector-api';

export interface SnapshotRows<RawRow> {
  readonly rows: readonly RawRow[];
  readonly recordsOf: (row: RawRow, place: RowPlace) => readonly YieldedRecord[];
}

export interface RowPlace {
  /** Of the whole snapshot. */
  readonly isFirst: boolean;
  /** The last one of these rows, after which it can go on. */
  readonly isLast: boolean;
  readonly nowMs: number;
}

export interface SnapshotBatchesOptions<RawRow> {
  readonly chunks: AsyncIterable<SnapshotRows<RawRow>>;
  /** Records of a batch. */
  readonly batchMax: number;
  readonly asLast: (record: YieldedRecord) => YieldedRecord;
  /** Says that the snapshot is complete. */
  readonly completed: SourceOffsetValue;
  readonly signal: AbortSignal;
}

export async function* snapshotBatches<RawRow>({
  asLast,
  batchMax,
  chunks,
  completed,
  signal,
}: SnapshotBatchesOptions<RawRow>): AsyncGenerator<YieldedRecord[]> {
  let held: YieldedRecord | undefined;
  for await (const { recordsOf, rows } of chunks)
    for (let start = 0; start < rows.length; start += batchMax) {
      if (signal.aborted) return;
      const nowMs = Date.now();
      const records = held ? [held] : [];
      for (const [index, row] of rows.slice(start, start + batchMax).entries()) {
        const isLast = start + index === rows.length - 1;
        const isFirst = records.length === 0;
        for (const record of recordsOf(row, { isFirst, isLast, nowMs })) records.push(record);
      }
      held = records.pop();
      if (records.length > 0) yield records;
    }
  if (signal.aborted) return;
  yield [held ? asLast(held) : { topic: '', offset: completed, isOffsetOnly: true }];
}
