import type {
  SinkPlugin,
  SinkTask,
  SourcePlugin,
  SourceRecord,
  SourceTask,
} from '@sluice/connector-api';
import type { Clock } from '@sluice/kernel';

const base = {
  version: '1.0.0',
  aliases: [],
  configDef: { keys: [] },
  createConnector: () => ({ taskConfigs: () => [{}] }),
};

export function sourceOf(createTask: () => SourceTask): SourcePlugin {
  return { ...base, type: 'source', class: 'test.Source', createTask };
}

/** Hands out a batch at each poll; then a poll takes `idleMs` and finds nothing, so that the task can be told. */
export function batchTask(
  batches: (readonly SourceRecord[])[],
  { clock, idleMs }: { readonly clock: () => Clock; readonly idleMs: number },
  overrides: Partial<SourceTask> = {},
): SourceTask {
  let signal: AbortSignal;
  return {
    start: (_config, context) => {
      signal = context.signal;
    },
    poll: async () => {
      const batch = batches.shift();
      if (batch) return batch;
      await clock().sleep(idleMs, signal);
      return null;
    },
    stop: () => {},
    ...overrides,
  };
}

export function sinkOf(createTask: () => SinkTask): SinkPlugin {
  return { ...base, type: 'sink', class: 'test.Sink', createTask };
}

export const stringConverters = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
};

/** Fails when two calls into one task overlap. */
export class NoOverlap {
  #running: string | undefined;
  readonly violations: string[] = [];

  async call<Result>(name: string, work: () => Promise<Result> | Result): Promise<Result> {
    if (this.#running) this.violations.push(`${name} during ${this.#running}`);
    this.#running = name;
    try {
      return await work();
    } finally {
      this.#running = undefined;
    }
  }
}
