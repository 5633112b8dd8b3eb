/**
 * What the API said of offsets that were changed holds: nothing of a former owner of the connector's tasks is accepted
 * from then on, and whoever starts it next goes on from them.
 */
import type { ScriptCall } from '../redis-link.ts';
import type { World } from '../world.ts';
import { appliedRequest } from './applied-request.ts';

export interface OffsetsChange {
  readonly connector: string;
  readonly uid: string;
  readonly fence: number;
  /** Partitions with what they were set to. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Seen before it was answered: counts only if it is called changed. */
  broken?: string;
  isAnswered?: boolean;
}

export interface AcceptedEffect {
  readonly connector: string;
  readonly holder: string;
  readonly fence: number;
  /** Of its run. */
  readonly beganAtMs: number;
}

type CommittingRun = Pick<AcceptedEffect, 'holder' | 'beganAtMs'>;

export class ChangedOffsets {
  readonly #world: World;
  /** The last one of each connector. */
  readonly #changes = new Map<string, OffsetsChange>();
  /** Partitions to which nothing was committed since. */
  readonly #untouched = new Map<string, OffsetsChange>();
  readonly #createdAtMs = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  scriptRan({ script, args }: ScriptCall, reply: unknown): void {
    if (script !== 'apply-request' || reply !== 'applied') return;
    for (const { uid } of appliedRequest(args).definitions) {
      if (!this.#createdAtMs.has(uid)) this.#createdAtMs.set(uid, this.#world.time.nowMs);
    }
  }

  /** While nobody knows who owns what, nor how many tasks there ever were, it cannot be judged. */
  dataLost(): void {
    this.#changes.clear();
    this.#untouched.clear();
  }

  made(change: OffsetsChange): void {
    if (this.#world.isRecovering) return;
    this.#changes.set(change.connector, change);
    for (const partition of change.offsets.keys()) this.#untouched.set(partition, change);
  }

  answered(change: OffsetsChange): void {
    if (this.#changes.get(change.connector) !== change) return;
    change.isAnswered = true;
    if (change.broken !== undefined) this.#world.violated('offsets', change.broken);
  }

  accepted({ connector, holder, fence, beganAtMs }: AcceptedEffect): void {
    const change = this.#changes.get(connector);
    if (!change || fence > change.fence || this.#isNamesakes(change, beganAtMs)) return;
    this.#break(change, `${holder} is a former owner, and is accepted under ${fence}`);
  }

  committed(partition: string, { holder, beganAtMs }: CommittingRun, next: number): void {
    const change = this.#untouched.get(partition);
    if (!change || this.#isNamesakes(change, beganAtMs)) return;
    this.#untouched.delete(partition);
    const offset = change.offsets.get(partition) ?? 0;
    if (next === offset + 1) return;
    this.#break(change, `${holder} commits ${next} of ${partition}, which was set to ${offset}`);
  }

  /** How many tasks one had that is gone is forgotten with it: its last ones are not fenced. */
  #isNamesakes({ uid }: OffsetsChange, beganAtMs: number): boolean {
    return beganAtMs < (this.#createdAtMs.get(uid) ?? 0);
  }

  #break(change: OffsetsChange, what: string): void {
    const message = `the offsets of ${change.connector} were changed under ${change.fence}, and ${what}`;
    if (change.isAnswered) this.#world.violated('offsets', message);
    else change.broken ??= message;
  }
}
