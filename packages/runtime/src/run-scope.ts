/**
 * How long one run of a task may wait and act. A run begins with a held lease and ends once; a task whose
 * lease expired begins a new run from the committed offsets.
 *
 *     open ── stop requested ──▶ closing ── grace over, lease expired, actor failed ──▶ over
 *       └───────────── grace over, lease expired, actor failed ───────────────────────▶ over
 *
 * closing: the plugin gives up what it waits for; what was polled is still sent, offsets are stored.
 * over: no effect any more.
 */
import type { Lease } from '@sluice/actor';
import { SluiceError } from '@sluice/kernel';

export class RunScope {
  readonly #lease: Lease;
  readonly #outer: AbortSignal;
  readonly #closing = new AbortController();
  readonly #over = new AbortController();
  readonly #unlink: () => void;
  #leaseExpired = false;

  constructor(lease: Lease, outer: AbortSignal) {
    this.#lease = lease;
    this.#outer = outer;
    const end = (): void => this.#end(outer.reason);
    outer.addEventListener('abort', end, { once: true });
    const forgetLease = lease.onExpired(() => this.#expire());
    this.#unlink = () => {
      outer.removeEventListener('abort', end);
      forgetLease();
    };
    if (outer.aborted) end();
  }

  /** Aborted from closing on: for what the plugin waits for. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Aborted when over: for what the run itself waits for. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  get isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** The run ended because of the lease and for no other reason: a new run may follow. */
  get isLeaseExpired(): boolean {
    return this.#leaseExpired && !this.#outer.aborted;
  }

  /** New work may begin. */
  get isFresh(): boolean {
    return !this.isClosing && this.#lease.isFresh();
  }

  /**
   * To be called before every effect, with no await in between.
   * @throws once the run is over, also if that is noticed only now.
   */
  assertMayAct(): void {
    if (!this.#lease.isHeld()) this.#expire();
    if (this.isOver) throw toError(this.#over.signal.reason);
  }

  mayAct(): boolean {
    if (!this.#lease.isHeld()) this.#expire();
    return !this.isOver;
  }

  /** Resolves when the lease is fresh again, or the run is closing. */
  async untilFresh(): Promise<void> {
    try {
      await this.#lease.untilFresh(this.closing);
    } catch (error) {
      if (!this.isClosing) throw error;
    }
  }

  close(): void {
    if (!this.isClosing)
      this.#closing.abort(new SluiceError('task.stopping', 'the task is being stopped'));
  }

  dispose(): void {
    this.#unlink();
  }

  #expire(): void {
    if (this.isOver) return;
    this.#leaseExpired = true;
    this.#end(
      new SluiceError('lease.expired', 'the lease of this worker expired', { retriable: true }),
    );
  }

  #end(reason: unknown): void {
    this.close();
    if (!this.isOver) this.#over.abort(reason);
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error
    ? reason
    : new SluiceError('task.over', 'the run of this task is over');
}
