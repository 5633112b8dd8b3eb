/** A source outside of a worker: its connector, its tasks, and offsets that are remembered. */
import {
  type Connector,
  type ConnectorConfig,
  type SourceOffsetValue,
  type SourcePartition,
  type SourceRecord,
  type SourceTask,
} from '@sluice/connector-api';
import { waitFor } from '@sluice/testkit';
import { jdbcSource } from '../src/index.ts';
import { silent } from './databases.ts';

export class SourceHarness implements AsyncDisposable {
  readonly records: SourceRecord[] = [];
  readonly offsets = new Map<string, SourceOffsetValue>();
  reconfigurations = 0;
  readonly #config: ConnectorConfig;
  readonly #abort = new AbortController();
  readonly #connector: Connector = jdbcSource.createConnector();
  readonly #tasks: SourceTask[] = [];
  readonly #polling: Promise<void>[] = [];
  #failure: unknown;

  constructor(config: ConnectorConfig) {
    this.#config = { name: 'test', 'poll.interval.ms': '50', ...config };
  }

  /** Without tasks. */
  async startConnector(max = 1): Promise<readonly ConnectorConfig[]> {
    await this.#connector.start?.(this.#config, {
      connector: 'test',
      logger: silent,
      signal: this.#abort.signal,
      requestTaskReconfiguration: () => void (this.reconfigurations += 1),
      raiseError: (error) => {
        this.#failure = error;
      },
    });
    return await this.#connector.taskConfigs(max);
  }

  taskConfigs(max: number): Promise<readonly ConnectorConfig[]> | readonly ConnectorConfig[] {
    return this.#connector.taskConfigs(max);
  }

  async start(max = 1): Promise<this> {
    const configs = await this.startConnector(max);
    for (const [task, config] of configs.entries()) {
      const source = jdbcSource.createTask();
      await source.start(config, {
        connector: 'test',
        task,
        logger: silent,
        signal: this.#abort.signal,
        configs: () => config,
        offsets: async (partitions) => partitions.map((each) => this.offsets.get(textOf(each))),
      });
      this.#tasks.push(source);
      this.#polling.push(this.#poll(source));
    }
    return this;
  }

  /** Resolves with the records once there are so many. */
  async until(count: number): Promise<readonly SourceRecord[]> {
    await waitFor(
      () => {
        if (this.#failure !== undefined) return true;
        return this.records.length >= count;
      },
      { what: `${count} records, there are ${this.records.length}`, timeoutMs: 30_000 },
    );
    if (this.#failure !== undefined) throw this.#failure;
    return this.records;
  }

  /** Resolves with what failed it. */
  async failure(): Promise<unknown> {
    return await waitFor(() => this.#failure, { what: 'the task to fail', timeoutMs: 30_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#polling);
    for (const task of this.#tasks) await task.stop();
    await this.#connector.stop?.();
  }

  async #poll(source: SourceTask): Promise<void> {
    try {
      while (!this.#abort.signal.aborted) {
        for (const record of (await source.poll()) ?? []) {
          this.records.push(record);
          if (record.sourcePartition && record.sourceOffset)
            this.offsets.set(textOf(record.sourcePartition), record.sourceOffset);
        }
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#failure = error;
    }
  }
}

export function textOf(partition: SourcePartition): string {
  return JSON.stringify(partition);
}
