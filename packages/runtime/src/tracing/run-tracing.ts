/**
 * What is looked at of one run of a task. Owns the traces of batches that are under way; when the run ends they end too,
 * as what was not delivered, since it comes again.
 *
 * A commit covers many batches and comes when they are through, so it is a trace of its own that links to the last of
 * them; where none of them is looked at, there is none.
 */
import { SluiceError, secretsOf, toError, withoutPasswords, withoutValues } from '@sluice/kernel';

import type { TaskRunContext } from '../task-run.ts';
import { BatchTrace } from './batch-trace.ts';
import { linksMax, type TraceError, type TraceStart } from './tracer.ts';

const messageMax = 300;

export class RunTracing {
  readonly #context: TaskRunContext;
  readonly #open = new Set<BatchTrace>();
  /** Batches that are through since the last commit; the last of them. */
  #through: string[] = [];

  constructor(context: TaskRunContext) {
    this.#context = context;
  }

  get isOn(): boolean {
    return this.#context.options.tracer !== undefined;
  }

  get hasLinks(): boolean {
    return this.#context.options.tracer?.propagates === true;
  }

  /** Undefined: nobody looks at this one. */
  begin(
    kind: TraceStart['kind'],
    facts: Pick<TraceStart, 'beganMs' | 'records'> & Partial<Pick<TraceStart, 'links'>>,
  ): BatchTrace | undefined {
    const { connector, identity, options, task } = this.#context;
    const trace = options.tracer?.begin({
      kind,
      connector,
      task,
      fence: identity.fence,
      links: [],
      ...facts,
    });
    if (!trace) return undefined;
    const begun = new BatchTrace({
      trace,
      nowMs: () => options.clock.monotonicMs(),
      shown: (error) => this.#shown(error),
      onEnd: (ended, isWhole) => {
        this.#open.delete(ended);
        if (isWhole && kind !== 'commit') this.#remember(ended.traceparent);
      },
    });
    this.#open.add(begun);
    return begun;
  }

  beginCommit(): BatchTrace | undefined {
    if (this.#through.length === 0) return undefined;
    const links = this.#through;
    this.#through = [];
    const beganMs = this.#context.options.clock.monotonicMs();
    return this.begin('commit', { beganMs, records: 0, links });
  }

  /** A call of the plugin that failed, so that there is no batch. */
  failed(kind: 'source', step: 'poll', beganMs: number, error: unknown): void {
    const trace = this.begin(kind, { beganMs, records: 0 });
    trace?.note(step, beganMs, {}, { error });
    trace?.fail(error);
  }

  /** Of the run. */
  end(): void {
    for (const trace of this.#open) trace.fail(undelivered);
  }

  #remember(traceparent: string): void {
    this.#through.push(traceparent);
    if (this.#through.length > linksMax) this.#through.shift();
  }

  /** As in logs: a driver may quote what it was given. */
  #shown(thrown: unknown): TraceError {
    const { config, hideSecrets, options } = this.#context;
    const error = toError(thrown);
    const values = { ...secretsOf(options.workerConfig), ...config };
    const text = withoutPasswords(withoutValues(hideSecrets(error.message), values));
    const [line = ''] = text.split('\n', 1);
    return {
      type: error instanceof SluiceError ? error.code : error.name,
      message: line.slice(0, messageMax),
    };
  }
}

const undelivered = new SluiceError(
  'task.not_delivered',
  'the run of the task ended before the batch was through: it comes again',
);
