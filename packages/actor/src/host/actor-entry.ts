/**
 * The control thread's record of one actor. It outlives executors: failures, blames and the fence are kept
 * here.
 *
 *     idle ──▶ refencing ──▶ placed ──stop, failure, move──▶ ending ──▶ idle | waiting | failed | removed
 *      ▲                       └──its executor is lost──▶ idle; the one to blame: held until the exit
 *      └── waiting (the supervisor's timer) ◀── held
 */
import type { Timer } from '@sluice/kernel';
import type { Supervisor } from '../supervisor.ts';
import type { ActorSpec, ActorStatus } from '../types.ts';
import type { HostExecutor } from './host-executor.ts';

/** What happens when the run has ended. */
export type Next = 'remove' | 'restart' | 'move' | 'supervise';

export type Phase =
  /** Wants an executor, as soon as there is one and the lease is fresh. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'refencing' }
  | { readonly kind: 'placed'; readonly executor: HostExecutor; readonly run: number }
  | {
      readonly kind: 'ending';
      readonly executor: HostExecutor;
      readonly run: number;
      readonly next: Next;
    }
  | { readonly kind: 'waiting' }
  /** Blamed for the loss of an executor that has not exited yet. */
  | { readonly kind: 'held'; readonly executor: HostExecutor; readonly next: Next }
  | { readonly kind: 'failed' }
  | { readonly kind: 'removed' };

export interface Failure {
  readonly trace: string;
  readonly code?: string | undefined;
  /** Somebody refused its fence. */
  readonly fenced?: boolean;
}

export class ActorEntry {
  readonly address: string;
  readonly supervisor: Supervisor;
  /** The fence that it was spawned with; `fence` grows when its executor is lost. */
  readonly spawnedFence: number;
  /** Resolves when it is removed and its last run has ended, or its executor is lost. */
  readonly ended: Promise<void>;
  readonly resolveEnded: () => void;
  spec: ActorSpec;
  phase: Phase = { kind: 'idle' };
  /** Undefined until it ran or failed for the first time: there is nothing to report before. */
  state: ActorStatus['state'] | undefined;
  /** The last one, until it runs again. */
  failure: Failure | undefined;
  nextRetryAtMs: number | undefined;
  isStalled = false;
  /** Its last executor was lost: what that had in flight must be refused from now on. */
  needsFence = false;
  executorId = '';
  /** The last run that reported itself as up. */
  startedRun = 0;
  suspicion = { count: 0, atMs: 0 };
  /** Of an uncounted restart. */
  timer: Timer | undefined;
  /** To be spawned under a newer fence once this one has ended. */
  successor: ActorSpec | undefined;

  constructor(spec: ActorSpec, supervisor: Supervisor) {
    this.address = spec.address;
    this.spawnedFence = spec.fence;
    this.spec = spec;
    this.supervisor = supervisor;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.resolveEnded = resolve;
  }

  get fence(): number {
    return this.spec.fence;
  }

  get isRemoving(): boolean {
    const { phase } = this;
    return phase.kind === 'removed' || (phase.kind === 'ending' && phase.next === 'remove');
  }

  /** Undefined while there is nothing to report yet. */
  status(): ActorStatus | undefined {
    const { state } = this;
    if (state === undefined) return undefined;
    const isUp = state === 'RUNNING' || state === 'PAUSED';
    const { failures } = this.supervisor;
    return {
      address: this.address,
      fence: this.fence,
      state,
      attempts: isUp ? failures + 1 : Math.max(1, failures),
      executor: this.executorId,
      ...(state === 'RESTARTING' && this.nextRetryAtMs !== undefined
        ? { nextRetryAtMs: this.nextRetryAtMs }
        : {}),
      ...(!isUp && this.failure ? { trace: this.failure.trace } : {}),
      ...(this.isStalled ? { stalled: true } : {}),
    };
  }
}
