/**
 * The coordination store on Redis. Each method is one script, hence one atomic transition; it owns no state
 * of its own, and any number of processes may use the same cluster at once.
 *
 * Failures: without Redis every method fails fast with `store.unreachable`. Whether a write that got no
 * answer happened is unknown: callers ask again, which every transition allows.
 */

import type {
  ClusterStore,
  CoordinationStore,
  LeaderStore,
  WorkerStore,
} from '@sluice/coordination';
import type { Redis } from 'ioredis';

import { RedisClusterReader } from './cluster-reader.ts';
import { RedisJournalSide } from './journal-side.ts';
import { Keys } from './keys.ts';
import { RedisLeaderStore } from './leader-store.ts';
import { Reads } from './reads.ts';
import { Scripts } from './scripts.ts';
import { RedisWorkerStore } from './worker-store.ts';

export interface RedisCoordinationStoreOptions {
  /** See `connectCoordinationRedis`. Heartbeats go through a store with a connection of their own. */
  readonly redis: Redis;
  readonly cluster: string;
}

export class RedisCoordinationStore implements CoordinationStore {
  readonly #worker: RedisWorkerStore;
  readonly #leader: RedisLeaderStore;
  readonly #journal: RedisJournalSide;
  readonly #reader: RedisClusterReader;

  /** @throws SluiceError `config.invalid` for a cluster name that cannot be part of a key. */
  constructor({ redis, cluster }: RedisCoordinationStoreOptions) {
    const keys = new Keys(cluster);
    const scripts = new Scripts(redis, keys);
    const reads = new Reads(redis, keys);
    this.#worker = new RedisWorkerStore(scripts);
    this.#leader = new RedisLeaderStore(scripts, reads);
    this.#journal = new RedisJournalSide(scripts, reads);
    this.#reader = new RedisClusterReader(scripts, reads);
  }

  readonly join: WorkerStore['join'] = (...args) => this.#worker.join(...args);
  readonly beat: WorkerStore['beat'] = (...args) => this.#worker.beat(...args);
  readonly announce: WorkerStore['announce'] = (...args) => this.#worker.announce(...args);
  readonly drain: WorkerStore['drain'] = (...args) => this.#worker.drain(...args);
  readonly leave: WorkerStore['leave'] = (...args) => this.#worker.leave(...args);
  readonly assignments: WorkerStore['assignments'] = (...args) => this.#worker.assignments(...args);
  readonly claim: WorkerStore['claim'] = (...args) => this.#worker.claim(...args);
  readonly release: WorkerStore['release'] = (...args) => this.#worker.release(...args);
  readonly refence: WorkerStore['refence'] = (...args) => this.#worker.refence(...args);
  readonly report: WorkerStore['report'] = (...args) => this.#worker.report(...args);
  readonly publishTasks: WorkerStore['publishTasks'] = (...args) =>
    this.#worker.publishTasks(...args);

  readonly noteTopics: WorkerStore['noteTopics'] = (...args) => this.#worker.noteTopics(...args);

  readonly lead: LeaderStore['lead'] = (...args) => this.#leader.lead(...args);
  readonly withdraw: LeaderStore['withdraw'] = (...args) => this.#leader.withdraw(...args);
  readonly raiseProtocol: LeaderStore['raiseProtocol'] = (...args) =>
    this.#leader.raiseProtocol(...args);
  readonly resign: LeaderStore['resign'] = (...args) => this.#leader.resign(...args);
  readonly declareDead: LeaderStore['declareDead'] = (...args) => this.#leader.declareDead(...args);
  readonly orphan: LeaderStore['orphan'] = (...args) => this.#leader.orphan(...args);
  readonly forget: LeaderStore['forget'] = (...args) => this.#leader.forget(...args);
  readonly createConnectorUnit: LeaderStore['createConnectorUnit'] = (...args) =>
    this.#leader.createConnectorUnit(...args);
  readonly grant: LeaderStore['grant'] = (...args) => this.#leader.grant(...args);
  readonly revoke: LeaderStore['revoke'] = (...args) => this.#leader.revoke(...args);
  readonly sweep: LeaderStore['sweep'] = (...args) => this.#leader.sweep(...args);
  readonly pendingRequests: LeaderStore['pendingRequests'] = (...args) =>
    this.#leader.pendingRequests(...args);
  readonly applyRequest: LeaderStore['applyRequest'] = (...args) =>
    this.#leader.applyRequest(...args);
  readonly adopt: LeaderStore['adopt'] = (...args) => this.#leader.adopt(...args);
  readonly held: LeaderStore['held'] = (...args) => this.#leader.held(...args);
  readonly quarantine: LeaderStore['quarantine'] = (...args) => this.#leader.quarantine(...args);
  readonly startQuarantine: LeaderStore['startQuarantine'] = (...args) =>
    this.#leader.startQuarantine(...args);
  readonly endQuarantine: LeaderStore['endQuarantine'] = (...args) =>
    this.#leader.endQuarantine(...args);
  readonly appendEvents: LeaderStore['appendEvents'] = (...args) =>
    this.#leader.appendEvents(...args);
  readonly journalMark: LeaderStore['journalMark'] = (...args) =>
    this.#journal.journalMark(...args);
  readonly taskSets: LeaderStore['taskSets'] = (...args) => this.#journal.taskSets(...args);
  readonly restore: LeaderStore['restore'] = (...args) => this.#journal.restore(...args);
  readonly markJournaled: LeaderStore['markJournaled'] = (...args) =>
    this.#journal.markJournaled(...args);
  readonly raiseEpoch: LeaderStore['raiseEpoch'] = (...args) => this.#journal.raiseEpoch(...args);

  readonly changes: ClusterStore['changes'] = (...args) => this.#reader.changes(...args);
  readonly beats: ClusterStore['beats'] = (...args) => this.#reader.beats(...args);
  readonly leader: ClusterStore['leader'] = (...args) => this.#reader.leader(...args);
  readonly taskConfigs: ClusterStore['taskConfigs'] = (...args) =>
    this.#reader.taskConfigs(...args);
  readonly events: ClusterStore['events'] = (...args) => this.#reader.events(...args);
  readonly topics: ClusterStore['topics'] = (...args) => this.#reader.topics(...args);
  readonly forgetTopics: ClusterStore['forgetTopics'] = (...args) =>
    this.#reader.forgetTopics(...args);
  readonly loggerLevels: ClusterStore['loggerLevels'] = () => this.#reader.loggerLevels();
  readonly setLoggerLevel: ClusterStore['setLoggerLevel'] = (...args) =>
    this.#reader.setLoggerLevel(...args);
  readonly fenceOffsets: ClusterStore['fenceOffsets'] = (...args) =>
    this.#reader.fenceOffsets(...args);
  readonly submit: ClusterStore['submit'] = (...args) => this.#reader.submit(...args);
  readonly result: ClusterStore['result'] = (...args) => this.#reader.result(...args);
  readonly ping: ClusterStore['ping'] = (...args) => this.#reader.ping(...args);
}
