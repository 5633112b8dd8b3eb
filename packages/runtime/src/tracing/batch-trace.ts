/** One batch, or commit, that is looked at. It ends once, also if several who had a part in it end it. */
import type { Header } from '@sluice/record-log';

import type { StepFacts, StepName, Trace, TraceError } from './tracer.ts';

export interface BatchTraceOptions {
  readonly trace: Trace;
  readonly nowMs: () => number;
  /** What may be told of it. */
  readonly shown: (error: unknown) => TraceError;
  readonly onEnd: (ended: BatchTrace, isWhole: boolean) => void;
}

/** A step that is under way. */
export interface OpenStep {
  end(failure?: { readonly error: unknown }): void;
}

export class BatchTrace {
  readonly #options: BatchTraceOptions;
  /** Parts that are not through: a batch may be sent in several. */
  #parts = 1;
  #isEnded = false;

  constructor(options: BatchTraceOptions) {
    this.#options = options;
  }

  get traceparent(): string {
    return this.#options.trace.traceparent;
  }

  get header(): Header | undefined {
    return this.#options.trace.header;
  }

  /** It is through when this many parts are. */
  split(parts: number): void {
    this.#parts = parts;
  }

  /** One that began before it was known that there is something to look at. */
  note(
    name: StepName,
    beganMs: number,
    facts: StepFacts,
    failure?: { readonly error: unknown },
  ): void {
    const { nowMs, shown, trace } = this.#options;
    const error = failure && shown(failure.error);
    trace.step({ ...facts, name, beganMs, endedMs: nowMs(), error });
  }

  open(name: StepName, facts: StepFacts = {}): OpenStep {
    const beganMs = this.#options.nowMs();
    return { end: (failure) => this.note(name, beganMs, facts, failure) };
  }

  /** A part of it is through. */
  through(): void {
    this.#parts -= 1;
    if (this.#parts <= 0) this.#end(undefined);
  }

  /** It does not get through, or not this time. */
  fail(error: unknown): void {
    this.#end({ error });
  }

  #end(failure: { readonly error: unknown } | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { nowMs, onEnd, shown, trace } = this.#options;
    trace.end(nowMs(), failure && shown(failure.error));
    onEnd(this, failure === undefined);
  }
}

/** Where nobody looks it costs nothing. */
export async function traced<Result>(
  trace: BatchTrace | undefined,
  name: StepName,
  facts: StepFacts,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!trace) return work();
  return during([trace.open(name, facts)], work);
}

/** Ends the steps with the work that they are about. */
export async function during<Result>(
  steps: readonly OpenStep[],
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    const result = await work();
    for (const step of steps) step.end();
    return result;
  } catch (error) {
    for (const step of steps) step.end({ error });
    throw error;
  }
}
