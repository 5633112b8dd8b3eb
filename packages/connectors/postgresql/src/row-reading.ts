/**
 * The rows of one statement as they come, no faster than they are taken: whoever asks for many may be given large ones.
 *
 *     filling ──full──▶ paused (the socket is not read) ──asked for──▶ filling … ──▶ ended
 */
import type { TextRow, Wire } from './client.ts';

export interface SomeRows {
  readonly rows: readonly TextRow[];
  /** There are no rows after these. */
  readonly isEnd: boolean;
}

/** What a value takes besides its characters. */
const valueBytes = 32;
/** The driver's own limit counts also while nobody takes what has come; this is the longest it knows, ms. */
const driverLimitMs = 2_147_483_647;

/** A query of the driver by its interface for others than its own. */
export class RowReading {
  /** The driver's name. */
  readonly query_timeout = driverLimitMs;
  /** Set by the driver, which counts the time until it is called. */
  callback: ((error: Error | null) => void) | undefined;
  readonly #sql: string;
  readonly #wire: Wire;
  readonly #bytesMax: number;
  #rows: TextRow[] = [];
  #bytes = 0;
  #isEnded = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(sql: string, wire: Wire, bytesMax: number) {
    this.#sql = sql;
    this.#wire = wire;
    this.#bytesMax = bytesMax;
  }

  /** `limitMs`: how long rows are waited for; then `onLimit` has to end the connection. */
  async *taken(limitMs: number, onLimit: () => void): AsyncGenerator<SomeRows> {
    for (;;) {
      await this.#untilFull(limitMs, onLimit);
      const isEnd = this.#isEnded;
      const rows = this.#rows;
      this.#rows = [];
      this.#bytes = 0;
      yield { rows, isEnd };
      if (isEnd) return;
      this.#wire.stream.resume();
    }
  }

  submit(connection: { query(sql: string): void }): void {
    connection.query(this.#sql);
  }

  handleDataRow({ fields }: { readonly fields: TextRow }): void {
    this.#rows.push(fields);
    for (const value of fields) this.#bytes += valueBytes + (value?.length ?? 0);
    if (this.#bytes < this.#bytesMax) return;
    this.#wire.stream.pause();
    this.#wake?.();
  }

  handleReadyForQuery(): void {
    this.#end(null);
  }

  handleError(error: Error): void {
    this.#failure ??= error;
    this.#end(error);
  }

  handleRowDescription(): void {}

  handleCommandComplete(): void {}

  #end(error: Error | null): void {
    this.#isEnded = true;
    // What was full when the end came as well.
    this.#wire.stream.resume();
    this.callback?.(error);
    this.#wake?.();
  }

  async #untilFull(limitMs: number, onLimit: () => void): Promise<void> {
    if (!this.#isEnded && this.#bytes < this.#bytesMax) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const limit = setTimeout(onLimit, limitMs);
      await promise;
      clearTimeout(limit);
      this.#wake = undefined;
    }
    if (this.#failure) throw this.#failure;
  }
}
