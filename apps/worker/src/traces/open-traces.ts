/**
 * OpenTelemetry's SDK in an executor. Imported where there are traces only: who has none pays neither for its memory nor
 * for its start.
 */
import { readFileSync } from 'node:fs';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { ConsoleSpanExporter, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Clock } from '@sluice/kernel';
import type { Tracer } from '@sluice/runtime';

import { BatchTracer } from './otel-tracer.ts';
import { samplerOf } from './sampler.ts';
import type { OtlpSettings, TraceSettings } from './settings.ts';
import { SpanCounts } from './span-counts.ts';
import { SpanQueue } from './span-queue.ts';
import type { SpansTold } from './spans-told.ts';

/** To the collector, in use at a time. */
const socketsMax = 4;
/** For what there is when the worker stops. */
const flushMs = 2_000;

export interface TraceContext {
  readonly cluster: string;
  readonly worker: string;
  readonly executor: string;
  /** What carries the records. */
  readonly system: string;
  readonly clock: Clock;
  readonly tell: (told: SpansTold) => void;
  /** Default: what the settings say. */
  readonly exporter?: SpanExporter;
}

export interface Traces {
  readonly tracer: Tracer;
  /** Exports what there is, within a limit, and tells when that is done. Never rejects. */
  readonly flush: (limitMs?: number) => Promise<void>;
}

/** @throws what files of certificates do that cannot be read. */
export function openTraces(settings: TraceSettings, context: TraceContext): Traces {
  const { clock, cluster, executor, system, tell, worker } = context;
  const counts = new SpanCounts({ clock, tell });
  const exporter = context.exporter ?? exporterOf(settings);
  const queue = new SpanQueue(exporter, settings.batch, counts);
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.instance.id': worker,
        ...settings.resource,
        'service.name': settings.service,
        'sluice.cluster': cluster,
        'sluice.worker': worker,
        'sluice.executor': executor,
      }),
    ),
    sampler: samplerOf(settings.sampler),
    spanProcessors: [queue],
  });
  return {
    tracer: new BatchTracer({
      tracer: provider.getTracer('sluice'),
      system,
      propagates: settings.propagates,
      clock,
    }),
    flush: async (limitMs = flushMs) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const limit = clock.after(limitMs, resolve);
      void queue.forceFlush().then(resolve);
      await promise;
      limit.cancel();
      counts.tellNow(true);
    },
  };
}

function exporterOf({ batch, exporter }: TraceSettings): SpanExporter {
  if (exporter.kind === 'console') return new ConsoleSpanExporter();
  const { compression, headers, protocol, timeoutMs, tls, url } = exporter;
  const options = {
    url,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
    compression,
    // One more fails at once: a flush exports a whole queue at a time, beside what is under way.
    concurrencyLimit: Math.ceil(batch.queueMax / batch.exportMax) + 1,
    httpAgentOptions: { keepAlive: true, maxSockets: socketsMax, ...tlsOf(tls) },
  } as unknown as ProtobufOptions;
  return protocol === 'http/json' ? new JsonExporter(options) : new ProtobufExporter(options);
}

type ProtobufOptions = NonNullable<ConstructorParameters<typeof ProtobufExporter>[0]>;

function tlsOf(files: OtlpSettings['tls']): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(files).map(([part, file]) => [part, readFileSync(file)]),
  );
}
