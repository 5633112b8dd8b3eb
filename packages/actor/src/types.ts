/**
 * Actors: private state, a bounded mailbox, one message at a time. They live in *executors* (worker
 * threads, or child processes for those that need walls) so that no plugin code ever runs on the thread
 * that keeps the heartbeat.
 *
 *     control thread                       executor (thread or process)
 *     ActorHost ── spawn / tell / stop ──▶ cell of each actor ── start / receive / stop ──▶ Actor
 *     supervisors ◀── status / event ─────
 *               ── lease deadlines (shared memory or message) ──▶ Lease, read before every effect
 */

import type { RestartPolicy } from './supervisor.ts';

/** Everything an executor needs to create an actor. Structured-clonable. */
export interface ActorSpec {
  /** `connector/orders` or `task/orders/3`. */
  readonly address: string;
  /** Fencing token that every effect of this actor carries. */
  readonly fence: number;
  /** Chooses the implementation in the executor's factory. */
  readonly kind: string;
  readonly payload: unknown;
  /** `dedicated`: a process of its own. Default `shared`. */
  readonly isolation?: 'shared' | 'dedicated';
  /** Of this actor; default: the host's. */
  readonly restart?: RestartPolicy;
  /** Actors of one group fail for the same reasons: spread over executors, moved together never. */
  readonly group?: string;
}

export type ActorState = 'RUNNING' | 'PAUSED' | 'RESTARTING' | 'FAILED';

export interface ActorStatus {
  readonly address: string;
  readonly fence: number;
  readonly state: ActorState;
  /** Starts since it last ran well; 1 = first. */
  readonly attempts: number;
  /** Wall clock, ms; RESTARTING only. */
  readonly nextRetryAtMs?: number;
  /** Stack trace; FAILED and RESTARTING. */
  readonly trace?: string;
  /** `shared-0`, `dedicated-3`. */
  readonly executor: string;
  /** Its executor does not answer, or died and the actor waits for its next one. */
  readonly stalled?: boolean;
}

/**
 * The plugin-facing side of an actor, implemented by the runtime package. A failure with the code
 * `lease.expired` is no offence: the actor is started again, uncounted, once the lease is fresh. After any
 * other failure with `fenced: true` it is restarted only under a new fence, and dropped if there is none.
 */
export interface Actor {
  /**
   * Throwing fails the start; the supervisor decides whether to try again. Of each life of an actor there
   * is a new instance.
   */
  start(): Promise<void>;
  /** One at a time, never while `start` or `stop` runs. */
  receive(message: unknown): Promise<void>;
  /**
   * Ends everything in order, within the grace that the signal carries. Called once, after `start` and
   * `receive` returned, also if they failed. When it returns nothing of the actor runs any more; an actor
   * that overstays costs its executor, which is replaced.
   */
  stop(reason: 'stop' | 'restart' | 'failed'): Promise<void>;
  /** What may be told of its trace: without the secrets that only the actor knows. Default: all of it. */
  readonly shownTrace?: (trace: string) => string;
}

export interface ActorContext {
  readonly address: string;
  readonly fence: number;
  readonly lease: Lease;
  /**
   * The same lease, but held for `ms` after it ran out: for an actor whose every effect is fenced outside the store
   * that leases come from. It ends with the actor and its executor all the same.
   */
  readonly leaseBeyond: (ms: number) => Lease;
  /**
   * Aborted when the grace of a stop is over, when the actor failed or ended, and when its executor was
   * abandoned. Not when the lease runs out: that may be renewed, and the actor then goes on where it was
   * (`lease.onExpired`, `lease.untilFresh`).
   */
  readonly signal: AbortSignal;
  /** RUNNING after start is implied; an actor says PAUSED and RUNNING itself as it is told. */
  readonly setState: (state: 'RUNNING' | 'PAUSED') => void;
  /** A failure outside of start / receive / stop, e.g. of its loop. Handled as if `receive` had thrown. */
  readonly fail: (error: unknown) => void;
  /** To the control thread; structured-clonable, at most 1 000 a second (the actor fails otherwise). */
  readonly emit: (event: unknown) => void;
}

export type ActorFactory = (spec: ActorSpec, context: ActorContext) => Actor;

/**
 * The lease of the whole process as an executor sees it: one synchronous comparison with the monotonic
 * clock, without a message or a promise.
 */
export interface Lease {
  /** May take on new work (before the pause deadline). */
  isFresh(): boolean;
  /** May still have effects (before the quiesce deadline, executor not abandoned). */
  isHeld(): boolean;
  /** @throws SluiceError `lease.expired`, fenced. Call before every effect. */
  assertHeld(): void;
  /**
   * Called once each time the deadline passes, and when the executor is abandoned or the actor overstays its
   * grace: cut the sockets, now and synchronously. The executor counts as quiet when all listeners
   * returned. Armed again when the lease is renewed. Returns what unsubscribes; an ended actor's
   * listeners are gone by themselves.
   */
  onExpired(listener: () => void): () => void;
  /** Resolves when the lease is fresh again (at once if it is). */
  untilFresh(signal: AbortSignal): Promise<void>;
}

/** What a process has used of its machine. */
export interface ProcessUsage {
  /** Of all its threads since it started. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** An executor was given up, or died. What became of its actors is told by their statuses. */
export interface ExecutorLoss {
  readonly executor: string;
  /** Ended at once; still working, its actors moved in order; dead without our doing. */
  readonly what: 'abandoned' | 'retired' | 'exited';
  readonly reason: string;
  readonly actors: number;
  /** Address of the actor to blame, if it is known. */
  readonly culprit?: string;
}

export interface ActorHostEvents {
  status(status: ActorStatus): void;
  event(address: string, fence: number, event: unknown): void;
  /** For logs and metrics. */
  executorLost?(loss: ExecutorLoss): void;
  /** `ExecutorEnvironment.tell`. */
  told?(executor: string, message: unknown): void;
}

export interface ActorHostOptions {
  /** Module that calls `runExecutor(factory)`; a file URL. */
  readonly entry: URL;
  /** Given to every executor, structured-clonable: how to reach the log, which plugins. */
  readonly executorData: unknown;
  /** Worker threads. Default: one a core. */
  readonly sharedExecutors?: number;
  /**
   * Old-generation heap limit of each executor, MiB. Default 512. It catches what leaks bit by bit: the
   * executor ends, not the process. One single huge allocation aborts the whole process; only a
   * `dedicated` executor bounds the harm of that.
   */
  readonly heapLimitMb?: number;
  /** Of executors; default: this process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** An executor that has not ticked for this long is blocked. Default 1 000. */
  readonly blockedAfterMs?: number;
  /**
   * Memory outside of the heap (Buffers) of each executor, MiB: no limit of V8 covers it, so it is watched,
   * and an executor above it for a second is replaced. Default: as `heapLimitMb`.
   */
  readonly externalLimitMb?: number;
  /**
   * A dedicated process kills itself if, this long after `quiesceAtMs`, it has not confirmed that it is
   * quiet. Default 500; a profile's kill deadline minus its quiesce deadline.
   */
  readonly killMarginMs?: number;
  /** How long a stop may take before the actor is abandoned. Default 5 000 (Kafka Connect's). */
  readonly stopGraceMs?: number;
  /** Of actors that have no policy of their own. */
  readonly restart?: RestartPolicy;
  /** Blames before an actor gets a dedicated executor. Default 2. */
  readonly offencesBeforeDedicated?: number;
  /**
   * New fences for actors whose executor was abandoned, so that what it still had in flight is refused.
   * An address missing from the answer is not ours any more and is dropped.
   */
  readonly refence: (
    actors: readonly { address: string; fence: number }[],
  ) => Promise<ReadonlyMap<string, number>>;
}

/** The control thread's view of all actors of the process. */
export interface ActorHost {
  /** Resolves when the shared executors are up. @throws SluiceError `actor.executor-start` if none comes up. */
  start(): Promise<void>;
  /**
   * Stops all actors within the grace, then all executors. Returns within its limit also if a thread is
   * blocked in a system call; `executors()` then still lists it, and `process.exit()` would wait for
   * the call to return: such a process ends itself by SIGKILL.
   */
  stop(): Promise<void>;
  /** Idempotent for the same address and fence. Failures come as statuses. */
  spawn(spec: ActorSpec): void;
  /** Dropped if the address is not running under this fence. */
  tell(address: string, fence: number, message: unknown): void;
  /** To every executor that is up, for what its actors share. */
  broadcast(message: unknown): void;
  /** Restarts in place with a clean slate of attempts, as it is told from now on. */
  restart(address: string, fence: number, next?: Pick<ActorSpec, 'payload' | 'restart'>): void;
  /**
   * Resolves once nothing of the actor can have an effect any more: it stopped within the grace, or its
   * executor's exit event came. Never rejects; idempotent.
   */
  stopActor(address: string, fence: number): Promise<void>;
  /** Monotonic ms (kernel's systemClock); after `quiesceAtMs` nothing may have an effect. */
  setLease(deadlines: { pauseAtMs: number; quiesceAtMs: number }): void;
  /** True when every executor confirmed, after the deadline, that nothing is in flight. */
  isQuiet(): boolean;
  /** After FENCED: drops all actors at once without grace; resolves when no executor of them lives. */
  abandonAll(): Promise<void>;
  list(): readonly ActorStatus[];
  /** For metrics and /health. */
  executors(): readonly {
    readonly id: string;
    readonly kind: 'shared' | 'dedicated';
    readonly actors: number;
    readonly heapUsedBytes: number;
    readonly lastTickAgeMs: number;
    /** p99 of the delay of its event loop over about a second. */
    readonly eventLoopDelayMs: number;
    /** Of a dedicated one, which is a process. */
    readonly usage: ProcessUsage | undefined;
  }[];
}
