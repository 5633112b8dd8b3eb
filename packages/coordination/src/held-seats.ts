/**
 * Places in the literal formula of workers that left and announced that they come back: without them a
 * restart would move nearly everything twice. Kept for a while, in the leader's memory only: a new leader
 * that has not seen the worker leave applies the formula without it.
 */
import type { MemberRecord } from './model.ts';

export interface HeldSeat {
  readonly worker: string;
  readonly slot: number;
}

export class HeldSeats {
  readonly #holdMs: number;
  readonly #held = new Map<string, { slot: number; untilMs: number }>();

  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  left(member: MemberRecord | undefined, nowMs: number): void {
    if (!member?.returns) return;
    this.#held.set(member.worker, { slot: member.slot, untilMs: nowMs + this.#holdMs });
  }

  /** Drops those whose time is over, who are back, or whose slot has been taken. Returns whether any was. */
  expire(members: ReadonlyMap<string, MemberRecord>, nowMs: number): boolean {
    if (this.#held.size === 0) return false;
    const taken = new Set([...members.values()].map(({ slot }) => slot));
    let expired = false;
    for (const [worker, { slot, untilMs }] of this.#held) {
      if (nowMs < untilMs && !members.has(worker) && !taken.has(slot)) continue;
      this.#held.delete(worker);
      expired = true;
    }
    return expired;
  }

  list(): HeldSeat[] {
    return [...this.#held].map(([worker, { slot }]) => ({ worker, slot }));
  }
}
