/**
 * Law 8: what a request changes is in the journal before it is in the store, the journal forgets nothing that nobody
 * deleted, and at rest the store has what the journal has, whatever it has lost meanwhile.
 */
import { isDeepStrictEqual } from 'node:util';

import type { ClusterView, ConnectorRecord, JournaledConnector } from '@sluice/coordination';
import type { MemoryJournalStore } from '@sluice/coordination/testing';

import type { ScriptCall } from '../redis-link.ts';
import type { World } from '../world.ts';
import { appliedRequest } from './applied-request.ts';

export class JournalWatch {
  readonly #world: World;
  readonly #journal: MemoryJournalStore;
  readonly #written = new Map<string, JournaledConnector>();
  #writes = 0;

  constructor(world: World, journal: MemoryJournalStore) {
    this.#world = world;
    this.#journal = journal;
  }

  scriptRan({ script, args }: ScriptCall, reply: unknown): void {
    this.#follow();
    if (script !== 'apply-request' || reply !== 'applied') return;
    for (const definition of appliedRequest(args).definitions) {
      const { name, uid, version, targetState, lifecycle } = definition;
      const entry = this.#written.get(name);
      const isThere =
        entry?.uid === uid &&
        entry.version === version &&
        entry.targetState === targetState &&
        entry.lifecycle === lifecycle;
      if (!isThere) {
        const what = `version ${version} of ${name} (${targetState}, ${lifecycle})`;
        this.#violated(`${what} is in the store, and not in the journal`);
      }
    }
  }

  /** Of a cluster at rest. Returns what is not the same. */
  compare({ connectors }: ClusterView): string | undefined {
    this.#follow();
    for (const [name, entry] of this.#written) {
      if (entry.lifecycle === 'deleting') continue;
      const record = connectors.get(name);
      if (!record) return `${name} is in the journal, and not in the store`;
      const what = difference(entry, record);
      if (what !== undefined) return `${what} of ${name} is not in the store as in the journal`;
    }
    for (const name of connectors.keys()) {
      if (!this.#written.has(name)) return `${name} is not in the journal`;
    }
    return undefined;
  }

  #follow(): void {
    for (; this.#writes < this.#journal.writes.length; this.#writes++) {
      const write = this.#journal.writes[this.#writes];
      for (const name of write?.deleted ?? []) {
        if (this.#written.get(name)?.lifecycle !== 'deleting') {
          this.#violated(`${name} is taken out of the journal, and nobody deleted it`);
        }
        this.#written.delete(name);
      }
      for (const entry of write?.connectors ?? []) {
        const what = forgottenBy(
          entry,
          this.#written.get(entry.name),
          write?.request !== undefined,
        );
        if (what !== undefined) this.#violated(`${what} of ${entry.name} is overwritten`);
        this.#written.set(entry.name, entry);
      }
    }
  }

  #violated(message: string): void {
    this.#world.violated('law-8', message);
  }
}

/** What the journal would not know any more. A request changes one thing: the configuration, the state, or the life. */
function forgottenBy(
  next: JournaledConnector,
  before: JournaledConnector | undefined,
  isAskedFor: boolean,
): string | undefined {
  if (!before) return undefined;
  if (next.taskEpoch < before.taskEpoch) return `epoch ${before.taskEpoch} of the tasks`;
  if (next.uid !== before.uid) return before.lifecycle === 'live' ? 'the definition' : undefined;
  const isOlder = next.version < before.version;
  const isSame = next.version === before.version;
  if (isOlder || (isSame && !isDeepStrictEqual(next.config, before.config))) {
    return `version ${before.version}`;
  }
  if (next.targetState !== before.targetState && !(isAskedFor && isSame)) return 'the target state';
  const isRevived = before.lifecycle === 'deleting' && next.lifecycle === 'live';
  return isRevived ? 'the deletion' : undefined;
}

function difference(entry: JournaledConnector, record: ConnectorRecord): string | undefined {
  if (entry.uid !== record.uid) return 'the uid';
  if (entry.version !== record.version) return `version ${entry.version}`;
  if (entry.targetState !== record.targetState) return 'the target state';
  if (JSON.stringify(entry.config) !== JSON.stringify(record.config)) return 'the configuration';
  if (entry.taskEpoch !== record.taskEpoch) return `epoch ${entry.taskEpoch} of the tasks`;
  return entry.tasks.length === record.taskCount ? undefined : 'the number of tasks';
}
