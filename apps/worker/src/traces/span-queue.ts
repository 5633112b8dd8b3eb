/**
 * Between tasks and the exporter: OpenTelemetry's batch processor, with a count of what is lost. It never holds anybody
 * up: what comes while the queue is full is dropped, and what could not be exported is not kept.
 */

import { ExportResultCode } from '@opentelemetry/core';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { outsideActors } from '@sluice/actor/executor';

import type { TraceSettings } from './settings.ts';
import type { SpanCounts } from './span-counts.ts';

export class SpanQueue implements SpanProcessor {
  readonly #queueMax: number;
  readonly #counts: SpanCounts;
  readonly #processor: BatchSpanProcessor;
  /** Spans that the processor has not handed to the exporter yet. */
  #waiting = 0;
  /** Exports that were not answered yet. */
  readonly #underWay = new Set<Promise<void>>();

  constructor(exporter: SpanExporter, batch: TraceSettings['batch'], counts: SpanCounts) {
    this.#queueMax = batch.queueMax;
    this.#counts = counts;
    this.#processor = new BatchSpanProcessor({
      exporter: this.#counted(exporter),
      scheduledDelayMillis: batch.delayMs,
      maxQueueSize: batch.queueMax,
      maxExportBatchSize: batch.exportMax,
      exportTimeoutMillis: batch.exportTimeoutMs,
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    // What exports, or tells, later is nobody's work: it must not be blamed on the task that happened to end a span.
    outsideActors(() => this.#take(span));
  }

  #take(span: ReadableSpan): void {
    if (this.#waiting >= this.#queueMax) {
      this.#counts.dropped();
      return;
    }
    this.#waiting += 1;
    this.#processor.onEnd(span);
  }

  /** Also what the processor has handed over before, which its own flush does not wait for. Never rejects. */
  async forceFlush(): Promise<void> {
    // What failed is counted by then.
    await this.#processor.forceFlush().catch(() => {});
    await Promise.all(this.#underWay);
  }

  shutdown(): Promise<void> {
    return this.#processor.shutdown();
  }

  #counted(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, answer) => {
        this.#waiting -= spans.length;
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#underWay.add(promise);
        exporter.export(spans, (result) => {
          this.#underWay.delete(promise);
          resolve();
          if (result.error === undefined && result.code === ExportResultCode.SUCCESS)
            this.#counts.exported(spans.length);
          else this.#counts.failed(spans.length, result.error ?? new Error('the export failed'));
          answer(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    };
  }
}
