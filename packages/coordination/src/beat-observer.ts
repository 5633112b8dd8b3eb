/**
 * Judges who is alive by the observer's own monotonic clock: how long has a worker's beat not changed
 * *while I was watching*? A worker counts as silent also if its beats arrive but the answers do not reach
 * it (`ackedBeat` stands still): it has stopped working, and will not know why.
 *
 * What such a worker owns is not free at once when it is declared dead. The answer to its very last beat
 * may have reached it, and then it acts for one lease more: `beatStoodStill` tells when that is over.
 *
 * Every replica observes all the time, so that a new leader need not start its windows from zero. Silence
 * that nobody listened to proves nothing: after the store was away all windows start anew, and a stall of
 * the observer itself is left out of them.
 */
import type { Beat } from './store.ts';

interface Observation {
  readonly beat: number;
  readonly ackedBeat: number;
  /** Since when this beat, and this ackedBeat, are known to stand still. */
  readonly beatSinceMs: number;
  readonly ackedSinceMs: number;
}

export interface SilentWorker {
  readonly worker: string;
  /** Declare dead only if this is still its beat. */
  readonly beat: number;
  readonly silentMs: number;
}

export class BeatObserver {
  readonly #observed = new Map<string, Observation>();

  /** `answeredMs` is monotonic, of after the answer: what it shows may have happened just then. */
  observe(beats: readonly Beat[], answeredMs: number): void {
    const present = new Set<string>();
    for (const { worker, beat, ackedBeat } of beats) {
      present.add(worker);
      const previous = this.#observed.get(worker);
      // A beat number that went back is another life of the name, or of the store: a fresh window.
      const isAnother = !previous || beat < previous.beat;
      this.#observed.set(worker, {
        beat,
        ackedBeat,
        beatSinceMs: isAnother || previous.beat !== beat ? answeredMs : previous.beatSinceMs,
        ackedSinceMs:
          isAnother || previous.ackedBeat !== ackedBeat ? answeredMs : previous.ackedSinceMs,
      });
    }
    for (const worker of this.#observed.keys()) {
      if (!present.has(worker)) this.#observed.delete(worker);
    }
  }

  /** Starts every window anew: whatever silence there was, it was not watched. */
  restart(nowMs: number): void {
    this.leaveOut(Number.POSITIVE_INFINITY, nowMs);
  }

  /** Leaves out a time in which nobody watched, so that slow turns delay a verdict but cannot prevent it. */
  leaveOut(unwatchedMs: number, nowMs: number): void {
    for (const [worker, { beatSinceMs, ackedSinceMs, ...rest }] of this.#observed) {
      this.#observed.set(worker, {
        ...rest,
        beatSinceMs: Math.min(nowMs, beatSinceMs + unwatchedMs),
        ackedSinceMs: Math.min(nowMs, ackedSinceMs + unwatchedMs),
      });
    }
  }

  /** `askedMs`: of before the beats were asked for that were observed last. */
  silentFor(limitMs: number, askedMs: number): SilentWorker[] {
    const silent: SilentWorker[] = [];
    for (const [worker, { beat, ackedSinceMs }] of this.#observed) {
      const silentMs = askedMs - ackedSinceMs;
      if (silentMs >= limitMs) silent.push({ worker, beat, silentMs });
    }
    return silent;
  }

  /** Also for a worker that has no beat any more. */
  beatStoodStill(worker: string, limitMs: number, askedMs: number): boolean {
    const observation = this.#observed.get(worker);
    return !observation || askedMs - observation.beatSinceMs >= limitMs;
  }
}
