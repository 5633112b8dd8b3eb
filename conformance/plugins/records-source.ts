/**
 * Hands over the records that a file describes, one a line, in JSON (`RecordLine`). The same connector for Kafka
 * Connect stands in `java/RecordsSourceConnector.java`. It is written against the task contract itself.
 *
 * Source partition `{ file }`, offset `{ line }`: the number of the line that comes next.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  aliasesOf,
  ConnectError,
  type ConnectorConfig,
  CopyingConnector,
  defineConfig,
  type RecordMetadata,
  RetriableError,
  type SourcePlugin,
  type SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  string,
} from '@sluice/connector-api';
import { dataOf } from './data-text.ts';

/** Key, value and headers are text as JsonConverter writes it, with a schema; null: null without one. */
export interface RecordLine {
  readonly topic: string;
  readonly partition?: number;
  readonly timestamp?: number;
  readonly key?: string | null;
  readonly value?: string | null;
  readonly headers?: readonly (readonly [name: string, value: string | null])[];
}

/** Instead of a record: the poll that comes to it throws. */
export interface FailLine {
  /** `fatal`: always. */
  readonly fail: 'retriable' | 'fatal';
  /** So many polls; then the line is passed. */
  readonly times?: number;
}

const configDef = defineConfig({
  'records.file': string().nonEmpty().importance('high').doc('The records.'),
  'commits.file': string().default('').doc('Where it writes what commitRecord tells it.'),
});

class RecordsSourceTask implements SourceTask {
  #lines: readonly string[] = [];
  #file = '';
  #commits = '';
  #signal: AbortSignal = AbortSignal.abort();
  #next = 0;
  #failures = 0;

  async start(config: ConnectorConfig, context: SourceTaskContext): Promise<void> {
    const parsed = configDef.parse(config);
    this.#file = parsed['records.file'];
    this.#commits = parsed['commits.file'];
    this.#signal = context.signal;
    const [offset] = await context.offsets([{ file: this.#file }]);
    this.#next = Number(offset?.['line'] ?? 0);
    this.#lines = (await readFile(this.#file, 'utf8')).split('\n').filter((line) => line !== '');
  }

  async poll(): Promise<readonly SourceRecord[] | null> {
    const records: SourceRecord[] = [];
    while (this.#next < this.#lines.length) {
      const line = JSON.parse(this.#lines[this.#next] ?? '') as RecordLine | FailLine;
      if ('fail' in line) {
        if (records.length > 0) return records;
        this.#failOn(line);
        this.#next += 1;
        continue;
      }
      this.#next += 1;
      records.push(await this.#recordOf(line));
    }
    if (records.length === 0)
      await sleep(50, undefined, { signal: this.#signal }).catch(() => undefined);
    return records;
  }

  #failOn({ fail, times = 0 }: FailLine): void {
    if (fail === 'fatal') throw new ConnectError('the source failed');
    this.#failures += 1;
    if (this.#failures <= times) throw new RetriableError('the source is away');
  }

  async #recordOf({ headers = [], key, partition, timestamp, topic, value }: RecordLine) {
    const keyData = await dataOf(key);
    const valueData = await dataOf(value);
    return {
      topic,
      key: keyData.value,
      ...(keyData.schema ? { keySchema: keyData.schema } : {}),
      value: valueData.value,
      ...(valueData.schema ? { valueSchema: valueData.schema } : {}),
      headers: await Promise.all(
        headers.map(async ([name, text]) => ({ name, ...(await dataOf(text)) })),
      ),
      ...(partition === undefined ? {} : { partition }),
      ...(timestamp === undefined ? {} : { timestampMs: timestamp }),
      sourcePartition: { file: this.#file },
      sourceOffset: { line: this.#next },
    } satisfies SourceRecord;
  }

  async commitRecord(record: SourceRecord, metadata: RecordMetadata | undefined): Promise<void> {
    if (this.#commits === '') return;
    const told = { line: record.sourceOffset?.['line'], acknowledged: metadata !== undefined };
    await appendFile(this.#commits, `${JSON.stringify(told)}\n`);
  }

  stop(): void {}
}

const className = 'io.sluice.conformance.RecordsSourceConnector';

export const recordsSource: SourcePlugin = {
  type: 'source',
  class: className,
  aliases: aliasesOf(className),
  version: '1.0.0',
  configDef,
  createConnector: () => new CopyingConnector(configDef),
  createTask: () => new RecordsSourceTask(),
};
