/** The runtime's tracer, on OpenTelemetry's. Times are told by the runtime, whose clock is monotonic. */
import {
  type Context,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Clock } from '@sluice/kernel';
import {
  type Trace,
  type TraceError,
  type Tracer,
  type TraceStart,
  type TraceStep,
  traceparentHeader,
} from '@sluice/runtime';

import { attributesOfError, factsOfBatch, factsOfStep, type SpanFacts } from './span-facts.ts';
import { spanContextOf, traceparentOf } from './traceparent.ts';

export interface BatchTracerOptions {
  readonly tracer: OtelTracer;
  /** What carries the records: `kafka`, `redis`. */
  readonly system: string;
  readonly propagates: boolean;
  readonly clock: Clock;
}

const kinds = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

export class BatchTracer implements Tracer {
  readonly #options: BatchTracerOptions;

  constructor(options: BatchTracerOptions) {
    this.#options = options;
  }

  get propagates(): boolean {
    return this.#options.propagates;
  }

  begin(start: TraceStart): Trace | undefined {
    const { clock, propagates, system, tracer } = this.#options;
    // Anew for each: a wall clock may be set while a worker runs.
    const wallAheadMs = clock.wallMs() - clock.monotonicMs();
    const startSpan = (
      { attributes, name, role }: SpanFacts,
      beganMs: number,
      context: Context,
      links: TraceStart['links'] = [],
    ): Span =>
      tracer.startSpan(
        name,
        {
          kind: kinds[role],
          attributes,
          startTime: beganMs + wallAheadMs,
          links: links.flatMap((link) => {
            const linked = spanContextOf(link);
            return linked ? { context: linked } : [];
          }),
        },
        context,
      );
    const isLinked = propagates || start.kind === 'commit';
    const root = startSpan(
      factsOfBatch(start, system),
      start.beganMs,
      ROOT_CONTEXT,
      isLinked ? start.links : [],
    );
    const spanContext = root.spanContext();
    if ((spanContext.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
    const inside = trace.setSpan(ROOT_CONTEXT, root);
    const traceparent = traceparentOf(spanContext);
    const end = (span: Span, endedMs: number, error: TraceError | undefined): void => {
      if (error) {
        span.setAttributes(attributesOfError(error));
        span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      }
      span.end(endedMs + wallAheadMs);
    };
    return {
      traceparent,
      header: propagates ? [traceparentHeader, Buffer.from(traceparent)] : undefined,
      step: (step: TraceStep) =>
        end(
          startSpan(factsOfStep(step, start, system), step.beganMs, inside),
          step.endedMs,
          step.error,
        ),
      end: (endedMs, error) => end(root, endedMs, error),
    };
  }
}
