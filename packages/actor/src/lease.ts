/**
 * The lease as an executor sees it. `BoardLease` is that of the whole executor; `ActorLease` is one
 * actor's view of it, which can be revoked alone.
 *
 *     held ──deadline passed, noticed by a check or the timer──▶ expired ──renewed──▶ held …
 *       └──────────────────abandoned / revoked──────────────────▶ ended, for ever
 *
 * A check notices the expiry before the timer does after a freeze (SIGSTOP): every check compares with the
 * clock, so the very first one after the freeze already refuses. Not so after the machine was suspended: its
 * monotonic clock stood still, and the answer to the next beat is what ends the lease. If the lease was
 * renewed before anybody looked, nothing expired: the cluster never counted us as dead.
 */
import { type Clock, SluiceError, type Timer } from '@sluice/kernel';
import type { ExecutorBoard } from './executor-board.ts';
import type { Lease } from './types.ts';

/** A timer waits at most this long before it looks at the deadline again: it may have moved. */
const timerMsMax = 60_000;

export class BoardLease implements Lease {
  readonly #board: ExecutorBoard;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  readonly #waiters = new Set<() => void>();
  /** True until the first lease is set: nothing is held then, but nothing expired either. */
  #expired = true;
  #ended = false;
  #timer: Timer | undefined;
  #armedForMs: number | undefined;

  constructor(board: ExecutorBoard, clock: Clock) {
    this.#board = board;
    this.#clock = clock;
  }

  isFresh(): boolean {
    return this.isHeld() && this.#clock.monotonicMs() < this.#board.pauseAtMs;
  }

  isHeld(): boolean {
    const held = !this.#board.isAbandoned && this.#clock.monotonicMs() < this.#board.quiesceAtMs;
    if (!held) this.#expire();
    return held;
  }

  get isEnded(): boolean {
    return this.#board.isAbandoned;
  }

  assertHeld(): void {
    if (!this.isHeld()) throw leaseExpired(this.isEnded);
  }

  /** Until the quiesce deadline was passed `beyondMs` ago; 0 then, without a lease, and once it is gone for good. */
  leftMs(beyondMs: number): number {
    const { isAbandoned, quiesceAtMs } = this.#board;
    if (isAbandoned || quiesceAtMs === 0) return 0;
    return Math.max(0, quiesceAtMs + beyondMs - this.#clock.monotonicMs());
  }

  onExpired(listener: () => void): () => void {
    // A wrapper, so that the same function may be registered twice.
    const entry = (): void => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  untilFresh(signal: AbortSignal): Promise<void> {
    return waitUntilFresh(this, this.#waiters, signal);
  }

  /** Called with every tick and when the lease was renewed: re-arms, and wakes those who wait. */
  look(): void {
    if (!this.isHeld()) return;
    this.#expired = false;
    this.#arm();
    if (!this.isFresh()) return;
    for (const wake of this.#waiters) wake();
  }

  close(): void {
    this.#timer?.cancel();
  }

  #expire(): void {
    const ends = this.#board.isAbandoned && !this.#ended;
    if (this.#expired && !ends) {
      this.#confirmQuiet();
      return;
    }
    this.#expired = true;
    this.#ended ||= ends;
    notifyAll(this.#listeners);
    this.#confirmQuiet();
  }

  /** The listeners have cut the sockets, and every later effect is refused by its own check. */
  #confirmQuiet(): void {
    const quiesceAtMs = this.#board.quiesceAtMs;
    if (this.#clock.monotonicMs() >= quiesceAtMs) this.#board.quietForMs = quiesceAtMs;
  }

  #arm(): void {
    const quiesceAtMs = this.#board.quiesceAtMs;
    if (quiesceAtMs === this.#armedForMs) return;
    this.#armedForMs = quiesceAtMs;
    this.#timer?.cancel();
    const leftMs = quiesceAtMs - this.#clock.monotonicMs();
    this.#timer = this.#clock.after(Math.min(Math.max(1, Math.ceil(leftMs)), timerMsMax), () => {
      this.#armedForMs = undefined;
      this.look();
    });
  }
}

/** Ends with its actor: what an actor left behind cannot have an effect after it was revoked. */
export class ActorLease implements Lease {
  readonly #executorLease: BoardLease;
  readonly #listeners = new Set<() => void>();
  readonly #unsubscribe: () => void;
  #revoked = false;

  constructor(executorLease: BoardLease) {
    this.#executorLease = executorLease;
    this.#unsubscribe = executorLease.onExpired(() => notifyAll(this.#listeners));
  }

  get isRevoked(): boolean {
    return this.#revoked;
  }

  /** As that of the executor; 0 once it was revoked. */
  leftMs(beyondMs: number): number {
    return this.#revoked ? 0 : this.#executorLease.leftMs(beyondMs);
  }

  isFresh(): boolean {
    return !this.#revoked && this.#executorLease.isFresh();
  }

  isHeld(): boolean {
    return !this.#revoked && this.#executorLease.isHeld();
  }

  assertHeld(): void {
    if (this.#revoked) throw leaseExpired(true);
    this.#executorLease.assertHeld();
  }

  onExpired(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  untilFresh(signal: AbortSignal): Promise<void> {
    if (this.#revoked) return Promise.reject(leaseExpired(true));
    return this.#executorLease.untilFresh(signal);
  }

  /** `cut`: the actor still runs, so its sockets have to be cut. */
  revoke(cut: boolean): void {
    if (this.#revoked) return;
    this.#revoked = true;
    this.#unsubscribe();
    if (cut) notifyAll(this.#listeners);
    this.#listeners.clear();
  }
}

function leaseExpired(ended: boolean): SluiceError {
  return new SluiceError(
    'lease.expired',
    ended
      ? 'the lease is gone for good: this executor or actor was abandoned, its work runs elsewhere'
      : 'the lease of this worker ran out: Redis did not acknowledge its heartbeat in time',
    { fenced: true, retriable: !ended },
  );
}

/** One listener's failure must not keep the others' sockets open. */
function notifyAll(listeners: ReadonlySet<() => void>): void {
  for (const listener of listeners) {
    try {
      listener();
    } catch (error) {
      process.emitWarning(`a lease listener threw: ${String(error)}`);
    }
  }
}

function waitUntilFresh(
  lease: BoardLease,
  waiters: Set<() => void>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    if (lease.isFresh()) return resolve();
    const settle = (): void => {
      waiters.delete(settle);
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    const onAbort = (): void => {
      waiters.delete(settle);
      reject(signal.reason as Error);
    };
    waiters.add(settle);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
