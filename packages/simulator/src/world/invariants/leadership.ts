/** I5: epochs grow with each election, and the store accepts nothing of an older term after a newer one. */
import type { ScriptCall } from '../redis-link.ts';
import type { World } from '../world.ts';

/** Of a script that only a leader may run: the first argument is its term. */
const term = /^[^|]+\|(\d+)\|$/;

/** What most scripts begin with is no term, and is not looked at twice. */
function isLeaders(first: string | number | undefined): first is string {
  return typeof first === 'string' && first.endsWith('|');
}

export class LeadershipWatch {
  readonly #world: World;
  #electedLast = 0;
  #acceptedLast = 0;

  constructor(world: World) {
    this.#world = world;
  }

  scriptRan(who: string, { script, args }: ScriptCall, reply: unknown): void {
    if (script === 'lead') this.#lead(who, reply);
    if (!isLeaders(args[0]) || reply === 'not-leader') return;
    const match = term.exec(args[0]);
    if (!match) return;
    const epoch = Number(match[1]);
    if (epoch < this.#acceptedLast) {
      this.#world.violated(
        'I5',
        `${script} of ${who} in term ${epoch} is accepted after ${this.#acceptedLast}`,
      );
    }
    this.#acceptedLast = Math.max(this.#acceptedLast, epoch);
  }

  /** The store is what it was: so is its leader. */
  dataLost(): void {
    this.#acceptedLast = 0;
  }

  #lead(who: string, reply: unknown): void {
    if (!Array.isArray(reply) || reply[0] !== 'leading') return;
    const epoch = Number(reply[1]);
    const isElected = String(reply[2]) === '1';
    if (!isElected) return;
    if (epoch <= this.#electedLast) {
      this.#world.violated('I5', `${who} is elected in term ${epoch} after ${this.#electedLast}`);
    }
    this.#electedLast = Math.max(this.#electedLast, epoch);
  }
}
