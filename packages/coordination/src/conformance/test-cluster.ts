/**
 * A cluster for one test: an empty store, a leader, and shorthand for what most tests need first. What it
 * arranges has to work; what a test is about, it asks of `store` itself.
 */
import { assert } from '@sluice/kernel';

import { protocolSpoken } from '../agreement.ts';
import type { ConnectorRecord, UnitId, UnitRecord } from '../model.ts';
import { connectorUnit, taskUnit } from '../model.ts';
import type { ConnectorMutation, Mutation, RequestResult, StoredRequest } from '../requests.ts';
import type {
  AssignedUnit,
  BeatReply,
  Changes,
  ClaimResult,
  CoordinationStore,
  JoinRequest,
  LeaderTerm,
  LeadRequest,
  Ownership,
} from '../store.ts';

export interface StoreUnderTest {
  /** Empty: nothing was ever stored. */
  readonly store: CoordinationStore;
  /** Lets this much time pass, as far as the store can tell. */
  elapse(ms: number): Promise<void>;
  /** Everything is forgotten. */
  loseData(): Promise<void>;
  /** Returns what puts the store back to the state that it has now. */
  saveData(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Called once for each test. */
export type MakeStore = () => Promise<StoreUnderTest>;

export interface TestMember {
  readonly worker: string;
  readonly incarnation: string;
  readonly dataset: string;
  readonly beat: number;
  readonly revision: number;
  readonly slot: number;
}

export type MutationPart = Partial<Mutation>;

const done: RequestResult = { kind: 'done', connectors: [] };

export class TestCluster {
  readonly store: CoordinationStore;
  readonly under: StoreUnderTest;
  readonly term: LeaderTerm;
  #ids = 0;

  constructor(under: StoreUnderTest, term: LeaderTerm) {
    this.under = under;
    this.store = under.store;
    this.term = term;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.under.close();
  }

  /** A term that is over. */
  get formerTerm(): LeaderTerm {
    return { ...this.term, epoch: this.term.epoch - 1 };
  }

  newId(prefix: string): string {
    this.#ids++;
    return `${prefix}-${this.#ids}`;
  }

  async join(worker: string, changes: Partial<JoinRequest> = {}): Promise<TestMember> {
    const request = joinRequest(worker, this.newId(worker), changes);
    const reply = await this.store.join(request);
    assert(reply.kind === 'joined', `${worker} should have joined and was told ${reply.kind}`);
    const { kind: _, ...facts } = reply;
    return { worker, incarnation: request.incarnation, ...facts };
  }

  async beat(
    { worker, incarnation, dataset, beat }: TestMember,
    changes: { dataset?: string; beatSeen?: number; revisionSeen?: number } = {},
  ): Promise<BeatReply> {
    const seen = { beatSeen: beat, revisionSeen: 0, ackedBeat: beat };
    return this.store.beat({ worker, incarnation, dataset, ...seen, ...changes });
  }

  async assignmentRevision(member: TestMember): Promise<number> {
    const reply = await this.beat(member);
    assert(reply.kind === 'ok', `the beat should be ok and was ${reply.kind}`);
    return reply.assignmentRevision;
  }

  /** As the leader does once the beat stood still long enough. */
  async declareDead({ worker, incarnation }: TestMember): Promise<'dead' | 'alive'> {
    const beat = (await this.store.beats()).find((each) => each.worker === worker)?.beat ?? 0;
    return this.store.declareDead(this.term, worker, incarnation, beat);
  }

  async kill(member: TestMember): Promise<void> {
    assert((await this.declareDead(member)) === 'dead', `${member.worker} should be dead`);
  }

  async apply(
    mutation: MutationPart,
    request: StoredRequest = this.request(),
  ): Promise<'applied' | 'conflict' | 'already'> {
    const whole = { connectors: [], restart: [], ...mutation };
    return this.store.applyRequest(this.term, request, whole, done, []);
  }

  request(id: string = this.newId('request')): StoredRequest {
    return { id, position: '1-1', body: { op: 'target', connector: 'any', state: 'STARTED' } };
  }

  /** Creates a connector. */
  async define(name: string, changes: Partial<ConnectorRecord> = {}): Promise<ConnectorRecord> {
    const record = connectorRecord(name, { uid: this.newId('uid'), ...changes });
    await this.#mustApply({ record });
    return this.connector(name);
  }

  /** Alters a connector from what it is now. */
  async alter(
    name: string,
    changes: Partial<ConnectorRecord>,
    options: Pick<ConnectorMutation, 'retireTasks' | 'retireConnector'> = {},
  ): Promise<void> {
    const record = await this.connector(name);
    await this.#mustApply({ record: { ...record, ...changes }, expected: record, ...options });
  }

  async stop(name: string): Promise<void> {
    await this.alter(name, { targetState: 'STOPPED' }, { retireTasks: true });
  }

  async delete(name: string): Promise<void> {
    const options = { retireTasks: true, retireConnector: true };
    await this.alter(name, { lifecycle: 'deleting' }, options);
  }

  async #mustApply(connector: ConnectorMutation): Promise<void> {
    const outcome = await this.apply({ connectors: [connector] });
    assert(outcome === 'applied', `the request should be applied and was ${outcome}`);
  }

  /** Grants a unit as it is wanted now; returns its fence. */
  async grant(unit: UnitId, { worker, incarnation }: TestMember): Promise<number> {
    const { uid, epoch } = await this.unit(unit);
    const grant = { unit, uid, epoch, worker, incarnation };
    const [result] = await this.store.grant(this.term, [grant]);
    assert(result?.kind === 'granted', `${unit} should be granted: ${JSON.stringify(result)}`);
    return result.fence;
  }

  /** Why a unit as it is wanted now is not granted; undefined if it is. */
  async grantRefusal(
    unit: UnitId,
    { worker, incarnation }: TestMember,
    changes: { uid?: string; epoch?: number } = {},
  ): Promise<string | undefined> {
    const record = (await this.everything()).units.get(unit);
    const { uid, epoch } = record ?? { uid: '', epoch: 0 };
    const grant = { unit, uid, epoch, worker, incarnation, ...changes };
    const [result] = await this.store.grant(this.term, [grant]);
    return result?.kind === 'refused' ? result.reason : undefined;
  }

  async claim(member: TestMember, unit: UnitId, fence: number): Promise<ClaimResult> {
    const { worker, incarnation } = member;
    const [result] = await this.store.claim(worker, incarnation, [{ unit, fence }]);
    assert(result !== undefined, 'a claim is answered');
    return result;
  }

  /** Grants and claims; returns the fence. */
  async own(unit: UnitId, member: TestMember): Promise<number> {
    const fence = await this.grant(unit, member);
    const { kind } = await this.claim(member, unit, fence);
    assert(kind === 'claimed', `${unit} should be claimed and was ${kind}`);
    return fence;
  }

  async release(member: TestMember, unit: UnitId, fence: number): Promise<boolean> {
    const [released] = await this.store.release(member.worker, member.incarnation, [
      { unit, fence },
    ]);
    return released === true;
  }

  async revoke(...units: Ownership[]): Promise<(UnitRecord['state'] | undefined)[]> {
    return this.store.revoke(this.term, units);
  }

  /** The owner of a connector publishes that many tasks. */
  async publish(name: string, owner: TestMember, tasks: number): Promise<number> {
    const { connectors, units } = await this.everything();
    const record = connectors.get(name);
    assert(record, `connector ${name} should exist`);
    const { uid, version } = record;
    const fence = units.get(connectorUnit(name))?.fence ?? 0;
    const { worker, incarnation } = owner;
    const result = await this.store.publishTasks({
      connector: name,
      uid,
      worker,
      incarnation,
      fence,
      definitionVersion: version,
      configs: taskConfigs(tasks),
    });
    assert(result.kind === 'published', `tasks should be published: ${result.kind}`);
    return result.epoch;
  }

  /** A connector that a member runs, with its tasks published and free. */
  async run(name: string, owner: TestMember, tasks: number): Promise<ConnectorRecord> {
    await this.define(name);
    await this.own(connectorUnit(name), owner);
    await this.publish(name, owner, tasks);
    return this.connector(name);
  }

  /** A connector with one task, which a member owns. */
  async runTask(name: string, owner: TestMember): Promise<{ unit: UnitId; fence: number }> {
    await this.run(name, owner, 1);
    const unit = taskUnit(name, 0);
    return { unit, fence: await this.own(unit, owner) };
  }

  async everything(): Promise<Changes> {
    return this.store.changes(0, undefined);
  }

  async connector(name: string): Promise<ConnectorRecord> {
    const record = (await this.everything()).connectors.get(name);
    assert(record, `connector ${name} should exist`);
    return record;
  }

  async unit(unit: UnitId): Promise<UnitRecord> {
    const record = (await this.everything()).units.get(unit);
    assert(record, `unit ${unit} should exist`);
    return record;
  }

  async exists(unit: UnitId): Promise<boolean> {
    return (await this.everything()).units.has(unit);
  }

  async assigned({ worker, incarnation }: TestMember): Promise<AssignedUnit[]> {
    const { units } = await this.store.assignments(worker, incarnation);
    return units.toSorted((a, b) => (a.unit < b.unit ? -1 : 1));
  }
}

/** `changes`: of its leader. */
export async function startTestCluster(
  make: MakeStore,
  changes: Partial<LeadRequest> = {},
): Promise<TestCluster> {
  const under = await make();
  const reply = await under.store.lead(leadRequest('coordinator', 3_600_000, changes));
  assert(reply.kind === 'leading', 'the first coordinator should lead');
  return new TestCluster(under, reply.term);
}

export function leadRequest(
  coordinator: string,
  leaseMs: number,
  changes: Partial<LeadRequest> = {},
): LeadRequest {
  return { coordinator, leaseMs, protocol: protocolSpoken, log: 'redis', ...changes };
}

export function joinRequest(
  worker: string,
  incarnation: string,
  changes: Partial<JoinRequest> = {},
): JoinRequest {
  return {
    worker,
    incarnation,
    pid: 4711,
    host: 'host.example',
    address: 'host.example:8090',
    protocol: protocolSpoken,
    log: 'redis',
    leaseMs: 4_000,
    plugins: [],
    holding: [],
    ...changes,
  };
}

export function connectorRecord(
  name: string,
  changes: Partial<ConnectorRecord> = {},
): ConnectorRecord {
  return {
    name,
    uid: `uid of ${name}`,
    version: 1,
    config: { name, 'connector.class': 'Clock' },
    type: 'source',
    targetState: 'STARTED',
    lifecycle: 'live',
    taskEpoch: 0,
    taskCount: 0,
    taskVersion: 0,
    createdAtMs: 0,
    ...changes,
  };
}

export function taskConfigs(tasks: number): Record<string, string>[] {
  return Array.from({ length: tasks }, (_, task) => ({ 'task.id': `${task}`, of: `${tasks}` }));
}
