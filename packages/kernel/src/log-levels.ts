/**
 * Levels of the loggers of one process, by name. Names are dotted: a logger without a level of its own has that of its
 * nearest ancestor, at last that of `root`.
 */
import type { Logger } from './logger.ts';

/** Log4j's, as Kafka Connect names them; what we have no words for is nearest to one that we have. */
export const logLevels = [
  'ALL',
  'TRACE',
  'DEBUG',
  'INFO',
  'WARN',
  'ERROR',
  'FATAL',
  'OFF',
] as const;

export type LogLevel = (typeof logLevels)[number];

export interface LevelSetting {
  readonly level: LogLevel;
  /** Wall clock, ms; null: as the process was started. */
  readonly lastModifiedMs: number | null;
}

const rootName = 'root';
/** More names are not remembered: nobody has so many loggers. */
const namesMax = 10_000;

export function parseLogLevel(text: string): LogLevel | undefined {
  const upper = text.toUpperCase();
  return logLevels.find((level) => level === upper);
}

export class LogLevels {
  readonly #known: ReadonlySet<string>;
  readonly #set = new Map<string, LevelSetting>();
  /** Settings of the whole cluster that were followed already: name → when they were made. */
  readonly #followed = new Map<string, number>();

  /** `known`: loggers that there are, besides root. */
  constructor(rootLevel: string, known: readonly string[]) {
    this.#known = new Set(known);
    this.#set.set(rootName, { level: parseLogLevel(rootLevel) ?? 'INFO', lastModifiedMs: null });
  }

  /** Loggers that there are or whose level was set, in order of their names. */
  all(): ReadonlyMap<string, LevelSetting> {
    const names = [...new Set([...this.#known, ...this.#set.keys()])].sort();
    return new Map(names.map((name) => [name, this.#effective(name)]));
  }

  get(name: string): LevelSetting | undefined {
    const own = canonical(name);
    return this.#known.has(own) || this.#set.has(own) ? this.#effective(own) : undefined;
  }

  /** Also of all that are below it; what has that level is not modified. Returns the names of what was. */
  set(name: string, level: LogLevel, atMs: number): string[] {
    const own = canonical(name);
    const below = [...this.all().keys()].filter((each) => isWithin(each, own));
    const affected = [...new Set([...below, own])].sort();
    // First of all: setting one changes what others have from it.
    const modified = affected.filter((each) => this.#effective(each).level !== level);
    for (const each of affected) {
      if (this.#set.size >= namesMax && !this.#set.has(each)) continue;
      const before = this.#set.get(each)?.lastModifiedMs ?? null;
      const lastModifiedMs = modified.includes(each) ? atMs : before;
      this.#set.set(each, { level, lastModifiedMs });
    }
    return modified;
  }

  /** Sets what was set for the whole cluster since it was last followed, in the order in which that was done. */
  follow(settings: ReadonlyMap<string, { readonly level: LogLevel; readonly atMs: number }>): void {
    const news = [...settings].filter(([name, { atMs }]) => this.#followed.get(name) !== atMs);
    for (const [name, { level, atMs }] of news.sort(([, a], [, b]) => a.atMs - b.atMs)) {
      this.#followed.set(name, atMs);
      this.set(name, level, atMs);
    }
  }

  isEnabled(name: string, level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR'): boolean {
    return logLevels.indexOf(level) >= logLevels.indexOf(this.#effective(name).level);
  }

  #effective(name: string): LevelSetting {
    for (let at = name; ; at = parentOf(at)) {
      const setting = this.#set.get(at);
      if (setting) return setting;
      if (at === rootName) return { level: 'INFO', lastModifiedMs: null };
    }
  }
}

/** `logger` writes all that it is given; what it is given, the levels decide. */
export function leveledLogger(logger: Logger, levels: LogLevels, name: string): Logger {
  return {
    debug: (fields, message) => {
      if (levels.isEnabled(name, 'DEBUG')) logger.debug(fields, message);
    },
    info: (fields, message) => {
      if (levels.isEnabled(name, 'INFO')) logger.info(fields, message);
    },
    warn: (fields, message) => {
      if (levels.isEnabled(name, 'WARN')) logger.warn(fields, message);
    },
    error: (fields, message) => {
      if (levels.isEnabled(name, 'ERROR')) logger.error(fields, message);
    },
    child: (bindings) => leveledLogger(logger.child(bindings), levels, name),
  };
}

function canonical(name: string): string {
  return name === '' || name.toLowerCase() === rootName ? rootName : name;
}

function isWithin(name: string, ancestor: string): boolean {
  return ancestor === rootName || name === ancestor || name.startsWith(`${ancestor}.`);
}

function parentOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 1 ? rootName : name.slice(0, dot);
}
