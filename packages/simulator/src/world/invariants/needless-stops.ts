/**
 * I9: a unit that is asked to stop was taken away: the leader revoked it or gave it to another connector, its worker
 * drains or was declared dead, its fence was replaced, or the store lost data. Nothing else is a reason.
 */
import type { RunnableUnit } from '@sluice/coordination';

import type { ScriptCall } from '../redis-link.ts';
import type { World } from '../world.ts';
import { appliedRequest } from './applied-request.ts';

/** From a definition that replaces another one, to the worker that learns of it. */
const onTheWayMs = 60_000;

export class NeedlessStops {
  /** Units that runners were asked to stop, all of them. */
  stops = 0;
  readonly #world: World;
  /** Units with the fence that was taken from their owner, or replaced. */
  readonly #taken = new Set<string>();
  readonly #definedAtMs = new Map<string, number>();
  readonly #draining = new Set<string>();
  readonly #dead = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  scriptRan({ script, args }: ScriptCall, reply: unknown): void {
    switch (script) {
      case 'revoke':
        for (const { key, answer } of answered(args.slice(1), reply)) {
          if (answer !== 'claimed' && answer !== 'granted') this.#taken.add(key);
        }
        return;
      case 'refence':
        for (const { unit, key, answer } of answered(args.slice(2), reply)) {
          if (answer === '') continue;
          // What was revoked is still to be released, under its new fence.
          if (this.#taken.has(key)) this.#taken.add(`${unit} ${answer}`);
          this.#taken.add(key);
        }
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
    const { worker, definitions } = appliedRequest(args);
    if (worker?.change === 'drain') this.#draining.add(worker.name);
    for (const { name } of definitions) this.#definedAtMs.set(name, this.#world.time.nowMs);
  }

  /** A worker's process was started anew, or its drain was undone by a new life. */
  joined(worker: string): void {
    this.#draining.delete(worker);
  }

  stopping(worker: string): void {
    this.#draining.add(worker);
  }

  asked(worker: string, incarnation: string, { unit, fence, connector }: RunnableUnit): void {
    this.stops++;
    const definedAtMs = this.#definedAtMs.get(connector) ?? Number.NEGATIVE_INFINITY;
    const hasReason =
      this.#world.isRecovering ||
      this.#draining.has(worker) ||
      this.#dead.has(incarnation) ||
      this.#taken.has(`${unit} ${fence}`) ||
      definedAtMs > this.#world.time.nowMs - onTheWayMs;
    if (hasReason) return;
    this.#world.violated('I9', `${worker} stops ${unit} fence ${fence}, which nobody took away`);
  }
}

/** `pairs`: unit and fence in turn, each with an answer. */
function answered(
  pairs: ScriptCall['args'],
  reply: unknown,
): { readonly unit: string; readonly key: string; readonly answer: string }[] {
  if (!Array.isArray(reply)) return [];
  return reply.map((answer: unknown, index) => {
    const unit = `${pairs[2 * index]}`;
    return { unit, key: `${unit} ${pairs[2 * index + 1]}`, answer: String(answer) };
  });
}
