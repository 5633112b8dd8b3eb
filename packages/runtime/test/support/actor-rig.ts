import type { Actor, ActorContext, ActorFactory } from '@sluice/actor';
import { toError } from '@sluice/kernel';

import type { RuntimeEvent, RuntimeMessage, TargetState } from '@sluice/runtime';

import { TestLease } from './test-lease.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface RigOptions {
  readonly clock: VirtualClock;
  readonly factory: ActorFactory;
  readonly kind: string;
  readonly address?: string;
  readonly fence?: number;
  readonly payload: unknown;
  readonly lease?: TestLease;
  /** Of an actor that asks to go on after its lease. */
  readonly leaseBeyond?: TestLease;
  readonly graceMs?: number;
}

/** One life of one actor, driven as an executor drives it. */
export class ActorRig {
  readonly #options: RigOptions;
  readonly #actor: Actor;
  readonly #abort = new AbortController();
  #messages: Promise<void> = Promise.resolve();
  readonly lease: TestLease;
  readonly events: RuntimeEvent[] = [];
  readonly states: ('RUNNING' | 'PAUSED')[] = [];
  /** What failed it: of start, receive, or told by `fail`. */
  failure: Error | undefined;
  isStarted = false;
  /** How long it asked to go on after its lease; undefined: it did not. */
  beyondMs: number | undefined;

  constructor(options: RigOptions) {
    this.#options = options;
    this.lease = options.lease ?? new TestLease();
    const context: ActorContext = {
      address: options.address ?? 'task/orders/0',
      fence: options.fence ?? 1,
      lease: this.lease,
      signal: this.#abort.signal,
      leaseBeyond: (ms) => {
        this.beyondMs = ms;
        return options.leaseBeyond ?? this.lease;
      },
      setState: (state) => this.states.push(state),
      fail: (error) => this.#fail(error),
      emit: (event) => this.events.push(structuredClone(event) as RuntimeEvent),
    };
    this.#actor = options.factory(
      {
        address: context.address,
        fence: context.fence,
        kind: options.kind,
        payload: structuredClone(options.payload),
      },
      context,
    );
  }

  /** What its executor tells of the failure. */
  get trace(): string | undefined {
    const trace = this.failure?.stack;
    return trace === undefined ? undefined : (this.#actor.shownTrace?.(trace) ?? trace);
  }

  get state(): 'RUNNING' | 'PAUSED' {
    return this.states.at(-1) ?? 'RUNNING';
  }

  /** Does not wait. */
  start(): this {
    this.#messages = this.#actor.start().then(
      () => {
        this.isStarted = true;
      },
      (error: unknown) => this.#fail(error),
    );
    return this;
  }

  tell(message: RuntimeMessage): void {
    this.#messages = this.#messages.then(async () => {
      if (this.failure) return;
      try {
        await this.#actor.receive(message);
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  target(state: TargetState): void {
    this.tell({ type: 'target', state });
  }

  /** Ends it as the executor does: grace, then the signal. Resolves when the actor's stop returned. */
  async stop(): Promise<void> {
    const grace = this.#options.clock.after(this.#options.graceMs ?? 5_000, () =>
      this.#abort.abort(new Error('the grace is over')),
    );
    await this.#messages;
    await this.#actor.stop(this.failure ? 'failed' : 'stop');
    grace.cancel();
    this.lease.set('revoked');
    this.#abort.abort(new Error('ended'));
  }

  /** As if its executor was abandoned: no lease, the signal aborted, and nobody waits for it. */
  abandon(): void {
    this.lease.set('revoked');
    this.#abort.abort(new Error('abandoned'));
    void this.#actor.stop('stop').catch(() => {});
  }

  #fail(thrown: unknown): void {
    if (this.failure) return;
    this.failure = toError(thrown);
    this.#abort.abort(this.failure);
  }
}
