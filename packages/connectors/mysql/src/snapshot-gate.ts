/**
 * Where a snapshot begins has to be stored before a row of it can be read: a run that ends before begins anew further on
 * in the log, and would never be told that a row which it has written was deleted in between. (PostgreSQL's slot
 * remembers it by itself.)
 *
 *     open ──await──▶ closed until an offset of this position is stored, or the limit is over ──▶ open
 */
import type { SourceOffsetValue, TaskLogger, YieldedRecord } from '@sluice/connector-api';
import type { LogPosition } from './position.ts';

interface PassOptions {
  readonly at: LogPosition;
  /** That says this position, and that nothing is read yet. */
  readonly offset: SourceOffsetValue;
  readonly logger: TaskLogger;
  readonly signal: AbortSignal;
}

/** A log that takes longer is not waited for, ms. */
const storeLimitMs = 15_000;

export class SnapshotGate {
  #waiting: { readonly at: LogPosition; readonly open: () => void } | undefined;

  get isClosed(): boolean {
    return this.#waiting !== undefined;
  }

  /** What the record log has stored. */
  see(stored: SourceOffsetValue | undefined): void {
    const at = this.#waiting?.at;
    const isStored =
      at !== undefined &&
      stored?.['file'] === at.file &&
      Number(stored['pos']) === at.pos &&
      (stored['gtids'] ?? undefined) === at.gtids;
    if (isStored) this.#waiting?.open();
  }

  /** The offset alone, and once it is stored the records. */
  async *pass(
    records: AsyncGenerator<YieldedRecord[]>,
    { at, logger, offset, signal }: PassOptions,
  ): AsyncGenerator<YieldedRecord[]> {
    yield [{ topic: '', offset, isOffsetOnly: true }];
    const isStored = await this.#untilStored(at, signal);
    if (signal.aborted) return;
    if (!isStored)
      logger.warn(
        {},
        'the record log has not stored where the snapshot begins: a row that is deleted while the task is started again may stay',
      );
    yield* records;
  }

  /** False if it was not stored in time. */
  async #untilStored(at: LogPosition, signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const give = (): void => resolve(false);
    const timer = setTimeout(give, storeLimitMs);
    signal.addEventListener('abort', give, { once: true });
    if (signal.aborted) give();
    this.#waiting = { at, open: () => resolve(true) };
    try {
      return await promise;
    } finally {
      this.#waiting = undefined;
      clearTimeout(timer);
      signal.removeEventListener('abort', give);
    }
  }
}
