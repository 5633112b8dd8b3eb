/**
 * What the control thread and an executor show each other without a message, so that it can be read and
 * written while the other side is blocked. For a thread it is shared memory; a child process has a copy of
 * its own (shared with its watchdog) that messages keep up to date in both directions.
 *
 * | field                          | written by     | read by                         |
 * | ------------------------------ | -------------- | ------------------------------- |
 * | pause and quiesce deadline     | control thread | executor, before every effect   |
 * | abandoned                      | control thread | executor, before every effect   |
 * | ticks, heap and external bytes | executor       | control thread                  |
 * | delay of its event loop        | executor       | control thread                  |
 * | running actor                  | executor       | control thread: whom to blame   |
 * | quiet for deadline             | executor       | control thread, child's watchdog |
 */

const bigSlots = { pauseAt: 0, quiesceAt: 1, quietFor: 2, count: 3 } as const;
const smallSlots = {
  abandoned: 0,
  ticks: 1,
  running: 2,
  heapKib: 3,
  externalKib: 4,
  delayUs: 5,
  count: 6,
} as const;

/** 256 years: `Infinity` as a deadline. */
const deadlineNsMax = 2 ** 63 - 1024;

export class ExecutorBoard {
  readonly buffer: SharedArrayBuffer;
  readonly #big: BigInt64Array;
  /** Public for the hook that runs at every continuation: nothing may stand between. */
  readonly small: Int32Array;
  static readonly runningSlot: number = smallSlots.running;

  constructor(buffer?: SharedArrayBuffer) {
    const bigBytes = bigSlots.count * BigInt64Array.BYTES_PER_ELEMENT;
    this.buffer =
      buffer ?? new SharedArrayBuffer(bigBytes + smallSlots.count * Int32Array.BYTES_PER_ELEMENT);
    this.#big = new BigInt64Array(this.buffer, 0, bigSlots.count);
    this.small = new Int32Array(this.buffer, bigBytes, smallSlots.count);
  }

  /** Monotonic ms; 0 until a lease is set. */
  get pauseAtMs(): number {
    return fromNs(Atomics.load(this.#big, bigSlots.pauseAt));
  }

  get quiesceAtMs(): number {
    return fromNs(Atomics.load(this.#big, bigSlots.quiesceAt));
  }

  setLease(deadlines: { readonly pauseAtMs: number; readonly quiesceAtMs: number }): void {
    Atomics.store(this.#big, bigSlots.pauseAt, toNs(deadlines.pauseAtMs));
    Atomics.store(this.#big, bigSlots.quiesceAt, toNs(deadlines.quiesceAtMs));
  }

  get isAbandoned(): boolean {
    return Atomics.load(this.small, smallSlots.abandoned) === 1;
  }

  /** For ever: no effect of this executor is allowed any more, whatever its lease says. */
  abandon(): void {
    Atomics.store(this.small, smallSlots.abandoned, 1);
  }

  get ticks(): number {
    return Atomics.load(this.small, smallSlots.ticks);
  }

  tick(): void {
    Atomics.add(this.small, smallSlots.ticks, 1);
  }

  /** The run of the actor whose code runs now, or ran last in this turn; 0: nobody's. */
  get running(): number {
    return Atomics.load(this.small, smallSlots.running);
  }

  set running(run: number) {
    Atomics.store(this.small, smallSlots.running, run);
  }

  get heapBytes(): number {
    return Atomics.load(this.small, smallSlots.heapKib) * 1024;
  }

  get externalBytes(): number {
    return Atomics.load(this.small, smallSlots.externalKib) * 1024;
  }

  setMemory(memory: { readonly heapBytes: number; readonly externalBytes: number }): void {
    Atomics.store(this.small, smallSlots.heapKib, Math.round(memory.heapBytes / 1024));
    Atomics.store(this.small, smallSlots.externalKib, Math.round(memory.externalBytes / 1024));
  }

  /** p99 over about a second. */
  get delayMs(): number {
    return Atomics.load(this.small, smallSlots.delayUs) / 1000;
  }

  set delayMs(ms: number) {
    Atomics.store(this.small, smallSlots.delayUs, Math.round(Math.min(ms * 1000, 2 ** 31 - 1)));
  }

  /** The quiesce deadline after which the executor confirmed that nothing is in flight. */
  get quietForMs(): number {
    return fromNs(Atomics.load(this.#big, bigSlots.quietFor));
  }

  set quietForMs(quiesceAtMs: number) {
    Atomics.store(this.#big, bigSlots.quietFor, toNs(quiesceAtMs));
  }
}

function toNs(ms: number): bigint {
  return BigInt(Math.round(Math.max(0, Math.min(ms * 1e6, deadlineNsMax))));
}

function fromNs(ns: bigint): number {
  return Number(ns) / 1e6;
}
