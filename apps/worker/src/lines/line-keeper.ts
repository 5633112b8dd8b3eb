/**
 * Keeps the lines of a worker and its executors in Redis, a batch a second while there are any. More than so many a
 * second are counted, and the count is told in their place; so is what could not be stored.
 */
import { type LogLine, type LogLines, logLineLimits, parseUnit } from '@sluice/coordination';
import type { Clock, Service, Timer } from '@sluice/kernel';

import { type LineBatch, LineBuffer } from './line-buffer.ts';
import type { ToldLine } from './told-line.ts';

export interface LineKeeperOptions {
  readonly worker: string;
  readonly lines: LogLines;
  /** The text without configuration values of the unit, or of any if there is none. */
  readonly hide: (unit: string | undefined, text: string) => string;
  readonly clock: Clock;
}

const keepEveryMs = 1_000;

export class LineKeeper implements Service {
  readonly #options: LineKeeperOptions;
  readonly #buffer = new LineBuffer<ToldLine>(logLineLimits.perSecond);
  #timer: Timer | undefined;
  #keeping: Promise<void> | undefined;
  #isRunning = false;
  /** Lines that are kept nowhere but in the log of the process. */
  dropped = 0;

  constructor(options: LineKeeperOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#isRunning = true;
    this.#keepLater();
  }

  /** What is left is stored, if that can be done within the limit of one call. */
  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#timer?.cancel();
    await this.#keeping;
    await this.#keep();
  }

  /** Before it is started, too: what is told of a start is worth keeping. */
  add(line: ToldLine): void {
    this.#buffer.add(line);
    this.#keepLater();
  }

  addAll({ lines, dropped }: LineBatch<ToldLine>): void {
    for (const line of lines) this.#buffer.add(line);
    this.#buffer.drop(dropped);
    this.#keepLater();
  }

  #keepLater(): void {
    if (!this.#isRunning || this.#buffer.isEmpty || this.#timer || this.#keeping) return;
    this.#timer = this.#options.clock.after(keepEveryMs, () => {
      this.#timer = undefined;
      this.#keeping = this.#keep().finally(() => {
        this.#keeping = undefined;
        this.#keepLater();
      });
    });
  }

  async #keep(): Promise<void> {
    const { lines, dropped } = this.#buffer.take();
    const { clock, worker } = this.#options;
    const kept = lines.map((line) => this.#keptLine(line));
    this.dropped += dropped;
    if (dropped > 0) {
      const message = `${dropped} more lines are only in the log of this worker itself`;
      kept.push({
        worker,
        connector: null,
        task: null,
        level: 'warn',
        atMs: clock.wallMs(),
        message,
      });
    }
    try {
      await this.#options.lines.append(kept);
    } catch {
      // Told with the next that can be stored.
      this.dropped -= dropped;
      this.#buffer.drop(lines.length + dropped);
    }
  }

  #keptLine({ unit, level, atMs, message }: ToldLine): LogLine {
    const { worker, hide } = this.#options;
    const about = unit === undefined ? undefined : parseUnit(unit);
    return {
      worker,
      connector: about?.connector ?? null,
      task: about?.task ?? null,
      level,
      atMs,
      message: clipped(hide(unit, message)),
    };
  }
}

/** Once nothing is in it that half of could be told. */
function clipped(text: string): string {
  const max = logLineLimits.characters;
  return text.length > max ? `${text.slice(0, max)}…` : text;
}
