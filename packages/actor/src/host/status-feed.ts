/** Tells the changes of actors' statuses once a turn, the last state of each only. */
import type { ActorStatus } from '../types.ts';
import type { ActorEntry } from './actor-entry.ts';

export class StatusFeed {
  readonly #tell: (status: ActorStatus) => void;
  readonly #changed = new Set<ActorEntry>();
  #scheduled: NodeJS.Immediate | undefined;

  constructor(tell: (status: ActorStatus) => void) {
    this.#tell = tell;
  }

  changed(entry: ActorEntry): void {
    this.#changed.add(entry);
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#flush();
    });
  }

  forget(entry: ActorEntry): void {
    this.#changed.delete(entry);
  }

  close(): void {
    if (this.#scheduled) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#changed.clear();
  }

  #flush(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const entry of changed) {
      const status = entry.status();
      if (status) this.#tell(status);
    }
  }
}
