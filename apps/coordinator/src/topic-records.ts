/**
 * Records of topics, by this process's client of the record log, as the converters of a connector read them. Those run in
 * a process of their own, with a limit of time and memory and a low priority: they may be code of plugins, and what
 * they read is whatever somebody wrote. Two at a time, as many as there are cores in the smallest machine; a few more wait.
 */
import type { ProviderSettings } from '@sluice/config-providers';
import { hasCode, toError } from '@sluice/kernel';
import { type ShownRecords, type StoredRecord, showRecordsInProcess } from '@sluice/preview';
import type { RecordLog } from '@sluice/record-log';
import {
  ApiError,
  type RecordsAnswer,
  type RecordsQuery,
  type TopicRecords,
} from '@sluice/rest-api';
import { recordsPage, type Start, type TopicRecord } from '@sluice/runtime/records';

import type { CoordinatorPlugins } from './plugin-processes.ts';
import { Turns } from './turns.ts';

export interface RecordsOfTopicsOptions {
  readonly log: RecordLog;
  readonly plugins: Pick<CoordinatorPlugins, 'environment' | 'inventory'>;
  /** Converters and their keys that definitions inherit. */
  readonly workerConfig: Readonly<Record<string, string>>;
  /** What references stand for. */
  readonly providers: ProviderSettings;
  /** Default: in a process. */
  readonly show?: typeof showRecordsInProcess;
}

/** Of keys, values and headers of a page: they are held, passed on and shown. */
const bytesMax = 1024 * 1024;
/** For converters, once they are loaded; one may have to ask a Schema Registry. */
const timeoutMs = 5_000;

export class RecordsOfTopics implements TopicRecords {
  readonly #options: RecordsOfTopicsOptions;
  readonly #stopping = new AbortController();
  readonly #turns = new Turns({ max: 2, what: 'looks at records', code: 'records' });

  constructor(options: RecordsOfTopicsOptions) {
    this.#options = options;
  }

  page(query: RecordsQuery): Promise<RecordsAnswer> {
    return this.#turns.take(() => this.#page(query));
  }

  /** Kills what runs. */
  stop(): void {
    this.#stopping.abort();
  }

  async #page(query: RecordsQuery): Promise<RecordsAnswer> {
    const { topic, partition, limit } = query;
    const start = startOf(query);
    const page = await recordsPage(this.#options.log, {
      topic,
      partition,
      start,
      limit,
      bytesMax,
    }).catch((error: unknown) => {
      const isAsked =
        hasCode(error, 'log.unknown_partition') || hasCode(error, 'log.too_many_partitions');
      throw isAsked ? new ApiError(400, toError(error).message) : toError(error);
    });
    // A sink may be defined before its topic is there.
    if (!page) return { topic, partitions: [], records: [], next: null, problems: {} };
    const { records, problems } = await this.#shown(query, page.records);
    return {
      topic,
      partitions: page.partitions,
      records: page.records.flatMap(({ offset, partition: number, record }, index) => {
        const shown = records[index];
        const place = { partition: number, offset, timestamp_ms: record.timestampMs };
        return shown ? [{ ...place, ...shown }] : [];
      }),
      next: page.next ?? null,
      problems,
    };
  }

  async #shown(
    { config, topic }: RecordsQuery,
    found: readonly TopicRecord[],
  ): Promise<ShownRecords> {
    if (found.length === 0) return { records: [], problems: {} };
    const { plugins, providers, show = showRecordsInProcess, workerConfig } = this.#options;
    const { index } = await plugins.inventory();
    const records = found.map(({ record }) => stored(record));
    const answer = await show(
      { index, config, workerConfig, providers, topic, records, timeoutMs },
      { environment: plugins.environment, signal: this.#stopping.signal },
    );
    if (answer.kind === 'shown') return answer.shown;
    throw new ApiError(
      500,
      `The records of ${topic} were read, and the converters of ${config['name'] ?? 'the connector'} ${answer.message}`,
      { extra: { code: answer.isLate ? 'records.timeout' : 'records.failed' } },
    );
  }
}

function startOf({ before, from, since }: RecordsQuery): Start {
  if (from !== undefined) return { kind: 'from', places: from };
  if (since !== undefined) return { kind: 'since', timeMs: since };
  return { kind: 'newest', ...(before !== undefined && { before }) };
}

function stored({ headers, key, value }: TopicRecord['record']): StoredRecord {
  return {
    key: base64(key),
    value: base64(value),
    headers: headers.map(([name, content]) => [name, base64(content)]),
  };
}

function base64(bytes: Uint8Array | null): string | null {
  return bytes === null
    ? null
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
