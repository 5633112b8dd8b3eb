/**
 * Kafka Connect's FileStreamSource: each line of a file becomes a record. Keys, source partition
 * (`{ filename }`) and offset (`{ position }`, bytes, after the line's terminator) are Kafka Connect's.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AlteredSourceOffset,
  aliasesOf,
  ConnectError,
  type Connector,
  type ConnectorConfig,
  defineConfig,
  int,
  type SourceOffsetValue,
  type SourcePlugin,
  type SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  schemas,
  string,
} from '@sluice/connector-api';
import { TailedFile } from './tailed-file.ts';

const configDef = defineConfig({
  file: string()
    .optional()
    .importance('high')
    .doc('The file to read, on the worker that runs the task.'),
  topic: string().nonEmpty().importance('high').doc('Topic that the lines go to.'),
  'batch.size': int()
    .default(2000)
    .min(1)
    .importance('low')
    .doc('At most so many lines are handed over at a time.'),
});

/** Kafka Connect's always waits for the longer one. */
const idleMs = { min: 10, max: 1_000 };
/** `poll` comes back at least so often, so that the runtime can do what else it has to. */
const pollMsMax = 1_000;

/** How soon a file that has been silent for so long is looked at again: looking costs, with a thousand of them all of a core. */
export function idleWaitMs(silentMs: number): number {
  return Math.min(Math.max(silentMs / 4, idleMs.min), idleMs.max);
}

class FileStreamSourceConnector implements Connector {
  #config: ConnectorConfig = {};

  start(config: ConnectorConfig): void {
    fileOf(configDef.parse(config));
    this.#config = config;
  }

  /** One, whatever `tasks.max`: a file has one reader. */
  taskConfigs(): readonly ConnectorConfig[] {
    return [this.#config];
  }
}

class FileStreamSourceTask implements SourceTask {
  #file: TailedFile | undefined;
  #signal: AbortSignal = AbortSignal.abort();
  #topic = '';
  #batchSize = 0;
  #partition: { readonly filename: string } = { filename: '' };
  #silentSinceMs = performance.now();

  async start(config: ConnectorConfig, context: SourceTaskContext): Promise<void> {
    const parsed = configDef.parse(config);
    const path = fileOf(parsed);
    this.#partition = { filename: path };
    this.#topic = parsed.topic;
    this.#batchSize = parsed['batch.size'];
    this.#signal = context.signal;
    const [offset] = await context.offsets([this.#partition]);
    const position = positionOf(offset);
    this.#file = new TailedFile({ path, position, logger: context.logger });
  }

  async poll(): Promise<readonly SourceRecord[] | null> {
    if (!this.#file) throw new ConnectError('the task was not started');
    const deadlineMs = performance.now() + pollMsMax;
    while (!this.#signal.aborted) {
      const records = await this.#readBatch(this.#file);
      const nowMs = performance.now();
      if (records.length > 0) {
        this.#silentSinceMs = nowMs;
        return records;
      }
      if (nowMs >= deadlineMs) return null;
      const waitMs = Math.min(idleWaitMs(nowMs - this.#silentSinceMs), deadlineMs - nowMs);
      // Ends early when the task is stopped; the loop sees that.
      await sleep(waitMs, undefined, { signal: this.#signal }).catch(() => {});
    }
    return null;
  }

  async stop(): Promise<void> {
    await this.#file?.close();
  }

  async #readBatch(file: TailedFile): Promise<SourceRecord[]> {
    const records: SourceRecord[] = [];
    const timestampMs = Date.now();
    for (;;) {
      const { lines } = file;
      let line: string | undefined;
      while (records.length < this.#batchSize && (line = lines.next()) !== undefined) {
        records.push({
          topic: this.#topic,
          value: line,
          valueSchema: schemas.string,
          sourcePartition: this.#partition,
          sourceOffset: { position: lines.position },
          timestampMs,
        });
      }
      if (records.length >= this.#batchSize || !(await file.read())) return records;
    }
  }
}

function fileOf(config: { readonly file: string | undefined }): string {
  if (config.file !== undefined && config.file !== '') return config.file;
  throw new ConnectError(
    'FileStreamSource without "file" would read the standard input, which a worker of a cluster does ' +
      'not have: set "file"',
  );
}

/** @throws ConnectError for an offset that is not one of this connector. */
function positionOf(offset: SourceOffsetValue | undefined): number {
  const position = offset?.['position'] ?? 0;
  const asNumber = typeof position === 'bigint' ? Number(position) : position;
  if (typeof asNumber === 'number' && Number.isSafeInteger(asNumber) && asNumber >= 0)
    return asNumber;
  throw new ConnectError('Offset position is the incorrect type');
}

/** In Kafka Connect's words. What is to be forgotten may be anything, so that it can be. */
function assertOffsets(offsets: readonly AlteredSourceOffset[]): void {
  for (const { partition, offset } of offsets) {
    if (offset === null) continue;
    const { position } = offset;
    if (position === undefined)
      throw new ConnectError("Offset objects should either be null or contain the key 'position'");
    if (typeof position !== 'bigint' && !Number.isSafeInteger(position))
      throw new ConnectError(
        "The value for the 'position' key in the offset is expected to be a Long value",
      );
    if (Number(position) < 0)
      throw new ConnectError(
        "The value for the 'position' key in the offset should be a non-negative value",
      );
    if (partition['filename'] === undefined)
      throw new ConnectError("Partition objects should contain the key 'filename'");
  }
}

const className = 'org.apache.kafka.connect.file.FileStreamSourceConnector';

export const fileStreamSource: SourcePlugin = {
  type: 'source',
  class: className,
  aliases: aliasesOf(className),
  version: '1.0.0',
  configDef,
  alterOffsets: (config, offsets) => {
    if (!configDef.parse(config).file)
      throw new ConnectError(
        "Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is used for input and offsets are not tracked.",
      );
    assertOffsets(offsets);
    return true;
  },
  // As long as the file is only appended to. Standard input has no offsets.
  exactlyOnceSupport: (config) =>
    (config['file'] ?? '').trim() === '' ? 'UNSUPPORTED' : 'SUPPORTED',
  createConnector: () => new FileStreamSourceConnector(),
  createTask: () => new FileStreamSourceTask(),
};
