/**
 * Calls to the log that must succeed in the end: retried with back-off for as long as the run lasts and
 * the error says that it may pass (unreachable, full). While the run is closing nothing is retried: what
 * was not acknowledged is not committed either, so the next owner reads it again.
 *
 * It also keeps what is in trouble, of the log or of the plugin (poll, put, flush): the first failure is told
 * as `stalled`, and when everything succeeds again, `recovered`. The task stays RUNNING meanwhile.
 */
import { backoffMs, isFenced, isRetriable, SluiceError, toError } from '@sluice/kernel';

import type { CompiledRuntimeOptions } from './options.ts';
import type { RuntimeEvent } from './payloads.ts';
import type { RunScope } from './run-scope.ts';
import type { MutableCounters } from './task-metrics.ts';

export interface LogCallsContext {
  readonly options: CompiledRuntimeOptions;
  readonly scope: RunScope;
  readonly counters: MutableCounters;
  readonly emit: (event: RuntimeEvent) => void;
  /** A call began to fail, or succeeded again. */
  readonly onChange?: () => void;
}

export class LogCalls {
  readonly #context: LogCallsContext;
  /** What failed at its last attempt. */
  readonly #stalled = new Set<string>();
  #stalledAtMs = 0;

  constructor(context: LogCallsContext) {
    this.#context = context;
  }

  /** The last attempt of this failed. */
  isStalled(purpose: string): boolean {
    return this.#stalled.has(purpose);
  }

  /** @throws what is not retriable; whatever it was once the run is closing or over. */
  async untilAccepted<Result>(purpose: string, call: () => Promise<Result>): Promise<Result> {
    const { scope, options, counters } = this.#context;
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await this.attempt(call);
        this.noteSuccess(purpose);
        return result;
      } catch (error) {
        if (isFenced(error) || !isRetriable(error) || scope.isClosing) throw error;
        counters.retries += 1;
        this.noteFailure(purpose, error);
      }
      await this.#pause(backoffMs(attempt, options.logBackoff, options.random));
    }
  }

  /**
   * One call, if the run may still act. When the run ends meanwhile, the log's sockets are cut, so that the
   * call fails now: an actor that waited for it beyond its grace would cost its whole executor, while other
   * tasks only send again what they had in flight.
   */
  async attempt<Result>(call: () => Promise<Result>): Promise<Result> {
    const { options, scope } = this.#context;
    scope.assertMayAct();
    const cut = (): void => options.log.disconnect();
    scope.over.addEventListener('abort', cut, { once: true });
    try {
      return await call();
    } finally {
      scope.over.removeEventListener('abort', cut);
    }
  }

  noteSuccess(purpose: string): void {
    if (!this.#stalled.delete(purpose)) return;
    this.#context.onChange?.();
    if (this.#stalled.size > 0) return;
    const stalledForMs = this.#context.options.clock.monotonicMs() - this.#stalledAtMs;
    this.#context.emit({ type: 'recovered', stalledForMs: Math.round(stalledForMs) });
  }

  noteFailure(purpose: string, thrown: unknown): void {
    const isFirst = this.#stalled.size === 0;
    this.#stalled.add(purpose);
    this.#context.onChange?.();
    if (!isFirst) return;
    this.#stalledAtMs = this.#context.options.clock.monotonicMs();
    const error = toError(thrown);
    const code = error instanceof SluiceError ? error.code : `task.${purpose}_failed`;
    this.#context.emit({ type: 'stalled', code, reason: error.message });
  }

  async #pause(ms: number): Promise<void> {
    const { scope, options } = this.#context;
    try {
      await options.clock.sleep(ms, scope.closing);
    } catch (error) {
      if (!scope.isClosing) throw error;
      // A stop must not wait for a log that does not answer.
      throw new SluiceError('task.stopping', 'the task stopped while the log was not available', {
        cause: error,
      });
    }
  }
}
