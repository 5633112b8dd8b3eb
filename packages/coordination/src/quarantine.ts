/**
 * After the store lost data, nobody may be given anything until every worker that could still act has
 * either said what it holds or gone quiet. Then the reported ownership is adopted: for each unit the
 * highest fence wins.
 */
import type { MemberRecord, UnitId } from './model.ts';
import type { TimingProfile } from './profile.ts';
import type { HeldUnit } from './store.ts';

/** Beyond the time in which a silent worker has stopped for sure. */
const marginMs = 1_000;

export type QuarantineStep =
  | { readonly kind: 'none' }
  | { readonly kind: 'began' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'over'; readonly nonce: string };

export interface Adoption {
  readonly worker: string;
  readonly incarnation: string;
  readonly units: readonly HeldUnit[];
}

export class Quarantine {
  readonly #deadAfterMs: number;
  #current: { nonce: string; sinceMs: number } | undefined;

  constructor(profile: TimingProfile) {
    this.#deadAfterMs = profile.deadAfterMs;
  }

  /** `leaseMs`: the longest that a worker may act without the store. */
  next(nonce: string | undefined, nowMs: number, leaseMs: number): QuarantineStep {
    if (nonce === undefined) {
      this.#current = undefined;
      return { kind: 'none' };
    }
    if (this.#current?.nonce !== nonce) {
      this.#current = { nonce, sinceMs: nowMs };
      return { kind: 'began' };
    }
    const durationMs = Math.max(this.#deadAfterMs, leaseMs) + marginMs;
    return nowMs - this.#current.sinceMs < durationMs
      ? { kind: 'waiting' }
      : { kind: 'over', nonce };
  }

  adoptions(
    held: ReadonlyMap<string, readonly HeldUnit[]>,
    members: ReadonlyMap<string, MemberRecord>,
  ): Adoption[] {
    const best = new Map<UnitId, { incarnation: string; fence: number }>();
    for (const [incarnation, units] of held) {
      for (const { unit, fence } of units) {
        const known = best.get(unit);
        if (!known || fence > known.fence) best.set(unit, { incarnation, fence });
      }
    }
    const adoptions: Adoption[] = [];
    for (const { worker, incarnation, state } of members.values()) {
      if (state === 'dead') continue;
      const units = (held.get(incarnation) ?? []).filter(
        ({ unit }) => best.get(unit)?.incarnation === incarnation,
      );
      if (units.length > 0) adoptions.push({ worker, incarnation, units });
    }
    return adoptions;
  }
}
