/**
 * The port to the store of coordination state (Redis in production). Each method is one atomic
 * transition. The leader's methods carry its term and answer `not-leader` (thrown as
 * `coordination.not_leader`) when another term began; the worker's carry its incarnation.
 *
 * Nothing here uses a wall clock for a decision: deaths are declared by compare-and-set on a beat
 * number that the leader saw stand still on its own monotonic clock.
 */
import type { LogLevel } from '@sluice/kernel';

import type { Agreement, Disagreement } from './agreement.ts';
import type {
  JournaledConnector,
  JournaledSet,
  JournalHigh,
  JournalMark,
  NextJournalMark,
} from './journal/definition-journal.ts';
import type {
  ClusterEvent,
  ConnectorRecord,
  MemberRecord,
  NewEvent,
  PluginInfo,
  StatusReport,
  TargetState,
  UnitId,
  UnitRecord,
} from './model.ts';
import type { Mutation, RequestBody, RequestResult, StoredRequest } from './requests.ts';

/** One tenure of one coordinator. */
export interface LeaderTerm {
  readonly coordinator: string;
  /** Only grows, one for each term. */
  readonly epoch: number;
}

export interface LeadRequest extends Agreement {
  readonly coordinator: string;
  readonly leaseMs: number;
  /**
   * The `observed` value that stood still for a whole lease on the caller's monotonic clock, so that a key whose
   * expiry a clock jump delayed does not block election.
   */
  readonly takeOver?: string;
  /** Another log than the caller's, whose users the caller saw silent for longer than they may act. */
  readonly abandonedLog?: string;
}

export type LeadReply =
  | {
      readonly kind: 'leading';
      readonly term: LeaderTerm;
      /** First answer of this term. */
      readonly elected: boolean;
      /** The data set of the cluster was found empty and given a new nonce by this call. */
      readonly founded: boolean;
    }
  | {
      readonly kind: 'following';
      /** Opaque; changes with every renewal. A follower that sees it stand still may take over with it. */
      readonly observed: string;
      readonly leader: string;
    }
  /** It may not take part, as long as it is as it is. */
  | { readonly kind: 'refused'; readonly disagreement: Disagreement };

export type RaiseReply =
  | { readonly kind: 'raised' }
  /** A worker or coordinator that does not speak it. */
  | { readonly kind: 'refused'; readonly by: string };

export interface JoinRequest extends Agreement {
  readonly worker: string;
  readonly incarnation: string;
  readonly pid: number;
  readonly host: string;
  readonly address: string;
  /** Of this worker's own profile. */
  readonly leaseMs: number;
  readonly plugins: readonly PluginInfo[];
  /** After REJOIN: what this incarnation holds, so that a store that lost data can adopt it. */
  readonly holding: readonly HeldUnit[];
  /** Nonce of the data set that this incarnation knew; absent at the first join. */
  readonly knownDataset?: string;
  /** That data set said so with its last beat: one that has lost it has it then. */
  readonly cordoned?: boolean;
}

export interface HeldUnit {
  readonly unit: UnitId;
  readonly uid: string;
  readonly epoch: number;
  readonly fence: number;
}

export type JoinReply =
  | {
      readonly kind: 'joined';
      readonly slot: number;
      readonly dataset: string;
      readonly beat: number;
      readonly revision: number;
    }
  /** A process that may be alive holds the name: wait until its lease is over. */
  | {
      readonly kind: 'name-taken';
      readonly incarnation: string;
      readonly host: string;
      readonly pid: number;
    }
  /** This incarnation was declared dead: it must not come back under this id. */
  | { readonly kind: 'fenced' }
  /** It may not take part, as long as it is as it is. */
  | { readonly kind: 'refused'; readonly disagreement: Disagreement };

export interface BeatRequest {
  readonly worker: string;
  readonly incarnation: string;
  readonly dataset: string;
  /** Highest beat number and revision that this worker has seen: a store behind them has lost data. */
  readonly beatSeen: number;
  readonly revisionSeen: number;
  /** Highest beat number of its own that was acknowledged; detects replies that do not arrive. */
  readonly ackedBeat: number;
}

export type BeatReply =
  | {
      readonly kind: 'ok';
      readonly beat: number;
      readonly revision: number;
      /** Grows whenever the answer of `assignments` for this worker may have changed. */
      readonly assignmentRevision: number;
      readonly state: 'up' | 'draining';
      /** It is given nothing new. */
      readonly cordoned: boolean;
      /** Data was lost and ownership is being re-established: claim nothing, keep quiet. */
      readonly quarantined: boolean;
    }
  /** The store lost this worker: join again with what it holds; keep quiet until adopted. */
  | { readonly kind: 'rejoin' }
  /** Declared dead or superseded: stop everything, come back as a new incarnation. */
  | { readonly kind: 'fenced' };

/** One unit as the owner should run it. */
export interface AssignedUnit {
  readonly unit: UnitId;
  readonly uid: string;
  /** Epoch in which it was granted. */
  readonly epoch: number;
  readonly fence: number;
  readonly restarts: number;
  /** `stop`: being revoked; stop it and release. */
  readonly order: 'run' | 'stop';
  readonly claimed: boolean;
  /** Of its connector, now. */
  readonly targetState: TargetState;
  readonly definitionVersion: number;
}

export interface UsedTopics extends Ownership {
  readonly topics: readonly string[];
}

export interface LoggerLevel {
  readonly level: LogLevel;
  /** Redis server time, ms. */
  readonly atMs: number;
}

/** The right to change the offsets of a connector that is stopped. */
export type OffsetsFence =
  | {
      readonly kind: 'fenced';
      readonly uid: string;
      /** No task can be granted before it grows. */
      readonly taskEpoch: number;
      /** Above that of any former owner of its tasks, and below that of any later one. */
      readonly fence: number;
      /** The most tasks that it ever published, as far as is known; 0: not known. */
      readonly tasksMax: number;
    }
  /** Tasks of it are still owned. */
  | { readonly kind: 'held'; readonly tasks: number }
  /** `quarantined`: data was lost, and whoever still runs its tasks has not been heard yet. */
  | { readonly kind: 'unknown' | 'not-stopped' | 'quarantined' };

export interface Assignments {
  readonly revision: number;
  /** Empty if there is none. With `beat`, the last of anybody, it tells whether this store has lost data. */
  readonly dataset: string;
  readonly beat: number;
  /** Data was lost and ownership is being re-established: that a unit is not among these says nothing. */
  readonly quarantined: boolean;
  readonly units: readonly AssignedUnit[];
}

export interface Ownership {
  readonly unit: UnitId;
  readonly fence: number;
}

export type ClaimResult =
  | {
      readonly kind: 'claimed';
      readonly uid: string;
      readonly epoch: number;
      readonly restarts: number;
      readonly targetState: TargetState;
      readonly definitionVersion: number;
      /** Connector: its definition. Task: its task configuration. Never in a job, a log or an event. */
      readonly config: Readonly<Record<string, string>>;
      readonly connectorType: ConnectorRecord['type'];
      /** Tasks in the published set: N of a sink's partition shares. */
      readonly taskCount: number;
    }
  | { readonly kind: 'stale' };

export interface Grant {
  readonly unit: UnitId;
  readonly uid: string;
  readonly epoch: number;
  readonly worker: string;
  readonly incarnation: string;
}

export type GrantResult =
  | { readonly kind: 'granted'; readonly fence: number }
  /** Why not: owned, older epoch still held, worker not up, another uid or epoch, gone. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface PublishTasks {
  readonly connector: string;
  readonly uid: string;
  readonly worker: string;
  readonly incarnation: string;
  /** Of the connector unit. */
  readonly fence: number;
  readonly definitionVersion: number;
  readonly configs: readonly Readonly<Record<string, string>>[];
}

export type PublishResult =
  | { readonly kind: 'published'; readonly epoch: number }
  /** Same definition version and same configurations as the published set. */
  | { readonly kind: 'unchanged'; readonly epoch: number }
  /** Another owner, definition version or uid, or the connector is stopped or being deleted. */
  | { readonly kind: 'stale' };

/** What a worker published; all of one moment. */
export interface TaskSet {
  readonly uid: string;
  readonly epoch: number;
  /** Definition version that it was made from; 0 if there is none. */
  readonly version: number;
  readonly configs: readonly Readonly<Record<string, string>>[];
}

/** What changed since a revision. Records are as of now, absent = deleted. */
export interface Changes {
  /** `full`: the reader must forget what it had (data lost, or it was too far behind). */
  readonly kind: 'delta' | 'full';
  readonly dataset: string;
  readonly revision: number;
  /** Version of the protocol in use; undefined: nobody joined or led yet. */
  readonly protocol: number | undefined;
  readonly connectors: ReadonlyMap<string, ConnectorRecord | undefined>;
  readonly units: ReadonlyMap<UnitId, UnitRecord | undefined>;
  readonly members: ReadonlyMap<string, MemberRecord | undefined>;
}

export interface Beat {
  readonly worker: string;
  readonly beat: number;
  /** Redis server time between the beat and now, ms. For display; decisions observe `beat` itself. */
  readonly ageMs: number;
  /** Own beat number that the worker said was acknowledged. */
  readonly ackedBeat: number;
}

/** For display: who may write is decided by the term alone. */
export interface LeaderSeen {
  readonly coordinator: string;
  readonly epoch: number;
  /** By the store's clock. It is renewed several times before it is over. */
  readonly leaseLeftMs: number;
}

/** `unchanged`: the store had just these already. */
export type AnnounceReply = 'announced' | 'unchanged' | 'refused';

/** What a worker process may do. */
export interface WorkerStore {
  join(request: JoinRequest): Promise<JoinReply>;
  beat(request: BeatRequest): Promise<BeatReply>;
  /** What plugins it has now, instead of what it joined with. Refused unless it is a live member. */
  announce(
    worker: string,
    incarnation: string,
    plugins: readonly PluginInfo[],
  ): Promise<AnnounceReply>;
  /** Announces that no more work is wanted. `returns`: it will be back under its name. */
  drain(worker: string, incarnation: string, options: { returns: boolean }): Promise<void>;
  /** Removes the member; refused (false) while it owns units. */
  leave(worker: string, incarnation: string): Promise<boolean>;
  assignments(worker: string, incarnation: string): Promise<Assignments>;
  /** Idempotent for the same incarnation and fence. Same order as asked. */
  claim(worker: string, incarnation: string, units: readonly Ownership[]): Promise<ClaimResult[]>;
  /** After the unit has stopped for good. Idempotent. False: it was not this owner's (any more). */
  release(worker: string, incarnation: string, units: readonly Ownership[]): Promise<boolean[]>;
  /** Gives the owner a new, higher fence for a unit it holds, when an executor had to be abandoned. */
  refence(
    worker: string,
    incarnation: string,
    units: readonly Ownership[],
  ): Promise<(number | undefined)[]>;
  /** Statuses; refused (false) when the fence is not the current one. */
  report(
    worker: string,
    incarnation: string,
    reports: readonly (Ownership & { readonly status: Omit<StatusReport, 'sinceMs'> })[],
  ): Promise<boolean[]>;
  publishTasks(request: PublishTasks): Promise<PublishResult>;
  /**
   * Notes topics as used by the connectors of these tasks. Refused (false) when the fence is not the current one, or
   * the connector is another one now or being deleted.
   */
  noteTopics(worker: string, incarnation: string, used: readonly UsedTopics[]): Promise<boolean[]>;
}

/** What only a leader may do; every call is checked against its epoch. */
export interface LeaderStore {
  /** Becomes or stays leader. */
  lead(request: LeadRequest): Promise<LeadReply>;
  /** A coordinator ends, whether or not it leads. */
  withdraw(coordinator: string): Promise<void>;
  /** Makes the cluster use a higher version of the protocol, for good. */
  raiseProtocol(term: LeaderTerm, version: number): Promise<RaiseReply>;
  resign(term: LeaderTerm): Promise<void>;
  /** Final for that incarnation, and only if its beat number is still the one that was seen. */
  declareDead(
    term: LeaderTerm,
    worker: string,
    incarnation: string,
    beatSeen: number,
  ): Promise<'dead' | 'alive'>;
  /** Frees up to `max` units of a dead incarnation; returns those freed. */
  orphan(term: LeaderTerm, worker: string, incarnation: string, max: number): Promise<UnitId[]>;
  /** Forgets a dead member that owns nothing any more. */
  forget(term: LeaderTerm, worker: string, incarnation: string): Promise<boolean>;
  /** Creates the connector's own unit, once a connector record wants one. Idempotent. */
  createConnectorUnit(term: LeaderTerm, connector: string, uid: string): Promise<void>;
  grant(term: LeaderTerm, grants: readonly Grant[]): Promise<GrantResult[]>;
  /** Granted but unclaimed goes straight to free. Returns the state after, undefined if gone. */
  revoke(
    term: LeaderTerm,
    units: readonly Ownership[],
  ): Promise<(UnitRecord['state'] | undefined)[]>;
  /** Deletes retired units that are free, and connectors `deleting` that have no units left. */
  sweep(term: LeaderTerm, units: readonly UnitId[], connectors: readonly string[]): Promise<void>;
  /** Requests not applied yet, oldest first. */
  pendingRequests(max: number): Promise<StoredRequest[]>;
  /**
   * Writes the mutation, the result and the position in one step; `conflict` if a record moved on.
   * `mark`: of the journal, with this request's entries; `conflict`, too, if the store has not followed it so far.
   */
  applyRequest(
    term: LeaderTerm,
    request: Pick<StoredRequest, 'id' | 'position'>,
    mutation: Mutation,
    result: RequestResult,
    events: readonly NewEvent[],
    mark?: NextJournalMark,
  ): Promise<'applied' | 'conflict' | 'already'>;
  /** Gives a unit back to an incarnation that reported holding it, after data loss. Highest fence wins. */
  adopt(
    term: LeaderTerm,
    worker: string,
    incarnation: string,
    units: readonly HeldUnit[],
  ): Promise<boolean[]>;
  /** What rejoined incarnations reported to hold. */
  held(): Promise<ReadonlyMap<string, readonly HeldUnit[]>>;
  /** Nonce of a running quarantine, if any. */
  quarantine(): Promise<string | undefined>;
  startQuarantine(term: LeaderTerm): Promise<void>;
  endQuarantine(term: LeaderTerm, nonce: string): Promise<boolean>;
  appendEvents(term: LeaderTerm, events: readonly NewEvent[]): Promise<void>;
  /** How far this store has followed which journal; undefined before the first, or if it was lost. */
  journalMark(): Promise<JournalMark | undefined>;
  /** In the order asked for; undefined for a connector that is gone. */
  taskSets(connectors: readonly string[]): Promise<(TaskSet | undefined)[]>;
  /**
   * Makes connectors as the journal has them, whatever they are here; a task set only over an older one.
   * Whoever owns units keeps them, in the epoch in which it holds them. Idempotent, and may be cut short.
   */
  restore(
    term: LeaderTerm,
    connectors: readonly JournaledConnector[],
    high: JournalHigh,
  ): Promise<void>;
  /**
   * Task sets that are durable, so that their tasks may be granted, and how far the journal is followed. False, and
   * nothing is noted, if the store is not where it was: it lost data.
   */
  markJournaled(
    term: LeaderTerm,
    sets: readonly JournaledSet[],
    mark: NextJournalMark,
  ): Promise<boolean>;
  /** Resigns, and makes the epochs of later terms be above this one. */
  raiseEpoch(term: LeaderTerm, epoch: number): Promise<void>;
}

/** What anyone may read or ask for: API replicas, the CLI, the dashboard. */
export interface ClusterStore {
  changes(sinceRevision: number, dataset: string | undefined): Promise<Changes>;
  beats(): Promise<Beat[]>;
  /** Who leads as long as its lease runs. One round trip. */
  leader(): Promise<LeaderSeen | undefined>;
  taskConfigs(connector: string): Promise<readonly Readonly<Record<string, string>>[]>;
  /** Newest first. */
  events(max: number): Promise<ClusterEvent[]>;
  /** Topics that a connector's tasks were noted to use since it was created or they were forgotten; in order. */
  topics(connector: string): Promise<string[]>;
  /** What is used is noted again. Idempotent. */
  forgetTopics(connector: string): Promise<void>;
  /** Levels of loggers that were set for the whole cluster. */
  loggerLevels(): Promise<ReadonlyMap<string, LoggerLevel>>;
  /** Forgets those of the loggers below it. */
  setLoggerLevel(logger: string, level: LogLevel): Promise<void>;
  /** Anyone may ask, also twice: the later fence is the higher one. */
  fenceOffsets(connector: string): Promise<OffsetsFence>;
  /** Idempotent by id. */
  submit(id: string, body: RequestBody): Promise<void>;
  result(id: string): Promise<RequestResult | undefined>;
  ping(): Promise<void>;
}

export type CoordinationStore = WorkerStore & LeaderStore & ClusterStore;
