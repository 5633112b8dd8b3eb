/**
 * What was granted since a loss of data was noticed. As long as nobody knows that data was lost, two may act for a unit;
 * but a leader that has seen it, and any once a quarantine began, grants only when everybody has said what he holds, or
 * is quiet: what is granted then is shared with nobody.
 */
import type { RunnableUnit } from '@sluice/coordination';

import type { ScriptCall } from '../redis-link.ts';

/** Of one grant in the arguments of `grant`, and of its answer. */
const argumentsOfGrant = 5;
const answersToGrant = 2;

export class GrantsAfterLoss {
  readonly #granted = new Set<string>();
  /** Those who have seen it; others may not know yet. */
  readonly #noticedBy = new Set<object>();
  #isNoticed = false;

  /** `who`: one life of a process. */
  scriptRan(who: object, { script, args }: ScriptCall, reply: unknown): void {
    switch (script) {
      case 'changes':
        if (showsLoss(args, reply)) this.#noticedBy.add(who);
        return;
      case 'start-quarantine':
        if (reply === 'started' || reply === 'running') this.#isNoticed = true;
        return;
      case 'end-quarantine':
        if (reply === 'ended') this.#isNoticed = true;
        return;
      case 'grant':
        if (this.#isNoticed || this.#noticedBy.has(who)) this.#note(args, reply);
        return;
      default:
    }
  }

  #note(args: ScriptCall['args'], reply: unknown): void {
    if (!Array.isArray(reply)) return;
    for (let index = 0; index < reply.length / answersToGrant; index++) {
      const [kind, fence] = reply.slice(answersToGrant * index);
      const unit = args[1 + argumentsOfGrant * index];
      if (kind === 'granted') this.#granted.add(`${unit} ${fence}`);
    }
  }

  /** Again. */
  dataLost(): void {
    this.#isNoticed = false;
    this.#noticedBy.clear();
    this.#granted.clear();
  }

  includes({ unit, fence }: Pick<RunnableUnit, 'unit' | 'fence'>): boolean {
    return this.#granted.has(`${unit} ${fence}`);
  }
}

/** The store is another than its reader knew, or behind what it knew. */
function showsLoss([revision, known]: ScriptCall['args'], reply: unknown): boolean {
  if (known === '' || !Array.isArray(reply)) return false;
  const [, dataset, current] = reply;
  return dataset !== known || Number(current) < Number(revision);
}
