/** What the REST API and the CLI work with: fresh snapshots, and requests with their results. */
import { type Clock, type LogLevel, newId } from '@sluice/kernel';

import { type ProtocolRange, protocolSpoken } from './agreement.ts';
import { ClusterLooks } from './cluster-looks.ts';
import type { LeaderWaker } from './dispatch.ts';
import type { ClusterEvent } from './model.ts';
import {
  needsAdmin,
  type OperatorCaller,
  type OperatorInbox,
  operatorRequest,
  operatorRequestId,
} from './operator-requests.ts';
import type { TimingProfile } from './profile.ts';
import type { RequestBody, RequestResult } from './requests.ts';
import { ResultWaits } from './result-waits.ts';
import type { ClusterSnapshot, FoundConnector } from './snapshot.ts';
import { deriveConnector, deriveSnapshot } from './status.ts';
import type { ClusterStore, OffsetsFence } from './store.ts';

export type SubmitOutcome =
  | RequestResult
  /** Stored, not applied within the time: it will be when a leader is there. */
  | { readonly kind: 'pending'; readonly requestId: string; readonly reason: string };

export interface ClusterClient {
  /** As of now: one round trip to the store. @throws SluiceError `store.unreachable`, `cluster.protocol_too_old`. */
  snapshot(): Promise<ClusterSnapshot>;
  /** The same of one connector, which costs little however many there are; undefined if there is none of that name. */
  connector(name: string): Promise<FoundConnector | undefined>;
  /** Stores the request, wakes the leader, waits up to `timeoutMs` for the result. */
  submit(
    body: RequestBody,
    options: { timeoutMs: number; requestId?: string },
  ): Promise<SubmitOutcome>;
  taskConfigs(connector: string): Promise<readonly Readonly<Record<string, string>>[]>;
  /** Newest first. */
  events(max: number): Promise<ClusterEvent[]>;
  /** That its tasks wrote to or read from; empty for a connector that does not exist. */
  topics(connector: string): Promise<readonly string[]>;
  forgetTopics(connector: string): Promise<void>;
  /** Of all processes, also of those that start later. */
  setLoggerLevel(logger: string, level: LogLevel): Promise<void>;
  /** Once all its tasks have stopped, for which it waits up to `timeoutMs`. */
  fenceOffsets(connector: string, options: { timeoutMs: number }): Promise<OffsetsFence>;
  ping(): Promise<void>;
}

export interface ClusterClientOptions {
  readonly store: ClusterStore;
  readonly waker: LeaderWaker;
  readonly clock: Clock;
  readonly profile: TimingProfile;
  /** Default: what this build speaks. */
  readonly protocol?: ProtocolRange;
  /** For who may not store requests: stores one elsewhere, and tells the id that it will be answered under. */
  readonly ask?: (id: string, body: RequestBody) => Promise<string>;
  /** Where a leader in this process says what it has applied; default: only the store says so. */
  readonly results?: ResultWaits;
}

/**
 * How long the ages of beats may be shown as they were, if nothing else has changed: deriving a snapshot
 * of thousands of tasks for each of many readers would take the thread from the leader beside it.
 */
const agesKeptMs = 100;
/** Between two attempts to get a fence. */
const fencePollMs = 100;
/** Among them is what the leader waits for, which it says again while it does. */
const latestEventsMax = 200;
/** Characters of a name in what a request is called. */
const shownMax = 200;

export function createClusterClient(options: ClusterClientOptions): ClusterClient {
  const { store, waker, clock, profile, protocol = protocolSpoken } = options;
  const ask = options.ask ?? (async (id, body) => store.submit(id, body).then(() => id));
  const { results = new ResultWaits({ store, clock }) } = options;
  const looks = new ClusterLooks({ store, clock, protocol });
  let last: { snapshot: ClusterSnapshot; version: number; derivedMs: number } | undefined;

  const snapshot = async (): Promise<ClusterSnapshot> => {
    const look = await looks.look();
    const { version } = look;
    const nowMs = clock.monotonicMs();
    if (last?.version === version && nowMs - last.derivedMs < agesKeptMs) return last.snapshot;
    last = { snapshot: deriveSnapshot(look, profile), version, derivedMs: nowMs };
    return last.snapshot;
  };

  const whyPending = async (waitedMs: number): Promise<string> => {
    const { leader, workers } = await snapshot();
    if (!leader) return 'no coordinator is up';
    if (workers.length === 0) return 'no worker is up';
    const events = await store.events(latestEventsMax);
    const journal = events.find(({ type }) => type === 'journal.away' || type === 'journal.back');
    if (journal?.type === 'journal.away') return journal.message;
    return `the leader ${leader.coordinator} has not applied it within ${waitedMs} ms`;
  };

  const fenceOffsets = async (connector: string, timeoutMs: number): Promise<OffsetsFence> => {
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    for (;;) {
      const fence = await store.fenceOffsets(connector);
      const mayPass = fence.kind === 'held' || fence.kind === 'quarantined';
      if (!mayPass || clock.monotonicMs() + fencePollMs > deadlineMs) return fence;
      await clock.sleep(fencePollMs);
    }
  };

  return {
    snapshot,
    async connector(name) {
      const look = await looks.look();
      return deriveConnector(name, look, profile);
    },
    async submit(body, { timeoutMs, requestId = newId() }) {
      const id = await ask(requestId, body);
      // Stored is stored: without the wake-up it is applied one tick later.
      const waking = waker.wake(describeRequest(body), id).catch(() => {});
      const result = await results.of(id, timeoutMs);
      // Who asked may end its process now.
      await waking;
      return result ?? { kind: 'pending', requestId: id, reason: await whyPending(timeoutMs) };
    },
    taskConfigs: (connector) => store.taskConfigs(connector),
    events: (max) => store.events(max),
    topics: (connector) => store.topics(connector),
    forgetTopics: (connector) => store.forgetTopics(connector),
    setLoggerLevel: (logger, level) => store.setLoggerLevel(logger, level),
    fenceOffsets: (connector, { timeoutMs }) => fenceOffsets(connector, timeoutMs),
    ping: () => store.ping(),
  };
}

/** Asks as an operator. @throws SluiceError `store.denied` for what needs an admin. */
export function askAsOperator(
  inbox: Pick<OperatorInbox, 'put'>,
  caller: OperatorCaller,
): NonNullable<ClusterClientOptions['ask']> {
  return async (id, body) => {
    if (!operatorRequest(body)) throw needsAdmin(describeRequest(body));
    const position = await inbox.put({ id, body: JSON.stringify(body), ...caller });
    return operatorRequestId({ position, id });
  };
}

/** One readable line for the board and for events; never configuration values. */
export function describeRequest(body: RequestBody): string {
  switch (body.op) {
    case 'apply': {
      const names = body.definitions.map(({ name }) => name);
      const shown = names.slice(0, 3).map(shortened).join(', ');
      return names.length > 3 ? `apply ${shown} and ${names.length - 3} more` : `apply ${shown}`;
    }
    case 'delete':
      return `delete ${shortened(body.connector)}`;
    case 'target':
      return `set ${shortened(body.connector)} ${body.state}`;
    case 'restart': {
      const name = shortened(body.connector);
      return body.task === undefined ? `restart ${name}` : `restart ${name}/${body.task}`;
    }
    case 'drain':
    case 'cordon':
    case 'uncordon':
      return `${body.op} ${shortened(body.worker)}`;
    default:
      return 'unknown request';
  }
}

/** Of what there is not, a name can be as long as a request. */
function shortened(name: string): string {
  return name.length > shownMax ? `${name.slice(0, shownMax)}…` : name;
}
