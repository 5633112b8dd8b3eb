/**
 * Follows the log files that patterns name, over their rotation, and finds new ones. Each line, or each entry of several
 * lines, is a record. Tasks share the logs by a hash of their paths, so that a new log restarts nothing.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ConfigOf,
  ConnectError,
  defineSource,
  int,
  list,
  oneOf,
  type SourcePlugin,
  schemas,
  string,
  type TaskLogger,
  type YieldedRecord,
} from '@sluice/connector-api';
import { findLogs, patternProblem } from './find-logs.ts';
import { offsetOf, positionOf } from './generation.ts';
import { LogFollower, type ReadEntry } from './log-follower.ts';
import { nameOf } from './log-names.ts';

const config = {
  files: list()
    .nonEmpty()
    .max(100)
    .importance('high')
    .check((patterns) => patterns.map(patternProblem).find(Boolean))
    .doc(
      'Patterns of files, as /var/log/shop/*.log, on the worker that runs the task; ** stands for any folders. Files that rotation renamed or copied (orders.log.1, orders-20261130.log) belong to the log that they were.',
    ),
  'files.exclude': list().default([]).doc('Patterns of files that are left out.'),
  'files.max': int()
    .default(500)
    .min(1)
    .max(10_000)
    .doc('At most so many logs for one task; it fails with more, instead of running out of files.'),
  topic: string().nonEmpty().importance('high').doc('Topic that the records go to.'),
  'record.key': oneOf('path', 'name', 'none')
    .default('path')
    .doc(
      'What is the key of a record, and so what stays in order: the path of its log, its name without folder and extension, or none.',
    ),
  'timestamp.regex': string()
    .optional()
    .check(regexProblem)
    .doc(
      'Finds the time of an entry: the first group is a date and time as in ISO 8601, or s or ms since 1970. An entry without one has that of the entry before. Without it, the time of reading.',
    ),
  'multiline.start': string()
    .optional()
    .check(regexProblem)
    .doc(
      'What the first line of an entry matches; lines that do not match belong to the entry before.',
    ),
  'multiline.wait.ms': int()
    .default(1_000)
    .min(0)
    .doc('The last entry of a log is taken for complete when nothing came for so long, ms.'),
  'rotated.wait.ms': int()
    .default(2_000)
    .min(0)
    .doc(
      'A file that was rotated is left when its service has written nothing to it for so long, ms. Longer than a service needs to open the new file.',
    ),
  'line.bytes.max': int()
    .default(1_000_000)
    .min(1_000)
    .max(50_000_000)
    .doc('A longer line becomes several records.'),
  'refresh.ms': int().default(1_000).min(10).doc('How often new files are looked for, ms.'),
  'batch.size': int()
    .default(1_000)
    .min(1)
    .max(10_000)
    .doc('About so many records of a log at a time.'),
};

type Settings = ConfigOf<typeof config>;

/** Between two looks at logs that have nothing new. */
const idleMs = 50;

export const logFilesSource: SourcePlugin = defineSource({
  name: 'LogFilesSource',
  class: 'io.sluice.connect.file.LogFilesSourceConnector',
  version: '1.0.0',
  config,
  tasks: ({ max }) => Array.from({ length: max }, (_, share) => ({ share, of: max })),
  async *run({ config: settings, logger, offsets, signal, work }) {
    const logs = new FollowedLogs(settings, logger);
    const isOwn = (log: string): boolean => shareOf(log, work.of) === work.share;
    const toRecord = recordMaker(settings);
    let lastLookMs = Number.NEGATIVE_INFINITY;
    try {
      while (!signal.aborted) {
        if (performance.now() - lastLookMs >= settings['refresh.ms']) {
          await logs.refresh(isOwn, async (paths) =>
            (await offsets(paths.map((path) => ({ path })))).map(positionOf),
          );
          lastLookMs = performance.now();
        }
        let count = 0;
        for await (const { entries, log } of logs.read(settings['batch.size'])) {
          count += entries.length;
          yield entries.map((entry) => toRecord(log, entry));
        }
        // Ends early when the task is stopped.
        if (count === 0) await sleep(idleMs, undefined, { signal }).catch(() => {});
      }
    } finally {
      await logs.close();
    }
  },
});

type Positions = (paths: readonly string[]) => Promise<ReturnType<typeof positionOf>[]>;

class FollowedLogs {
  readonly #settings: Settings;
  readonly #logger: TaskLogger;
  readonly #followers = new Map<string, LogFollower>();
  /** Logs whose trouble was told. */
  readonly #unreadable = new Set<string>();

  constructor(settings: Settings, logger: TaskLogger) {
    this.#settings = settings;
    this.#logger = logger;
  }

  /** Begins with new logs where they were left, and forgets those of which no file is left. */
  async refresh(isOwn: (log: string) => boolean, positions: Positions): Promise<void> {
    const found = await findLogs({
      files: this.#settings.files,
      exclude: this.#settings['files.exclude'],
    });
    const own = [...found.keys()].filter(isOwn);
    for (const [log, follower] of this.#followers) {
      if (found.has(log) || follower.isReading) continue;
      this.#followers.delete(log);
      await follower.close();
    }
    const added = own.filter((log) => !this.#followers.has(log)).sort();
    const max = this.#settings['files.max'];
    if (this.#followers.size + added.length > max)
      throw new ConnectError(
        `there are ${String(this.#followers.size + added.length)} logs for this task, more than files.max (${String(max)}): ` +
          'raise tasks.max or files.max, or narrow files',
      );
    if (added.length === 0) return;
    const at = await positions(added);
    for (const [index, log] of added.entries())
      this.#followers.set(log, this.#follow(log, at[index]));
  }

  /** One turn: a batch of each log that has something. A log that cannot be read keeps no other one waiting. */
  async *read(max: number): AsyncIterable<{ log: string; entries: readonly ReadEntry[] }> {
    for (const [log, follower] of this.#followers) {
      const entries = await this.#readOne(log, follower, max);
      if (entries.length > 0) yield { log, entries };
    }
  }

  async close(): Promise<void> {
    for (const follower of this.#followers.values()) await follower.close();
    this.#followers.clear();
  }

  async #readOne(log: string, follower: LogFollower, max: number): Promise<readonly ReadEntry[]> {
    try {
      const entries = await follower.read(max);
      this.#unreadable.delete(log);
      return entries;
    } catch (error) {
      await follower.close().catch(() => {});
      if (!this.#unreadable.has(log)) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#logger.error({ log, error: reason }, 'the log cannot be read; it is tried again');
      }
      this.#unreadable.add(log);
      return [];
    }
  }

  #follow(log: string, at: ReturnType<typeof positionOf>): LogFollower {
    const start = this.#settings['multiline.start'];
    return new LogFollower({
      log,
      at,
      multilineStart: start === undefined ? undefined : new RegExp(start),
      multilineWaitMs: this.#settings['multiline.wait.ms'],
      rotatedWaitMs: this.#settings['rotated.wait.ms'],
      lineBytesMax: this.#settings['line.bytes.max'],
      logger: this.#logger,
    });
  }
}

/** The same on every worker and in every run, for as long as there are so many tasks. */
function shareOf(log: string, of: number): number {
  return createHash('sha256').update(log).digest().readUInt32BE(0) % of;
}

function recordMaker(settings: Settings): (log: string, entry: ReadEntry) => YieldedRecord {
  const { topic } = settings;
  const keyKind = settings['record.key'];
  const timestamp = settings['timestamp.regex'];
  const regex = timestamp === undefined ? undefined : new RegExp(timestamp);
  const lastMs = new Map<string, number>();
  return (log, { at, text }) => {
    const found = regex && timeOf(regex.exec(text)?.[1]);
    if (found !== undefined) lastMs.set(log, found);
    return {
      topic,
      ...(keyKind === 'none'
        ? {}
        : { key: keyKind === 'path' ? log : nameOf(log), keySchema: schemas.string }),
      value: text,
      valueSchema: schemas.string,
      timestampMs: lastMs.get(log) ?? Date.now(),
      headers: [{ name: 'file.path', value: log, schema: schemas.string }],
      sourcePartition: { path: log },
      offset: offsetOf(at),
    };
  };
}

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  // Ten digits are seconds until the year 2286.
  if (/^\d{10}$/.test(text)) return Number(text) * 1_000;
  const ms = /^\d{13}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function regexProblem(text: string): string | undefined {
  try {
    void new RegExp(text);
    return undefined;
  } catch (error) {
    return `Invalid regex: ${error instanceof Error ? error.message : String(error)}`;
  }
}
