/**
 * Who may act, for each unit and each partition (I2, and I3 for owners). Looked at whenever that can begin: a run
 * begins, or a worker's lease is renewed. It ends by itself, by the clock of the worker.
 */
import type { GrantsAfterLoss } from './invariants/grants-after-loss.ts';
import type { Run, RunHost } from './run.ts';
import type { World } from './world.ts';

export class ActingRegistry {
  readonly #world: World;
  readonly #runs = new Map<string, Set<Run>>();
  readonly #byHost = new Map<RunHost, Set<Run>>();
  readonly #fences = new Map<string, { fence: number; worker: string; sinceMs: number }>();
  readonly #grantsAfterLoss: GrantsAfterLoss;
  /** When each fence of a unit was seen first, ms. */
  readonly #seenMs = new Map<string, number>();
  #overlaps = new Set<string>();

  constructor(world: World, grantsAfterLoss: GrantsAfterLoss) {
    this.#world = world;
    this.#grantsAfterLoss = grantsAfterLoss;
  }

  began(run: Run): void {
    for (const claim of run.claims) entry(this.#runs, claim).add(run);
    entry(this.#byHost, run.host).add(run);
    this.#check(run);
  }

  ended(run: Run): void {
    for (const claim of run.claims) this.#runs.get(claim)?.delete(run);
    this.#byHost.get(run.host)?.delete(run);
  }

  leaseRenewed(host: RunHost): void {
    for (const run of this.#byHost.get(host) ?? []) this.#check(run);
  }

  died(host: RunHost): void {
    for (const run of this.#byHost.get(host) ?? []) this.ended(run);
    this.#byHost.delete(host);
  }

  /** Data was lost a while ago: by now nobody may share anything any more. */
  checkAll(): void {
    this.#overlaps = new Set();
    for (const runs of this.#byHost.values()) for (const run of runs) this.#check(run);
  }

  #check(run: Run): void {
    if (!run.mayAct) return;
    this.#checkFence(run);
    for (const claim of run.claims) {
      for (const other of this.#runs.get(claim) ?? []) {
        if (other !== run && other.mayAct) this.#overlap(claim, run, other);
      }
    }
  }

  #overlap(claim: string, run: Run, other: Run): void {
    const text = `${claim}: both ${other.holder} and ${run.holder} may act`;
    const isGrantedSince = [run, other].some(({ unit }) => this.#grantsAfterLoss.includes(unit));
    if (!this.#world.isExcused || isGrantedSince) {
      this.#world.violated('I2', text);
    } else if (!this.#overlaps.has(text)) {
      this.#overlaps.add(text);
      this.#world.coverage.add('seen: two owners after a loss of data');
      this.#world.trace.note('?', text);
    }
  }

  #checkFence(run: Run): void {
    const { unit, fence } = run.unit;
    const worker = run.host.process.name;
    const last = this.#fences.get(unit);
    const isTakenBack = last !== undefined && this.#world.isTakenBack(last.sinceMs);
    if (last && fence < last.fence && !isTakenBack && !this.#world.isRecovering) {
      this.#world.violated('I3', `${run.holder} acts after ${last.worker} did under ${last.fence}`);
    }
    if (last && fence === last.fence && worker !== last.worker) {
      this.#world.violated('I3', `${run.holder} acts under the fence that ${last.worker} had`);
    }
    if (!last || fence > last.fence || (fence < last.fence && isTakenBack)) {
      this.#fences.set(unit, { fence, worker, sinceMs: this.#seenSince(`${unit} ${fence}`) });
    }
  }

  #seenSince(owner: string): number {
    const { nowMs } = this.#world.time;
    const sinceMs = this.#seenMs.get(owner) ?? nowMs;
    this.#seenMs.set(owner, sinceMs);
    return sinceMs;
  }
}

function entry<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let set = map.get(key);
  if (!set) map.set(key, (set = new Set()));
  return set;
}
