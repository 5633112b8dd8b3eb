/**
 * The port to what remembers definitions for longer than the store does: a compacted topic, where records
 * travel through Kafka. The journal is the write-ahead authority: what a request changes is in it before it
 * is in the store, so that a store that lost everything is filled again from it.
 *
 * One leader writes at a time. Positions grow with each write and are never used twice; of one connector
 * only the last entry counts.
 */
import type { ConnectorRecord, NewEvent, UnitId } from '../model.ts';
import type { RequestResult } from '../requests.ts';
import type { LeaderTerm } from '../store.ts';

/** All that has to be known of a connector to go on with it as if nothing had happened. */
export interface JournaledConnector
  extends Pick<
    ConnectorRecord,
    | 'name'
    | 'uid'
    | 'version'
    | 'config'
    | 'type'
    | 'targetState'
    | 'lifecycle'
    | 'createdAtMs'
    | 'taskEpoch'
    | 'taskVersion'
  > {
  /** Its own unit; absent until the journal has been told of it. */
  readonly unit?: { readonly ordinal: number; readonly epoch: number };
  /** The set published in `taskEpoch`; empty if there is none. */
  readonly tasks: readonly JournaledTask[];
}

export interface JournaledTask {
  readonly ordinal: number;
  readonly config: Readonly<Record<string, string>>;
}

/** A request that was decided, with its answer: whoever leads next answers the same. */
export interface JournaledRequest {
  readonly id: string;
  /** In the stream of requests. */
  readonly position: string;
  readonly result: RequestResult;
  readonly restart: readonly UnitId[];
  readonly events: readonly NewEvent[];
}

/** What must never go back, also when whatever had it last is deleted. */
export interface JournalHigh {
  /** The highest ordinal known to have been given to a unit. */
  readonly ordinal: number;
  /** The highest fence known to have been given. */
  readonly fence: number;
}

export interface JournalWrite {
  readonly connectors: readonly JournaledConnector[];
  /** Connectors that are gone for good. */
  readonly deleted: readonly string[];
  /** The request that makes these changes. */
  readonly request?: JournaledRequest;
  readonly high: JournalHigh;
}

export interface Journaled<T> {
  readonly value: T;
  readonly position: number;
}

export interface JournalState {
  /** New for each journal: one that was deleted and made anew is another one. */
  readonly id: string;
  /** Of the last entry. */
  readonly position: number;
  readonly connectors: ReadonlyMap<string, Journaled<JournaledConnector>>;
  /** As long as the journal remembers them. */
  readonly deleted: ReadonlyMap<string, number>;
  /** The last one. */
  readonly request: Journaled<JournaledRequest> | undefined;
  readonly high: JournalHigh;
}

/** A task set that the journal holds. */
export interface JournaledSet {
  readonly connector: string;
  readonly uid: string;
  readonly epoch: number;
}

/** How far a store has followed which journal. */
export interface JournalMark {
  readonly journal: string;
  readonly position: number;
}

/** A mark for a store, which takes it only if the one that it has is `after`, null for none. Left out: any. */
export interface NextJournalMark extends JournalMark {
  readonly after?: JournalMark | null;
}

export interface DefinitionJournal {
  /** What people call it: the topic. */
  readonly name: string;
  /**
   * Takes over for this term and reads everything: what an older leader wrote before is in the answer,
   * what it writes from now on is refused. May be called again, also in the same term, after a failure.
   * @throws SluiceError `coordination.not_leader` if a newer term has written (its epoch in
   * `details.epoch`); `log.unreachable` (retriable); `journal.unusable` with the remedy.
   */
  open(term: LeaderTerm): Promise<JournalState>;
  /**
   * Durable when it resolves, with the position of its last entry. One call at a time. After a failure
   * other than `journal.entry_too_large` it is not known whether it was written: only `open` tells.
   * @throws SluiceError `coordination.not_leader`; `log.unreachable` (retriable);
   * `journal.entry_too_large` (nothing was written; the connector in `details.connector`).
   */
  append(write: JournalWrite): Promise<number>;
  /** May be called twice, and while something is under way, which then fails. */
  close(): Promise<void>;
}
