/**
 * The last lines that connectors, tasks and workers wrote to their logs, of the whole cluster, for people to look at
 * without going to each machine. Bounded and kept on a best effort: the processes' own logs have all of them.
 */

export const lineLevels = ['debug', 'info', 'warn', 'error'] as const;

export type LineLevel = (typeof lineLevels)[number];

export interface LogLine {
  readonly worker: string;
  /** Null: of the worker itself. */
  readonly connector: string | null;
  /** Null: of the connector itself, or of no task. */
  readonly task: number | null;
  readonly level: LineLevel;
  /** By the clock of the worker. */
  readonly atMs: number;
  /** What was written, and its fields; never a configuration value. */
  readonly message: string;
}

export interface KeptLogLine extends LogLine {
  /** Grows with time. */
  readonly id: string;
}

export interface LogLineQuery {
  readonly limit: number;
  /** Only what was kept before the line of this id. */
  readonly before?: string | undefined;
  readonly connector?: string | undefined;
  readonly task?: number | undefined;
  readonly worker?: string | undefined;
  /** This one and what is graver. */
  readonly level?: LineLevel | undefined;
}

export interface LogLinePage {
  /** Newest first. */
  readonly lines: readonly KeptLogLine[];
  /** `before` of the next page, if there may be one. */
  readonly next: string | null;
}

export interface LogLines {
  append(lines: readonly LogLine[]): Promise<void>;
  read(query: LogLineQuery): Promise<LogLinePage>;
}

export const logLineLimits = {
  /** Of a cluster; a few more may be kept. */
  lines: 5_000,
  characters: 2_000,
  /** Of one worker in a second. */
  perSecond: 200,
} as const;

/** Whether a line is one that was asked for, apart from its time. */
export function isAskedFor(line: LogLine, query: LogLineQuery): boolean {
  const { connector, task, worker, level = 'debug' } = query;
  return (
    (connector === undefined || line.connector === connector) &&
    (task === undefined || line.task === task) &&
    (worker === undefined || line.worker === worker) &&
    lineLevels.indexOf(line.level) >= lineLevels.indexOf(level)
  );
}
