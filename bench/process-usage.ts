/** What processes and all that they started take of CPU and memory. From /proc. */
import { readFileSync } from 'node:fs';
import { childrenOf, rssOf } from './backpressure/memory.ts';

const ticksPerSecond = 100; // Of /proc, on every Linux.
const sampleMs = 100;

export interface Usage {
  readonly cpuSeconds: number;
  /** The most that was seen of all of them together. */
  readonly rssPeakBytes: number;
}

/** From its construction until it is disposed of. */
export class UsageMeter implements Disposable {
  readonly #roots: readonly number[];
  readonly #before: number;
  readonly #timer: NodeJS.Timeout;
  #rssPeakBytes = 0;

  constructor(roots: readonly number[]) {
    this.#roots = roots;
    this.#before = cpuSecondsOf(roots);
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), sampleMs);
  }

  /** Until now. */
  usage(): Usage {
    this.#sample();
    return {
      cpuSeconds: cpuSecondsOf(this.#roots) - this.#before,
      rssPeakBytes: this.#rssPeakBytes,
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const rss = treeOf(this.#roots).reduce((sum, pid) => sum + (rssOf(pid) ?? 0), 0);
    this.#rssPeakBytes = Math.max(this.#rssPeakBytes, rss);
  }
}

/** User and system time, that of children which have ended included. */
function cpuSecondsOf(roots: readonly number[]): number {
  return treeOf(roots).reduce((sum, pid) => sum + cpuTicksOf(pid), 0) / ticksPerSecond;
}

function cpuTicksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may have blanks in it; what follows begins with the third field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
  } catch {
    return 0;
  }
}

function treeOf(roots: readonly number[]): number[] {
  return roots.flatMap((pid) => [pid, ...treeOf(childrenOf(pid))]);
}
