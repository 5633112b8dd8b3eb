/** The last lines of the logs of a cluster, in a stream of Redis. */
import {
  isAskedFor,
  type KeptLogLine,
  type LogLine,
  type LogLinePage,
  type LogLineQuery,
  type LogLines,
  lineLevels,
  logLineLimits,
} from '@sluice/coordination';
import type { Redis } from 'ioredis';

import { Keys } from './keys.ts';
import { Reads, type StreamEntry, streamEntries } from './reads.ts';
import { Scripts } from './scripts.ts';

/** In one reply. */
const readMax = 500;

export class RedisLogLines implements LogLines {
  readonly #scripts: Scripts;
  readonly #reads: Reads;

  constructor({ redis, cluster }: { readonly redis: Redis; readonly cluster: string }) {
    const keys = new Keys(cluster);
    this.#scripts = new Scripts(redis, keys);
    this.#reads = new Reads(redis, keys);
  }

  async append(lines: readonly LogLine[]): Promise<void> {
    if (lines.length === 0) return;
    const args = lines.flatMap(({ worker, connector, task, level, atMs, message }) => [
      worker,
      connector ?? '',
      task ?? '',
      level,
      atMs,
      clippedMessage(message),
    ]);
    const reply = await this.#scripts.run('append-log-lines', [logLineLimits.lines, ...args]);
    reply.status('appended');
  }

  async read(query: LogLineQuery): Promise<LogLinePage> {
    const found: KeptLogLine[] = [];
    let last = query.before === undefined ? '+' : `(${query.before}`;
    // The stream is bounded, and so is this.
    for (;;) {
      const read = await this.#reads.run('log lines', (redis, keys) =>
        redis.xrevrange(keys.of('log-lines'), last, '-', 'COUNT', readMax),
      );
      for (const line of streamEntries(read).map(keptLine)) {
        if (!isAskedFor(line, query)) continue;
        if (found.length === query.limit) return { lines: found, next: found.at(-1)?.id ?? null };
        found.push(line);
      }
      const oldest = read.at(-1)?.[0];
      if (read.length < readMax || oldest === undefined) return { lines: found, next: null };
      last = `(${oldest}`;
    }
  }
}

function clippedMessage(message: string): string {
  const max = logLineLimits.characters;
  return message.length > max ? `${message.slice(0, max)}…` : message;
}

/** Anybody who has Redis may have written it: what is odd is shown as far as it can be. */
function keptLine({ id, fields }: StreamEntry): KeptLogLine {
  const text = (name: string): string => fields.get(name) ?? '';
  const idMs = Number(id.split('-')[0]);
  const atMs = Number(text('a'));
  const task = Number.parseInt(text('t'), 10);
  return {
    id,
    worker: text('w'),
    connector: text('c') || null,
    task: Number.isNaN(task) ? null : task,
    level: lineLevels.find((level) => level === text('l')) ?? 'info',
    atMs: Number.isFinite(atMs) && atMs > 0 ? atMs : idMs,
    message: text('m'),
  };
}
