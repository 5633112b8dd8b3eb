/**
 * Judges who is alive by the observer's own monotonic clock: how long has a worker's beat not changed
 * *while I was watching*? A worker counts as silent also if its beats arrive but the answers do not reach
 * it (`ackedBeat` stands still): it has stopped working, and will not know why.
 *
 * Every replica observes all the time, so that a new leader need not start its windows from zero. After a
 * stall of the observer itself, or of the store, all windows start anew: silence that nobody listened to
 * proves nothing.
 */
import type { Beat } from './store.ts';

interface Observation {
  readonly beat: number;
  readonly ackedBeat: number;
  /** When this ackedBeat was first seen. */
  readonly sinceMs: number;
}

export interface SilentWorker {
  readonly worker: string;
  /** Declare dead only if this is still its beat. */
  readonly beat: number;
  readonly silentMs: number;
}

export class BeatObserver {
  readonly #observed = new Map<string, Observation>();

  /** `nowMs` is monotonic and was read before the beats were asked for. */
  observe(beats: readonly Beat[], nowMs: number): void {
    const present = new Set<string>();
    for (const { worker, beat, ackedBeat } of beats) {
      present.add(worker);
      const previous = this.#observed.get(worker);
      // A beat number that went back is another life of the name, or of the store: a fresh window.
      const moved = !previous || previous.ackedBeat !== ackedBeat || beat < previous.beat;
      this.#observed.set(worker, {
        beat,
        ackedBeat,
        sinceMs: moved ? nowMs : previous.sinceMs,
      });
    }
    for (const worker of this.#observed.keys()) {
      if (!present.has(worker)) this.#observed.delete(worker);
    }
  }

  /** Starts every window anew: whatever silence there was, it was not watched. */
  restart(nowMs: number): void {
    for (const [worker, observation] of this.#observed) {
      this.#observed.set(worker, { ...observation, sinceMs: nowMs });
    }
  }

  silentMs(worker: string, nowMs: number): number | undefined {
    const observation = this.#observed.get(worker);
    return observation && nowMs - observation.sinceMs;
  }

  silentFor(limitMs: number, nowMs: number): SilentWorker[] {
    const silent: SilentWorker[] = [];
    for (const [worker, { beat, sinceMs }] of this.#observed) {
      if (nowMs - sinceMs >= limitMs) silent.push({ worker, beat, silentMs: nowMs - sinceMs });
    }
    return silent;
  }
}
