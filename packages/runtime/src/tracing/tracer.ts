/**
 * How batches are looked at on their way: spans of OpenTelemetry, without its code. Whoever runs the runtime gives it a
 * Tracer, or none, and then nothing is timed or kept. Once a batch, never once a record.
 */
import type { Header } from '@sluice/record-log';

/** What is looked at: a batch from poll to acknowledgement, from fetch to put; or a commit of offsets. */
export type TraceKind = 'source' | 'sink' | 'commit';

/** Of one trace: what a commit covers, what a batch was read from. */
export const linksMax = 32;

export type StepName =
  | 'poll'
  | 'fetch'
  | 'transform'
  | 'convert'
  | 'produce'
  | 'put'
  | 'flush'
  | 'commit';

export interface TraceStart {
  readonly kind: TraceKind;
  readonly connector: string;
  readonly task: number;
  readonly fence: number;
  readonly records: number;
  /** Of the runtime's clock, monotonic ms. */
  readonly beganMs: number;
  /** What it comes from: values of `traceparent`, as they were found; a bounded number. */
  readonly links: readonly string[];
}

export interface StepFacts {
  readonly records?: number;
  /** Topics of the record log that it reads or writes. */
  readonly topics?: readonly string[];
}

export interface TraceStep extends StepFacts {
  readonly name: StepName;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly error: TraceError | undefined;
}

/** Without what must not be shown. */
export interface TraceError {
  readonly type: string;
  readonly message: string;
}

/** Must not throw, and must not wait for anything. */
export interface Tracer {
  /** Whether records carry where they come from; else their headers are not looked at. */
  readonly propagates: boolean;
  /** Undefined: this one is not looked at. */
  begin(start: TraceStart): Trace | undefined;
}

export interface Trace {
  /** W3C trace context. */
  readonly traceparent: string;
  /** For the records that are written. Undefined: they go without. */
  readonly header: Header | undefined;
  step(step: TraceStep): void;
  /** Once. */
  end(endedMs: number, error: TraceError | undefined): void;
}
