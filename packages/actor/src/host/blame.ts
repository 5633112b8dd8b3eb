/**
 * Who did it: offences by address, remembered also after the actor was moved away and came back, and
 * suspicion where nobody knows. All actors of an executor that misbehaved become suspects and are placed
 * apart; a repeat then points at fewer of them, until one is left.
 */
import type { Clock } from '@sluice/kernel';
import type { ActorEntry } from './actor-entry.ts';

const addressesMax = 10_000;
/** A leak may take minutes to show again. */
const suspicionMs = 600_000;

export class Blame {
  readonly #clock: Clock;
  readonly #offences = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(address: string): void {
    const count = this.offences(address) + 1;
    // Deleted first, so that the oldest entry of the map is the one that offended longest ago.
    this.#offences.delete(address);
    this.#offences.set(address, count);
    if (this.#offences.size <= addressesMax) return;
    for (const oldest of this.#offences.keys()) {
      this.#offences.delete(oldest);
      return;
    }
  }

  offences(address: string): number {
    return this.#offences.get(address) ?? 0;
  }

  /** One of these did it. Returns who, if that is plain by now. */
  suspect(entries: readonly ActorEntry[]): ActorEntry | undefined {
    const [first, ...others] = entries;
    if (first && others.length === 0) return first;
    const nowMs = this.#clock.monotonicMs();
    for (const entry of entries) {
      const before = this.isSuspect(entry) ? entry.suspicion.count : 0;
      entry.suspicion = { count: before + 1, atMs: nowMs };
    }
    const most = Math.max(...entries.map((entry) => entry.suspicion.count));
    const prime = entries.filter((entry) => entry.suspicion.count === most);
    return prime.length === 1 && most > 1 ? prime[0] : undefined;
  }

  isSuspect(entry: ActorEntry): boolean {
    const { atMs, count } = entry.suspicion;
    return count > 0 && this.#clock.monotonicMs() - atMs < suspicionMs;
  }

  /** How many of these are at least as suspect as `entry`. */
  countSuspects(entries: Iterable<ActorEntry>, { suspicion }: ActorEntry): number {
    let count = 0;
    for (const other of entries) {
      if (this.isSuspect(other) && other.suspicion.count >= suspicion.count) count++;
    }
    return count;
  }
}
