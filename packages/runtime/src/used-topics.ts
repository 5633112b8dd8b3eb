/**
 * The topics that a task wrote to or read from, told once in a while as long as they are used: so that what was forgotten
 * on request, or lost, is known again as soon as it is true again. Adding costs one lookup a batch.
 */
const tellEveryMs = 5_000;

export class UsedTopics {
  readonly #pending = new Set<string>();
  readonly #toldAtMs = new Map<string, number>();

  add(topic: string): void {
    this.#pending.add(topic);
  }

  /** Those to be told now. */
  take(nowMs: number): string[] {
    const due: string[] = [];
    for (const topic of this.#pending) {
      const toldAtMs = this.#toldAtMs.get(topic);
      if (toldAtMs !== undefined && nowMs - toldAtMs < tellEveryMs) continue;
      this.#pending.delete(topic);
      this.#toldAtMs.set(topic, nowMs);
      due.push(topic);
    }
    return due;
  }
}
