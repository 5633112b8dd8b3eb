import type { SinkPlugin, SinkTask, SourcePlugin, SourceTask } from '@sluice/connector-api';

const base = {
  version: '1.0.0',
  aliases: [],
  configDef: { keys: [] },
  createConnector: () => ({ taskConfigs: () => [{}] }),
};

export function sourceOf(createTask: () => SourceTask): SourcePlugin {
  return { ...base, type: 'source', class: 'test.Source', createTask };
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
