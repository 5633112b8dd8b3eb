/** The journal of definitions over a link: it takes time, and goes on without whoever wrote to it and died. */
import type {
  DefinitionJournal,
  JournalState,
  JournalWrite,
  LeaderTerm,
} from '@sluice/coordination';
import { MemoryJournal, type MemoryJournalStore } from '@sluice/coordination/testing';

import type { PlayedProcess } from './played-process.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

const latencyMs = { min: 1, max: 40 };

export class PlayedJournal implements DefinitionJournal {
  readonly #journal: MemoryJournal;
  readonly #process: PlayedProcess;
  readonly #time: VirtualTime;
  readonly #random: Random;

  constructor(options: {
    store: MemoryJournalStore;
    process: PlayedProcess;
    time: VirtualTime;
    random: Random;
  }) {
    this.#journal = new MemoryJournal(options.store);
    this.#process = options.process;
    this.#time = options.time;
    this.#random = options.random;
  }

  get name(): string {
    return this.#journal.name;
  }

  open(term: LeaderTerm): Promise<JournalState> {
    return this.#call(() => this.#journal.open(term));
  }

  append(write: JournalWrite): Promise<number> {
    return this.#call(() => this.#journal.append(write));
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  #call<T>(act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#hop(() => {
        act().then(
          (value) => this.#hop(() => this.#process.deliver(() => resolve(value))),
          (error: unknown) => this.#hop(() => this.#process.deliver(() => reject(error))),
        );
      });
    });
  }

  #hop(arrive: () => void): void {
    this.#time.after(this.#random.between(latencyMs.min, latencyMs.max), arrive);
  }
}
