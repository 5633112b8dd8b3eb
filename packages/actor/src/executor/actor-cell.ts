/**
 * One life of one actor inside an executor, from `start` to its end. It owns the mailbox, the abort signal
 * and the actor's view of the lease; it decides nothing about restarts.
 *
 *     starting ──▶ receiving ──stop()──▶ stopping ──▶ ended: stopped
 *         └───────────┴──fail(), or a throw──▶ failing ──▶ ended: failed
 *                                  └─ grace and linger over ─▶ ended: overstayed (its code still runs)
 *
 * `start`, `receive` and `stop` of the actor are called by one loop, one after the other, so that they
 * never overlap. When the grace is over the signal is aborted; when it still has not ended after that, its
 * lease is revoked and the control thread is told, who then replaces the executor.
 */
import { assert, type Clock, isFenced, SluiceError, type Timer, toError } from '@sluice/kernel';
import { ActorLease, type BoardLease } from '../lease.ts';
import { LeaseBeyond } from '../lease-beyond.ts';
import { Mailbox } from '../mailbox.ts';
import type { EndedHow, Report } from '../protocol.ts';
import type { Actor, ActorContext, ActorFactory, ActorSpec } from '../types.ts';

/** More is a defect of the actor, and would load the thread that keeps the heartbeat. */
const eventsPerSecondMax = 1_000;

export interface ActorCellOptions {
  readonly run: number;
  readonly spec: ActorSpec;
  readonly factory: ActorFactory;
  readonly lease: BoardLease;
  readonly clock: Clock;
  readonly graceMs: number;
  readonly lingerMs: number;
  /** Calls into the actor's code, see attribution. */
  readonly enter: <Result>(action: () => Result) => Result;
  readonly report: (report: Report) => void;
  /** The last thing that happens; also after it was reported as overstayed. */
  readonly gone: () => void;
}

export class ActorCell {
  readonly #options: ActorCellOptions;
  readonly #mailbox: Mailbox<unknown>;
  readonly #abort = new AbortController();
  readonly #lease: ActorLease;
  #ending: 'stop' | 'restart' | 'failed' | undefined;
  #state: 'RUNNING' | 'PAUSED' = 'RUNNING';
  #isStarted = false;
  #isReported = false;
  #timer: Timer | undefined;
  #actor: Actor | undefined;
  #events = { sinceMs: 0, count: 0 };

  constructor(options: ActorCellOptions) {
    this.#options = options;
    this.#mailbox = new Mailbox(options.spec.address);
    this.#lease = new ActorLease(options.lease);
  }

  /** Runs the whole life. Never rejects. */
  async live(): Promise<void> {
    const { enter, factory, spec } = this.#options;
    try {
      const created = enter(() => factory(spec, this.#context()));
      this.#actor = created;
      await enter(() => created.start());
      this.#started();
      await this.#receiveAll(created);
    } catch (error) {
      this.fail(error);
    }
    assert(this.#ending, 'an actor ends because it was told to, or because it failed');
    try {
      await enter(() => this.#actor?.stop(this.#ending ?? 'stop'));
    } catch (error) {
      // It was asked to end everything and gave up half-way: what is left must not have an effect.
      this.#lease.revoke(true);
      this.fail(error);
    }
    this.#end(this.#ending === 'failed' ? 'failed' : 'stopped');
    this.#options.gone();
  }

  tell(message: unknown): void {
    if (this.#mailbox.isClosed) return;
    try {
      this.#mailbox.offer(message);
    } catch (error) {
      // Dropping a command would make its sender believe that, say, the task is paused.
      this.fail(error);
    }
  }

  stop(reason: 'stop' | 'restart'): void {
    if (this.#ending) return;
    this.#ending = reason;
    this.#mailbox.close();
    this.#limit();
  }

  fail(thrown: unknown): void {
    if (this.#ending) return;
    const error = toError(thrown);
    this.#ending = 'failed';
    this.#mailbox.close();
    this.#options.report({
      kind: 'failing',
      run: this.#options.run,
      trace: this.#shownTrace(traceOf(error)),
      code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
      fenced: isFenced(error),
    });
    this.#limit();
    this.#abort.abort(error);
  }

  #shownTrace(trace: string): string {
    return this.#actor?.shownTrace?.(trace) ?? trace;
  }

  /** The executor was abandoned: whatever waits for the signal ends now. */
  abandon(): void {
    this.#abort.abort(new Error('the executor was abandoned'));
  }

  async #receiveAll(actor: Actor): Promise<void> {
    for (;;) {
      const taken = await this.#mailbox.take();
      if (taken.kind === 'closed') return;
      await this.#options.enter(() => actor.receive(taken.message));
    }
  }

  #started(): void {
    this.#isStarted = true;
    if (!this.#ending) this.#reportState();
  }

  #setState(state: 'RUNNING' | 'PAUSED'): void {
    if (this.#state === state) return;
    this.#state = state;
    if (this.#isStarted && !this.#ending) this.#reportState();
  }

  #reportState(): void {
    this.#options.report({ kind: 'state', run: this.#options.run, state: this.#state });
  }

  #limit(): void {
    const { clock, graceMs } = this.#options;
    this.#timer = clock.after(graceMs, () => this.#graceOver());
  }

  #graceOver(): void {
    const { clock, graceMs, lingerMs, spec } = this.#options;
    this.#timer = clock.after(lingerMs, () => {
      this.#lease.revoke(true);
      this.#end('overstayed');
    });
    this.#abort.abort(new Error(`${spec.address} did not stop within ${graceMs} ms`));
  }

  #end(how: EndedHow): void {
    this.#timer?.cancel();
    this.#lease.revoke(false);
    this.#abort.abort(new Error(`${this.#options.spec.address} ended`));
    // An overstayed actor may still end: the control thread then need not wait for the executor's exit.
    if (this.#isReported && how === 'overstayed') return;
    this.#isReported = true;
    this.#options.report({ kind: 'ended', run: this.#options.run, how });
  }

  #mayEmit(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#events.sinceMs >= 1_000) this.#events = { sinceMs: nowMs, count: 0 };
    this.#events.count++;
    if (this.#events.count <= eventsPerSecondMax) return true;
    this.fail(
      new SluiceError(
        'actor.too-many-events',
        `${this.#options.spec.address} emits more than ${eventsPerSecondMax} events a second`,
      ),
    );
    return false;
  }

  #context(): ActorContext {
    const { report, run, spec } = this.#options;
    return {
      address: spec.address,
      fence: spec.fence,
      lease: this.#lease,
      leaseBeyond: (ms) => new LeaseBeyond(this.#lease, this.#options.clock, ms),
      signal: this.#abort.signal,
      setState: (state) => this.#setState(state),
      fail: (error) => this.fail(error),
      emit: (event) => {
        if (this.#mayEmit()) report({ kind: 'event', run, event });
      },
    };
  }
}

/** With its causes, as Kafka Connect shows them. */
export function traceOf(error: Error): string {
  const trace = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${trace}\nCaused by: ${traceOf(error.cause)}` : trace;
}
