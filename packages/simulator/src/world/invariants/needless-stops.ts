/**
 * I9: a unit that is asked to stop was taken away: the leader revoked it or gave it to another connector, its worker
 * drains or was declared dead, its fence was replaced, or the store lost data. Nothing else is a reason.
 */
import type { RunnableUnit, UnitId } from '@sluice/coordination';

import type { ScriptCall } from '../redis-link.ts';
import type { World } from '../world.ts';

/** What a mutation of `apply-request` takes: see its header. */
const drainAt = 5;
const mutationsFrom = 10;
const argumentsOfMutation = 15;
/** From a script that gives or takes, to the worker that learns of it. */
const onTheWayMs = 60_000;

export class NeedlessStops {
  /** Units that runners were asked to stop, all of them. */
  stops = 0;
  readonly #world: World;
  readonly #revoked = new Set<string>();
  readonly #refenced = new Set<UnitId>();
  readonly #definedAtMs = new Map<string, number>();
  readonly #draining = new Set<string>();
  readonly #dead = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  scriptRan({ script, args }: ScriptCall, reply: unknown): void {
    switch (script) {
      case 'revoke':
        if (reply === 'not-leader') return;
        for (let index = 1; index < args.length; index += 2) {
          this.#revoked.add(`${args[index]} ${args[index + 1]}`);
        }
        return;
      case 'refence':
        for (let index = 2; index < args.length; index += 2) this.#refenced.add(`${args[index]}`);
        return;
      case 'drain':
        this.#draining.add(`${args[0]}`);
        return;
      case 'declare-dead':
        if (reply === 'dead') this.#dead.add(`${args[2]}`);
        return;
      case 'apply-request':
        if (reply === 'applied') this.#applied(args);
        return;
      default:
    }
  }

  #applied(args: ScriptCall['args']): void {
    if (args[drainAt] !== '') this.#draining.add(`${args[drainAt]}`);
    const count = Number(args[mutationsFrom - 1]);
    for (let each = 0; each < count; each++) {
      const connector = `${args[mutationsFrom + each * argumentsOfMutation]}`;
      this.#definedAtMs.set(connector, this.#world.time.nowMs);
    }
  }

  /** A worker's process was started anew, or its drain was undone by a new life. */
  joined(worker: string): void {
    this.#draining.delete(worker);
  }

  stopping(worker: string): void {
    this.#draining.add(worker);
  }

  asked(
    worker: string,
    incarnation: string,
    { unit, fence, connector }: RunnableUnit,
    beganAtMs: number,
  ): void {
    this.stops++;
    const definedAtMs = this.#definedAtMs.get(connector) ?? Number.NEGATIVE_INFINITY;
    const hasReason =
      this.#world.isRecovering ||
      this.#draining.has(worker) ||
      this.#dead.has(incarnation) ||
      this.#revoked.has(`${unit} ${fence}`) ||
      this.#refenced.has(unit) ||
      definedAtMs > beganAtMs - onTheWayMs;
    if (hasReason) return;
    this.#world.violated('I9', `${worker} stops ${unit} fence ${fence}, which nobody took away`);
  }
}
