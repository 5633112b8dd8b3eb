/** What the control thread and its executors tell each other; always in batches, one a turn. */
import type { ActorSpec, ProcessUsage } from './types.ts';

/** Everything an executor needs to begin; for a thread in its `workerData`, for a process the first message. */
export interface ExecutorBoot {
  readonly id: string;
  readonly kind: 'shared' | 'dedicated';
  /** `ActorHostOptions.executorData`. */
  readonly data: unknown;
  readonly tickMs: number;
  /** Processes: how long after the deadline a child that is not quiet kills itself. */
  readonly killMarginMs: number;
  /** Threads only. */
  readonly board?: SharedArrayBuffer;
}

/** `run` is one life of an actor: from a start to its end. Never used twice within a host. */
export type Command =
  | {
      readonly kind: 'start';
      readonly run: number;
      readonly spec: ActorSpec;
      readonly graceMs: number;
    }
  | { readonly kind: 'tell'; readonly run: number; readonly message: unknown }
  /** For the executor itself. */
  | { readonly kind: 'broadcast'; readonly message: unknown }
  | { readonly kind: 'stop'; readonly run: number; readonly reason: 'stop' | 'restart' }
  /** Processes, and threads when the lease is fresh again: look at it now. */
  | { readonly kind: 'lease'; readonly pauseAtMs: number; readonly quiesceAtMs: number };

/** How a run ended. `overstayed`: the grace is over and its code still runs. */
export type EndedHow = 'stopped' | 'failed' | 'overstayed';

export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'state'; readonly run: number; readonly state: 'RUNNING' | 'PAUSED' }
  | { readonly kind: 'event'; readonly run: number; readonly event: unknown }
  /** It failed and is being stopped; `ended` follows. */
  | {
      readonly kind: 'failing';
      readonly run: number;
      readonly trace: string;
      readonly code: string | undefined;
      /** Its fence was refused, or its lease is over. */
      readonly fenced: boolean;
    }
  | { readonly kind: 'ended'; readonly run: number; readonly how: EndedHow }
  /** An exception or rejection that nobody caught and that belongs to no actor. */
  | { readonly kind: 'crashed'; readonly trace: string }
  /** Of the executor itself, for whoever holds the host. */
  | { readonly kind: 'told'; readonly message: unknown }
  /** Processes only: what a thread writes on its board. */
  | {
      readonly kind: 'tick';
      readonly running: number;
      readonly heapBytes: number;
      readonly externalBytes: number;
      readonly quietForMs: number;
      readonly delayMs: number;
      readonly usage: ProcessUsage;
    };

export type RunReport = Extract<Report, { readonly run: number }>;

/** After the grace, how long an actor has to react to its aborted signal. */
export const lingerMs = 500;
