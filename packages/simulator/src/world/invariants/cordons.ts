/**
 * I13: who is cordoned is granted nothing: neither the process that was there then, nor the next one under its name.
 * Only a loss of data ends a cordon besides the request that does.
 */
import type { ScriptCall } from '../redis-link.ts';
import type { World } from '../world.ts';
import { appliedRequest } from './applied-request.ts';

/** Of one grant in the arguments of `grant`, with the worker among them, and of its answer. */
const argumentsOfGrant = 5;
const workerAt = 3;
const answersToGrant = 2;

export class CordonWatch {
  readonly #world: World;
  readonly #cordoned = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  scriptRan({ script, args }: ScriptCall, reply: unknown): void {
    switch (script) {
      case 'apply-request':
        if (reply === 'applied') this.#applied(args);
        return;
      case 'join':
        if (Array.isArray(reply) && reply[0] === 'joined') this.#joined(String(args[0]));
        return;
      case 'grant':
        if (Array.isArray(reply)) this.#granted(args.slice(1), reply);
        return;
      default:
    }
  }

  /** A worker may be cordoned no more; that it is still known to be would be no harm. */
  dataLost(): void {
    this.#cordoned.clear();
  }

  #applied(args: ScriptCall['args']): void {
    const { worker } = appliedRequest(args);
    if (worker?.change === 'cordon') this.#cordoned.add(worker.name);
    if (worker?.change === 'uncordon') this.#cordoned.delete(worker.name);
  }

  #joined(worker: string): void {
    if (this.#cordoned.has(worker))
      this.#world.coverage.add('seen: a worker is back, and cordoned');
  }

  #granted(grants: ScriptCall['args'], reply: readonly unknown[]): void {
    for (let index = 0; index * answersToGrant < reply.length; index++) {
      const worker = String(grants[argumentsOfGrant * index + workerAt]);
      if (reply[index * answersToGrant] !== 'granted' || !this.#cordoned.has(worker)) continue;
      const unit = grants[argumentsOfGrant * index];
      this.#world.violated('I13', `${worker} is cordoned, and was granted ${unit}`);
    }
  }
}
