/**
 * A journal in memory, for tests of what writes to it. Several leaders share one store; like a log it
 * refuses an older leader only once a newer one has written.
 */
import { newId, SluiceError } from '@sluice/kernel';

import type {
  DefinitionJournal,
  Journaled,
  JournaledConnector,
  JournaledRequest,
  JournalHigh,
  JournalState,
  JournalWrite,
} from '../journal/definition-journal.ts';
import { KnownJournal } from '../journal/known-journal.ts';
import type { LeaderTerm } from '../store.ts';

const nothing: JournalHigh = { ordinal: 0, fence: 0 };

export class MemoryJournalStore {
  readonly name = 'memory-configs';
  /** Nothing answers. */
  isAway = false;
  /** The next write happens, and its writer does not learn of it. */
  losesNextAnswer = false;
  /** Called before each write. */
  beforeWrite: (() => void | Promise<void>) | undefined;
  epoch = 0;
  state = emptyJournal();
  readonly writes: JournalWrite[] = [];

  /** As if the topic had been deleted. */
  replace(): void {
    this.state = emptyJournal();
    this.epoch = 0;
  }

  get connectors(): ReadonlyMap<string, Journaled<JournaledConnector>> {
    return this.state.connectors;
  }

  get request(): JournaledRequest | undefined {
    return this.state.request?.value;
  }
}

function emptyJournal(): KnownJournal {
  return new KnownJournal({
    id: newId(),
    position: 0,
    connectors: new Map(),
    deleted: new Map(),
    request: undefined,
    high: nothing,
  });
}

export class MemoryJournal implements DefinitionJournal {
  readonly #store: MemoryJournalStore;
  #opened: { readonly term: LeaderTerm; readonly id: string } | undefined;

  constructor(store: MemoryJournalStore) {
    this.#store = store;
  }

  get name(): string {
    return this.#store.name;
  }

  async open(term: LeaderTerm): Promise<JournalState> {
    await Promise.resolve();
    const store = this.#store;
    if (store.isAway) throw away();
    if (store.epoch > term.epoch) throw newerLeader(term, store.epoch);
    store.epoch = term.epoch;
    this.#opened = { term, id: store.state.id };
    store.state.learn(noWrite(store.state.high), store.state.position + 1);
    return new KnownJournal(store.state);
  }

  async append(write: JournalWrite): Promise<number> {
    await Promise.resolve();
    const store = this.#store;
    await store.beforeWrite?.();
    const opened = this.#opened;
    if (store.isAway || !opened || opened.id !== store.state.id) throw away();
    if (store.epoch > opened.term.epoch) throw newerLeader(opened.term);
    for (const { name, config } of write.connectors) {
      if (JSON.stringify(config).length > 100_000) throw tooLarge(name);
    }
    const position = store.state.position + 1;
    store.state.learn(write, position);
    store.writes.push(write);
    if (store.losesNextAnswer) {
      store.losesNextAnswer = false;
      throw away();
    }
    return position;
  }

  async close(): Promise<void> {
    this.#opened = undefined;
  }
}

function noWrite(high: JournalHigh): JournalWrite {
  return { connectors: [], deleted: [], high };
}

function away(): SluiceError {
  return new SluiceError('log.unreachable', 'the log does not answer', { retriable: true });
}

function newerLeader(term: LeaderTerm, epoch?: number): SluiceError {
  const details = epoch === undefined ? {} : { epoch };
  return new SluiceError(
    'coordination.not_leader',
    `the term ${term.epoch} is over: a newer leader has written to the journal`,
    { fenced: true, details },
  );
}

function tooLarge(connector: string): SluiceError {
  return new SluiceError(
    'journal.entry_too_large',
    `the configuration of connector ${connector} is too large for the journal`,
    { details: { connector } },
  );
}
