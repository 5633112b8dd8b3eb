import type { Trace, TraceError, Tracer, TraceStart, TraceStep } from '@sluice/runtime';

export interface RecordedTrace {
  readonly start: TraceStart;
  readonly traceparent: string;
  readonly steps: TraceStep[];
  /** null: without an error; undefined: not yet. */
  ended: TraceError | null | undefined;
}

/** Writes down what it is told. */
export class RecordingTracer implements Tracer {
  readonly traces: RecordedTrace[] = [];
  isSampled = true;
  propagates = true;

  begin(start: TraceStart): Trace | undefined {
    if (!this.isSampled) return undefined;
    const traceparent = `00-${String(this.traces.length + 1).padStart(32, '0')}-1111111111111111-01`;
    const recorded: RecordedTrace = { start, traceparent, steps: [], ended: undefined };
    this.traces.push(recorded);
    return {
      traceparent,
      header: this.propagates ? ['traceparent', Buffer.from(traceparent)] : undefined,
      step: (step) => {
        if (step.endedMs < step.beganMs) throw new Error(`${step.name} ended before it began`);
        recorded.steps.push(step);
      },
      end: (_endedMs, error) => {
        if (recorded.ended !== undefined) throw new Error('a trace ended twice');
        recorded.ended = error ?? null;
      },
    };
  }

  of(kind: TraceStart['kind']): RecordedTrace[] {
    return this.traces.filter(({ start }) => start.kind === kind);
  }
}

/** `produce t` */
export function stepNames({ steps }: RecordedTrace): string[] {
  return steps.map(({ error, name, topics }) =>
    [name, ...(topics ?? []), ...(error ? [`failed: ${error.type}`] : [])].join(' '),
  );
}
