/**
 * The actor of one task, source or sink. It owns the target state and one run at a time.
 *
 *     waiting (lease not fresh, or target not STARTED before the first run)
 *        ▼
 *     running ── lease expired ──▶ run closed ──▶ waiting
 *        ├── the log does not say whether a transaction was committed ──▶ run closed ──▶ waiting
 *        ├── stop ──▶ run closing ──▶ ended
 *        └── failure ──▶ `context.fail`, run closed ──▶ ended
 *
 * What a task that is paused before its first run has in the log is kept there (`keep`), now and then.
 *
 * A lease that expired is no failure: the task goes on under the same fence once the lease is fresh again,
 * with a new run from the stored offsets. Should somebody else own the task by then, the log answers
 * `log.fenced`, which fails the actor with an error whose `fenced` is true: not to be restarted.
 */
import type { Actor, ActorContext } from '@sluice/actor';
import { backoffMs, isFenced, SluiceError, toError } from '@sluice/kernel';
import { isOutcomeUnknown } from '@sluice/record-log';
import type { CompiledRuntimeOptions } from './options.ts';
import { isRuntimeMessage, type RuntimeEvent, type TargetState } from './payloads.ts';
import type { ActorSecrets } from './references/actor-secrets.ts';
import { RunScope } from './run-scope.ts';
import type { TaskRun } from './task-run.ts';
import { withinLimit } from './within-limit.ts';

/** What a run needs from its actor. */
export interface RunHooks {
  readonly scope: RunScope;
  isPaused(): boolean;
  reportPaused(): void;
  emit(event: RuntimeEvent): void;
}

export interface TaskActorOptions {
  readonly context: ActorContext;
  readonly options: CompiledRuntimeOptions;
  readonly secrets: ActorSecrets;
  readonly targetState: TargetState;
  /** @throws when the configuration is not usable. */
  readonly createRun: (hooks: RunHooks) => Promise<TaskRun>;
  /** While it is paused before its first run: what the log would forget is stored anew. */
  readonly keep?: (hooks: RunHooks) => Promise<void>;
  /** The target changed: the next life of this actor begins with it. */
  readonly onTarget: (state: TargetState) => void;
  /** The actor ended. */
  readonly onEnd: (reason: 'stop' | 'restart' | 'failed') => void;
}

type RunEnd = 'lease-expired' | 'outcome-unknown' | 'ended';

export class TaskActor implements Actor {
  readonly #options: TaskActorOptions;
  readonly #context: ActorContext;
  /** Aborted by `stop`: ends every wait. */
  readonly #stopping = new AbortController();
  readonly #started = Promise.withResolvers<void>();
  #isStarted = false;
  #target: TargetState;
  #targetChanged = Promise.withResolvers<void>();
  #living: Promise<void> = Promise.resolve();
  #scope: RunScope | undefined;
  #run: TaskRun | undefined;

  constructor(options: TaskActorOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#target = options.targetState;
  }

  /**
   * Resolves when the plugin's task was started. If the log does not answer (a `stalled` event tells so),
   * or nothing is to be started yet, it resolves at once and the start goes on in the background.
   */
  async start(): Promise<void> {
    this.#living = this.#live();
    await this.#started.promise;
  }

  async receive(message: unknown): Promise<void> {
    if (!isRuntimeMessage(message) || message.type !== 'target') return;
    if (message.state === this.#target) return;
    const wasPaused = this.#isPaused;
    this.#target = message.state;
    this.#options.onTarget(message.state);
    if (wasPaused && !this.#isPaused) this.#context.setState('RUNNING');
    this.#targetChanged.resolve();
    this.#targetChanged = Promise.withResolvers<void>();
    if (wasPaused !== this.#isPaused) this.#run?.pauseOrResume();
  }

  shownTrace(trace: string): string {
    return this.#options.secrets.hide(trace);
  }

  async stop(reason: 'stop' | 'restart' | 'failed'): Promise<void> {
    this.#stopping.abort(new SluiceError('task.stopping', 'the task is being stopped'));
    this.#scope?.close();
    await this.#living;
    this.#options.onEnd(reason);
  }

  /** A task of a stopped connector is about to be revoked; until then it does not move either. */
  get #isPaused(): boolean {
    return this.#target !== 'STARTED';
  }

  get #isEnding(): boolean {
    return this.#stopping.signal.aborted || this.#context.signal.aborted;
  }

  /** Never rejects. */
  async #live(): Promise<void> {
    let unknown = 0;
    try {
      for (let last: RunEnd | undefined; last !== 'ended' && !this.#isEnding; ) {
        unknown = last === 'outcome-unknown' ? unknown + 1 : 0;
        await this.#untilWanted();
        if (unknown > 0) await this.#pause(unknown);
        if (!this.#isEnding) last = await this.#runOnce();
      }
    } catch (error) {
      // Only waits throw here, when they are ended.
      if (!this.#isEnding) this.#fail(error);
    }
    this.#settleStart();
  }

  /** Target STARTED and the lease fresh. */
  async #untilWanted(): Promise<void> {
    const ending = AbortSignal.any([this.#stopping.signal, this.#context.signal]);
    const { lease } = this.#context;
    for (;;) {
      if (this.#isPaused) {
        // As in Kafka Connect, a task that begins paused is not started until it is resumed.
        this.#context.setState('PAUSED');
        this.#settleStart();
        await this.#rest(ending);
      } else if (!lease.isFresh()) {
        this.#settleStart();
        await lease.untilFresh(ending);
      } else return;
    }
  }

  /** Until the target changes. */
  async #rest(ending: AbortSignal): Promise<void> {
    const { clock, random, sinkFirstRecommitMs, sinkRecommitMs } = this.#options.options;
    const changed = untilAborted(this.#targetChanged.promise, ending);
    let waitMs = random() * sinkFirstRecommitMs;
    while (this.#options.keep && !(await withinLimit(changed, waitMs, clock))) {
      waitMs = (await this.#keep(this.#options.keep)) ? sinkRecommitMs : sinkFirstRecommitMs;
    }
    await changed;
  }

  /** False if it is to be tried again soon. @throws if the task has another owner. */
  async #keep(keep: (hooks: RunHooks) => Promise<void>): Promise<boolean> {
    const { lease, signal } = this.#context;
    if (!lease.isFresh()) return false;
    const scope = new RunScope(lease, signal);
    this.#scope = scope;
    try {
      await keep(this.#hooksOf(scope));
      return true;
    } catch (error) {
      if (this.#isEnd(scope)) return false;
      if (isFenced(error)) throw error;
      const { logger } = this.#options.options;
      logger.warn({ error: toError(error).message }, 'offsets of a paused task were not kept');
      return false;
    } finally {
      scope.dispose();
      this.#scope = undefined;
    }
  }

  #hooksOf(scope: RunScope): RunHooks {
    return {
      scope,
      isPaused: () => this.#isPaused,
      reportPaused: () => this.#context.setState('PAUSED'),
      emit: (event) => this.#emit(event),
    };
  }

  async #pause(attempt: number): Promise<void> {
    const { clock, logBackoff, random } = this.#options.options;
    const ending = AbortSignal.any([this.#stopping.signal, this.#context.signal]);
    await clock.sleep(backoffMs(attempt, logBackoff, random), ending);
  }

  async #runOnce(): Promise<RunEnd> {
    const scope = new RunScope(this.#context.lease, this.#context.signal);
    this.#scope = scope;
    if (this.#stopping.signal.aborted) scope.close();
    scope.over.addEventListener('abort', () => void this.#watchStuck(scope), { once: true });
    let failure: { readonly error: unknown } | undefined;
    let isUnknown = false;
    try {
      const run = await this.#options.createRun(this.#hooksOf(scope));
      this.#run = run;
      await run.start();
      this.#settleStart();
      await run.move();
    } catch (error) {
      isUnknown = isOutcomeUnknown(error);
      if (isUnknown) this.#noteUnknown(error);
      else if (!this.#isEnd(scope)) failure = { error };
    }
    scope.close();
    // The supervisor learns it now: the plugin's own end may take long, or never come.
    if (failure && this.#isStarted) this.#fail(failure.error);
    const closing = this.#closeRun();
    if (failure && !this.#isStarted) {
      const { clock, stuckAfterMs } = this.#options.options;
      await withinLimit(closing, stuckAfterMs, clock);
      this.#failStart(failure.error);
    }
    await closing;
    scope.dispose();
    this.#scope = undefined;
    if (failure) return 'ended';
    if (scope.isLeaseExpired) return 'lease-expired';
    return isUnknown ? 'outcome-unknown' : 'ended';
  }

  /** What the next run finds stored tells. */
  #noteUnknown(error: unknown): void {
    const { logger } = this.#options.options;
    logger.warn({ error: toError(error).message }, 'the task begins anew at its stored offsets');
  }

  /** The run was ended from outside: whatever it threw then is not a failure. */
  #isEnd(scope: RunScope): boolean {
    return this.#isEnding || scope.isLeaseExpired;
  }

  async #closeRun(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    try {
      await run.close();
    } catch (error) {
      this.#options.options.logger.warn(
        { address: this.#context.address, error: toError(error).message },
        'stop of the task threw',
      );
    }
    this.#run = undefined;
  }

  /** A plugin that ignores its signal must not keep the task from going on after the lease came back. */
  async #watchStuck(scope: RunScope): Promise<void> {
    const { clock, stuckAfterMs } = this.#options.options;
    if (!scope.isLeaseExpired) return;
    try {
      await this.#context.lease.untilFresh(this.#stopping.signal);
    } catch {
      return;
    }
    const isStuck = (): boolean => this.#scope === scope && !this.#isEnding;
    if (!isStuck()) return;
    await withinLimit(this.#living, stuckAfterMs, clock);
    if (isStuck())
      this.#fail(
        new SluiceError(
          'task.stuck',
          `${this.#context.address} did not end a call ${stuckAfterMs} ms after its signal was aborted: ` +
            'the connector must pass context.signal to whatever it waits for',
        ),
      );
  }

  #emit(event: RuntimeEvent): void {
    this.#context.emit(
      event.type === 'stalled'
        ? { ...event, reason: this.#options.secrets.hide(event.reason) }
        : event,
    );
    // The log may stay away for long, and messages are not received before the start is over.
    if (event.type === 'stalled') this.#settleStart();
  }

  #settleStart(): void {
    this.#isStarted = true;
    this.#started.resolve();
  }

  #failStart(error: unknown): void {
    this.#isStarted = true;
    this.#started.reject(toError(error));
  }

  #fail(error: unknown): void {
    this.#settleStart();
    this.#context.fail(error);
  }
}

/** @throws the signal's reason. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
