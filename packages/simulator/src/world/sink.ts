/**
 * Where effects end up, and the offsets that are committed for them. Two kinds of sink: one that refuses a lower
 * fence than it has seen for the same unit, as a log does, and a plain one that stores whatever comes. Offsets are
 * fenced in both: they belong to the log.
 *
 * Checks I1, I3, I4 and the interleaving of I2 with each effect.
 */
import type { ChangedOffsets } from './invariants/changed-offsets.ts';
import type { Run } from './run.ts';
import type { World } from './world.ts';

export interface Effect {
  readonly run: Run;
  /** Of the run when it was sent. */
  readonly fence: number;
  readonly partition: string;
  readonly offset: number;
  readonly sentAtMs: number;
  /** Without a lease, by the policy `continue-if-fenced`. */
  readonly isBeyond: boolean;
}

interface Holder {
  readonly key: string;
  readonly unit: string;
  readonly fence: number;
  readonly firstSentMs: number;
}

interface Partition {
  /** Offsets below it are stored. */
  storedUpTo: number;
  committed: number;
  /** The unit that committed last. */
  committer: string | undefined;
  /** By who had no lease any more: then another task of its connector may not know of it. */
  isCommittedBeyond: boolean;
  holder: Holder | undefined;
  readonly former: Set<string>;
}

export class PlayedSink {
  effects = 0;
  /** That had effects without a lease; whoever looks at them empties it. */
  readonly unitsBeyond = new Set<string>();
  readonly #world: World;
  readonly #changedOffsets: ChangedOffsets;
  readonly #partitions = new Map<string, Partition>();
  /** The highest that each unit had an effect under, and since when. */
  readonly #fences = new Map<string, { readonly fence: number; readonly sinceMs: number }>();

  constructor(world: World, changedOffsets: ChangedOffsets) {
    this.#world = world;
    this.#changedOffsets = changedOffsets;
  }

  /** Takes over a unit: afterwards a lower fence is refused. Then reads where to go on. */
  open(run: Run): 'opened' | 'fenced' {
    if (this.#isRefused(run, run.unit.fence)) return 'fenced';
    for (const name of run.partitions) {
      run.positions.set(name, this.#partition(name).committed);
    }
    return 'opened';
  }

  /** A plain sink stores whatever it is sent. */
  store(effect: Effect): 'stored' | 'fenced' {
    const { run, offset } = effect;
    if (run.isFenced) {
      if (this.#refuses(effect)) return 'fenced';
      this.#accepted(effect);
    }
    this.effects++;
    const partition = this.#partition(effect.partition);
    this.#checkHolder(effect, partition);
    if (offset > partition.storedUpTo) {
      this.#world.violated(
        'I4',
        `${effect.partition}: ${offset} is stored before ${partition.storedUpTo}`,
      );
    }
    partition.storedUpTo = Math.max(partition.storedUpTo, offset + 1);
    return 'stored';
  }

  commit(effect: Effect): 'committed' | 'fenced' {
    const { run, sentAtMs } = effect;
    const next = effect.offset + 1;
    if (this.#refuses(effect)) return 'fenced';
    this.#accepted(effect);
    const partition = this.#partition(effect.partition);
    const { holder } = partition;
    if (next > partition.storedUpTo) {
      this.#world.violated(
        'I4',
        `${effect.partition}: ${next} is committed, ${partition.storedUpTo} stored`,
      );
    }
    const { unit } = run.unit;
    // While nobody knows who owns what, a task of another set may have been there: no fence relates the two.
    const isExcused = this.#world.isRecovering && partition.committer !== unit;
    if (next < partition.committed && !isExcused) {
      // A task of a set that shrank has no successor who raises its fence: docs/RELIABILITY.md.
      const isLate = holder && holder.unit !== unit && sentAtMs < holder.firstSentMs;
      if (effect.isBeyond || partition.isCommittedBeyond)
        this.#world.coverage.add('seen: a commit without a lease rewinds');
      else if (isLate) this.#world.coverage.add('seen: a late commit of a task of another set');
      else {
        this.#world.violated(
          'I4',
          `${effect.partition}: ${run.holder} commits ${next} after ${partition.committed}`,
        );
      }
    }
    partition.committed = next;
    partition.committer = unit;
    partition.isCommittedBeyond = effect.isBeyond;
    this.#changedOffsets.committed(effect.partition, run, next);
    return 'committed';
  }

  /** Its owner will be refused when it has its next effect, and does not know it yet. */
  isSuperseded(unit: string, fence: number): boolean {
    return fence < (this.#fences.get(unit)?.fence ?? 0);
  }

  /** As somebody who is no worker. */
  takeOver(unit: string, fence: number): 'opened' | 'fenced' {
    return this.#highestAbove(unit, fence) ? 'fenced' : 'opened';
  }

  /**
   * Sets offsets to that share of what they are, as the owner of a unit. Returns what they are then, or undefined if
   * a newer owner is there.
   */
  changeOffsets(
    owner: string,
    fence: number,
    partitions: readonly string[],
    share: number,
  ): ReadonlyMap<string, number> | undefined {
    if (this.#highestAbove(owner, fence)) return undefined;
    return new Map(
      partitions.map((name) => {
        const partition = this.#partition(name);
        partition.committed = Math.floor(partition.committed * share);
        partition.committer = undefined;
        partition.isCommittedBeyond = false;
        return [name, partition.committed];
      }),
    );
  }

  /** Redis knows an earlier state: who acted then may act again. */
  dataLost(): void {
    for (const partition of this.#partitions.values()) {
      partition.holder = undefined;
      partition.former.clear();
    }
  }

  #partition(name: string): Partition {
    let partition = this.#partitions.get(name);
    if (!partition) {
      partition = {
        storedUpTo: 0,
        committed: 0,
        committer: undefined,
        isCommittedBeyond: false,
        holder: undefined,
        former: new Set(),
      };
      this.#partitions.set(name, partition);
    }
    return partition;
  }

  #accepted({ run, fence }: Effect): void {
    const { holder, unit, beganAtMs } = run;
    this.#changedOffsets.accepted({ connector: unit.connector, holder, fence, beganAtMs });
  }

  /** Undefined if there is none: then this one is the highest. */
  #highestAbove(
    unit: string,
    fence: number,
  ): { readonly fence: number; readonly sinceMs: number } | undefined {
    const highest = this.#fences.get(unit);
    if (highest && fence < highest.fence) return highest;
    if (fence !== highest?.fence) {
      this.#fences.set(unit, { fence, sinceMs: this.#world.time.nowMs });
    }
    return undefined;
  }

  #refuses({ run, fence, isBeyond }: Effect): boolean {
    const isRefused = this.#isRefused(run, fence);
    if (isRefused && isBeyond) this.#world.coverage.add('seen: an effect without a lease refused');
    return isRefused;
  }

  #isRefused(run: Run, fence: number): boolean {
    const highest = this.#highestAbove(run.unit.unit, fence);
    if (!highest) return false;
    this.#world.coverage.add('seen: an effect refused by its fence');
    const isOwners = run.mayAct && run.unit.fence === fence;
    if (isOwners && !this.#world.isRecovering && !this.#world.isTakenBack(highest.sinceMs)) {
      this.#world.violated(
        'I3',
        `${run.holder} owns it, and is refused: ${highest.fence} was there before`,
      );
    }
    return true;
  }

  /**
   * Without a lease its work may be done twice, also by a task of another set, of which nobody raises its fence; but only
   * the work of who is refused once its own successor is there.
   */
  #checkBeyond({ run, partition }: Effect): void {
    this.#world.coverage.add('seen: an effect without a lease');
    this.unitsBeyond.add(run.unit.unit);
    if (run.isFenced) return;
    this.#world.violated('I2', `${partition}: ${run.holder} acts without a lease`);
  }

  #checkHolder(effect: Effect, partition: Partition): void {
    const { run, fence, sentAtMs, partition: name } = effect;
    const { unit } = run.unit;
    const key = `${unit} ${fence}`;
    const { holder, former } = partition;
    if (effect.isBeyond) {
      this.#checkBeyond(effect);
      return;
    }
    if (holder?.key === key) return;
    if (!holder) {
      partition.holder = { key, unit, fence, firstSentMs: sentAtMs };
      return;
    }
    if (sentAtMs < holder.firstSentMs) {
      // It was on its way when its owner went.
      this.#world.coverage.add('seen: a late effect of a former owner');
      return;
    }
    if (!this.#world.isRecovering) {
      if (holder.unit === unit && fence < holder.fence) {
        this.#world.violated('I1', `${name}: ${unit} acts under ${fence} after ${holder.fence}`);
      }
      if (former.has(key)) {
        this.#world.violated('I2', `${name}: ${key} acts again after ${holder.key} did`);
      }
    }
    // While nobody knows who owns what, each may have had his turn; from then on they count again.
    if (this.#world.isRecovering) former.clear();
    else former.add(holder.key);
    partition.holder = { key, unit, fence, firstSentMs: sentAtMs };
  }
}
