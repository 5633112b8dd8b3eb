/** What a leader knows of the journal: what it read when it took over, and what it has written since. */
import type {
  Journaled,
  JournaledConnector,
  JournaledRequest,
  JournalHigh,
  JournalMark,
  JournalState,
  JournalWrite,
} from './definition-journal.ts';

export class KnownJournal implements JournalState {
  readonly id: string;
  readonly connectors: Map<string, Journaled<JournaledConnector>>;
  readonly deleted: Map<string, number>;
  #position: number;
  #request: Journaled<JournaledRequest> | undefined;
  #high: JournalHigh;

  constructor(state: JournalState) {
    this.id = state.id;
    this.#position = state.position;
    this.connectors = new Map(state.connectors);
    this.deleted = new Map(state.deleted);
    this.#request = state.request;
    this.#high = state.high;
  }

  get position(): number {
    return this.#position;
  }

  get request(): Journaled<JournaledRequest> | undefined {
    return this.#request;
  }

  get high(): JournalHigh {
    return this.#high;
  }

  get mark(): JournalMark {
    return { journal: this.id, position: this.#position };
  }

  learn({ connectors, deleted, request, high }: JournalWrite, position: number): void {
    this.#position = position;
    this.#high = high;
    for (const value of connectors) {
      this.connectors.set(value.name, { value, position });
      this.deleted.delete(value.name);
    }
    for (const name of deleted) {
      this.connectors.delete(name);
      this.deleted.set(name, position);
    }
    if (request) this.#request = { value: request, position };
  }
}
