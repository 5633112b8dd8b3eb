/**
 * Requests take effect once each, in the order in which the store got them. Follows them on a model of what they ask
 * for, which is compared with the cluster whenever it is at rest. A store that lost data may have lost some.
 */
import type { ClusterView, RequestBody, TargetState } from '@sluice/coordination';

import type { ScriptCall } from '../redis-link.ts';

interface Wanted {
  readonly config: Readonly<Record<string, string>>;
  readonly target: TargetState;
}

export class DefinitionsModel {
  #wanted = new Map<string, Wanted>();
  readonly #seen = new Set<string>();
  #isKnown = true;

  scriptRan({ script, args }: ScriptCall, reply: unknown): void {
    const [id, body] = args;
    if (script !== 'submit' || reply !== 'stored' || this.#seen.has(`${id}`)) return;
    this.#seen.add(`${id}`);
    this.#apply(JSON.parse(`${body}`) as RequestBody);
  }

  dataLost(): void {
    this.#isKnown = false;
  }

  /** Returns what is not as it was asked for. */
  compare({ connectors }: ClusterView): string | undefined {
    if (!this.#isKnown) {
      this.#adopt(connectors);
      return undefined;
    }
    for (const [name, { config, target }] of this.#wanted) {
      const record = connectors.get(name);
      if (!record) return `${name} is missing`;
      if (record.targetState !== target) return `${name} is ${record.targetState}, not ${target}`;
      const differs = Object.keys(config).find((key) => record.config[key] !== config[key]);
      if (differs !== undefined)
        return `${differs} of ${name} is ${record.config[differs]}, not ${config[differs]}`;
    }
    for (const name of connectors.keys()) {
      if (!this.#wanted.has(name)) return `${name} should not be there`;
    }
    return undefined;
  }

  #adopt(connectors: ClusterView['connectors']): void {
    this.#isKnown = true;
    this.#wanted = new Map(
      [...connectors].map(([name, { config, targetState }]) => [
        name,
        { config, target: targetState },
      ]),
    );
  }

  #apply(body: RequestBody): void {
    switch (body.op) {
      case 'apply':
        for (const { name, config } of body.definitions) {
          const before = this.#wanted.get(name);
          if (body.mode === 'create' && before) continue;
          this.#wanted.set(name, { config, target: before?.target ?? 'STARTED' });
        }
        return;
      case 'delete':
        this.#wanted.delete(body.connector);
        return;
      case 'target': {
        const before = this.#wanted.get(body.connector);
        if (before) this.#wanted.set(body.connector, { ...before, target: body.state });
        return;
      }
      default:
    }
  }
}
