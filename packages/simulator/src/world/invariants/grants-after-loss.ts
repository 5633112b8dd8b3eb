/**
 * What was granted since a loss of data was dealt with. As long as nobody knows who owns what, two may act for a unit;
 * but a quarantine ends only when everybody has said what he holds, or is quiet: what is granted after it is shared with
 * nobody.
 */
import type { RunnableUnit } from '@sluice/coordination';

import type { ScriptCall } from '../redis-link.ts';

/** Of one grant in the arguments of `grant`, and of its answer. */
const argumentsOfGrant = 5;
const answersToGrant = 2;

export class GrantsAfterLoss {
  readonly #granted = new Set<string>();
  #isDealtWith = false;

  scriptRan({ script, args }: ScriptCall, reply: unknown): void {
    if (script === 'end-quarantine' && reply === 'ended') this.#isDealtWith = true;
    if (script !== 'grant' || !this.#isDealtWith || !Array.isArray(reply)) return;
    for (let index = 0; index < reply.length / answersToGrant; index++) {
      const [kind, fence] = reply.slice(answersToGrant * index);
      const unit = args[1 + argumentsOfGrant * index];
      if (kind === 'granted') this.#granted.add(`${unit} ${fence}`);
    }
  }

  /** Again. */
  dataLost(): void {
    this.#isDealtWith = false;
    this.#granted.clear();
  }

  includes({ unit, fence }: Pick<RunnableUnit, 'unit' | 'fence'>): boolean {
    return this.#granted.has(`${unit} ${fence}`);
  }
}
