/**
 * Counts records for a while after a warm-up, with the CPU time that this process takes meanwhile. It begins
 * at the first count after the warm-up and ends at the first one after its time.
 */
import { systemClock } from '@sluice/kernel';

export interface Limits {
  /** Nothing is counted for so long after the first acknowledgement or record. */
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface Sample {
  readonly records: number;
  readonly seconds: number;
  /** User and system, of the whole process. */
  readonly cpuSeconds: number;
  /** Of all records since the process began; undefined where the client does not wait for all. */
  readonly total: number | undefined;
}

export class Window {
  readonly #limits: Limits;
  /** Of a fetch, which must not read all that there is while it warms up. */
  readonly #warmUpRecordsMax: number;
  #firstMs: number | undefined;
  #begun: { ms: number; cpuMicros: number; total: number } | undefined;
  #sample: Sample | undefined;
  #total = 0;

  constructor(limits: Limits, warmUpRecordsMax: number = Number.POSITIVE_INFINITY) {
    this.#limits = limits;
    this.#warmUpRecordsMax = warmUpRecordsMax;
  }

  /** The warm-up is over. */
  get hasBegun(): boolean {
    return this.#begun !== undefined;
  }

  get isOver(): boolean {
    return this.#sample !== undefined;
  }

  get total(): number {
    return this.#total;
  }

  count(records: number): void {
    this.#total += records;
    const nowMs = systemClock.monotonicMs();
    this.#firstMs ??= nowMs;
    if (this.#begun === undefined) {
      const isWarm =
        nowMs - this.#firstMs >= this.#limits.warmUpMs || this.#total >= this.#warmUpRecordsMax;
      if (isWarm) this.#begun = { ms: nowMs, cpuMicros: cpuMicros(), total: this.#total };
    } else if (nowMs - this.#begun.ms >= this.#limits.measureMs) {
      this.end();
    }
  }

  /** There is no more. */
  end(): void {
    const begun = this.#begun;
    if (begun === undefined) throw new Error('it ended while it was warming up');
    this.#sample ??= {
      records: this.#total - begun.total,
      seconds: (systemClock.monotonicMs() - begun.ms) / 1_000,
      cpuSeconds: (cpuMicros() - begun.cpuMicros) / 1e6,
      total: undefined,
    };
  }

  sample(): Sample {
    if (this.#sample === undefined) throw new Error('it has not ended');
    return { ...this.#sample, total: this.#total };
  }
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
