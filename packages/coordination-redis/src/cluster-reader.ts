/** What anyone may read, and what anyone may ask for. */
import type {
  Beat,
  Changes,
  ClusterEvent,
  ClusterStore,
  ConnectorRecord,
  LeaderSeen,
  LoggerLevel,
  OffsetsFence,
  RequestBody,
  RequestResult,
} from '@sluice/coordination';
import { type LogLevel, parseLogLevel, SluiceError } from '@sluice/kernel';

import { readChanges } from './changes.ts';
import { parseJson, type Reads, type StreamEntry, streamEntries } from './reads.ts';
import type { Scripts } from './scripts.ts';

export class RedisClusterReader implements ClusterStore {
  readonly #scripts: Scripts;
  readonly #reads: Reads;

  constructor(scripts: Scripts, reads: Reads) {
    this.#scripts = scripts;
    this.#reads = reads;
  }

  async changes(sinceRevision: number, dataset: string | undefined): Promise<Changes> {
    return readChanges(this.#scripts, sinceRevision, dataset);
  }

  async beats(): Promise<Beat[]> {
    const [time, beats] = await this.#reads.pipeline('beats', (pipeline, keys) => {
      pipeline.time();
      pipeline.hgetall(keys.of('beats'));
    });
    const [seconds, micros] = (time as (string | number)[]).map(Number);
    const nowMs = (seconds ?? 0) * 1_000 + Math.floor((micros ?? 0) / 1_000);
    return Object.entries(beats as Record<string, string>).map(([worker, entry]) => {
      const [beat = 0, atMs = nowMs, ackedBeat = 0] = entry.split('|').map(Number);
      // Redis' clock may have gone back.
      return { worker, beat, ageMs: Math.max(0, nowMs - atMs), ackedBeat };
    });
  }

  async leader(): Promise<LeaderSeen | undefined> {
    const [value, leftMs] = await this.#reads.pipeline('leader', (pipeline, keys) => {
      pipeline.get(keys.of('leader'));
      pipeline.pttl(keys.of('leader'));
    });
    const match = /^(.*)\|(\d+)\|\d+$/s.exec(typeof value === 'string' ? value : '');
    if (match?.[1] === undefined) return undefined;
    // It may have ended between the two.
    const leaseLeftMs = Math.max(0, Number(leftMs));
    return { coordinator: match[1], epoch: Number(match[2]), leaseLeftMs };
  }

  async taskConfigs(connector: string): Promise<readonly Readonly<Record<string, string>>[]> {
    const configs = await this.#reads.run('task configurations', (redis, keys) =>
      redis.hgetall(keys.record('tc', connector)),
    );
    return Object.entries(configs)
      .toSorted(([a], [b]) => Number(a) - Number(b))
      .map(([task, config]) => {
        return parseJson(
          `configuration of ${connector}/${task}`,
          config,
        ) as ConnectorRecord['config'];
      });
  }

  async events(max: number): Promise<ClusterEvent[]> {
    const entries = await this.#reads.run('events', (redis, keys) =>
      redis.xrevrange(keys.of('events'), '+', '-', 'COUNT', max),
    );
    return streamEntries(entries).map(eventOf);
  }

  async topics(connector: string): Promise<string[]> {
    const topics = await this.#reads.run('topics', (redis, keys) =>
      redis.hgetall(keys.record('topics', connector)),
    );
    return Object.keys(topics).toSorted();
  }

  async forgetTopics(connector: string): Promise<void> {
    (await this.#scripts.run('forget-topics', [connector])).status('forgotten');
  }

  async loggerLevels(): Promise<ReadonlyMap<string, LoggerLevel>> {
    const stored = await this.#reads.run('levels of loggers', (redis, keys) =>
      redis.hgetall(keys.of('loggers')),
    );
    const levels = new Map<string, LoggerLevel>();
    for (const [logger, setting] of Object.entries(stored)) {
      const [name = '', atMs] = setting.split('|');
      const level = parseLogLevel(name);
      if (level) levels.set(logger, { level, atMs: Number(atMs) });
    }
    return levels;
  }

  async setLoggerLevel(logger: string, level: LogLevel): Promise<void> {
    const reply = await this.#scripts.run('set-logger-level', [logger, level]);
    if (reply.status('set', 'full') === 'set') return;
    throw new SluiceError(
      'loggers.full',
      'too many loggers have a level of their own: set that of one above them, or of root',
    );
  }

  async fenceOffsets(connector: string): Promise<OffsetsFence> {
    const reply = await this.#scripts.run('fence-offsets', [connector]);
    const kind = reply.at(0).status('fenced', 'unknown', 'not-stopped', 'quarantined', 'held');
    if (kind === 'held') return { kind, tasks: reply.at(1).integer() };
    if (kind !== 'fenced') return { kind };
    return {
      kind,
      uid: reply.at(1).text(),
      taskEpoch: reply.at(2).integer(),
      fence: reply.at(3).integer(),
      tasksMax: reply.at(4).integer(),
    };
  }

  async submit(id: string, body: RequestBody): Promise<void> {
    const reply = await this.#scripts.run('submit', [id, JSON.stringify(body)]);
    if (reply.status('stored', 'known', 'full') !== 'full') return;
    throw new SluiceError(
      'requests.full',
      'too many requests wait to be applied: start a coordinator, then try again',
      { retriable: true },
    );
  }

  async result(id: string): Promise<RequestResult | undefined> {
    const result = await this.#reads.run('result', (redis, keys) =>
      redis.get(keys.record('result', id)),
    );
    return result === null ? undefined : (parseJson(`result ${id}`, result) as RequestResult);
  }

  async ping(): Promise<void> {
    await this.#reads.run('ping', (redis) => redis.ping());
  }
}

export function eventOf({ id, fields }: StreamEntry): ClusterEvent {
  return {
    id,
    atMs: Number(id.split('-')[0]),
    type: fields.get('type') ?? '',
    message: fields.get('message') ?? '',
    facts: parseJson(`event ${id}`, fields.get('facts')) as ClusterEvent['facts'],
  };
}
