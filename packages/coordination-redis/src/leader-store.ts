/** What only a leader may do. Every script checks its term. */
import type {
  ConnectorMutation,
  Grant,
  GrantResult,
  HeldUnit,
  LeaderStore,
  LeaderTerm,
  LeadReply,
  LeadRequest,
  Mutation,
  NewEvent,
  NextJournalMark,
  Ownership,
  OwnershipState,
  RaiseReply,
  RequestBody,
  RequestResult,
  StoredRequest,
  UnitId,
} from '@sluice/coordination';
import { hasCode, isObject, newId } from '@sluice/kernel';

import { batchUnitsMax, inBatches, isOne } from './batches.ts';
import { type JournalSide, markArguments } from './journal-side.ts';
import { parseJson, type Reads, streamEntries } from './reads.ts';
import { readDisagreement } from './reply.ts';
import type { Argument, Scripts } from './scripts.ts';

/** A client that asks again under the same id within this time gets the same answer. */
const resultsKeptMs = 7 * 24 * 3_600_000;
/** A coordinator asks to lead several times within each lease. One that comes back later is refused, if it has to be. */
const coordinatorGoneMs = 60_000;

export class RedisLeaderStore implements Omit<LeaderStore, keyof JournalSide> {
  readonly #scripts: Scripts;
  readonly #reads: Reads;

  constructor(scripts: Scripts, reads: Reads) {
    this.#scripts = scripts;
    this.#reads = reads;
  }

  async lead(request: LeadRequest): Promise<LeadReply> {
    const { coordinator, leaseMs, takeOver, protocol, log, abandonedLog } = request;
    const reply = await this.#scripts.run('lead', [
      coordinator,
      Math.ceil(leaseMs),
      takeOver ?? '',
      newId(),
      protocol.min,
      protocol.max,
      log,
      abandonedLog ?? '',
    ]);
    const kind = reply.at(0).status('leading', 'following', 'refused');
    if (kind === 'refused') return { kind, disagreement: readDisagreement(reply) };
    if (kind === 'following') {
      return { kind, observed: reply.at(1).text(), leader: reply.at(2).text() };
    }
    return {
      kind,
      term: { coordinator, epoch: reply.at(1).integer() },
      elected: reply.at(2).status('0', '1') === '1',
      founded: reply.at(3).status('0', '1') === '1',
    };
  }

  async withdraw(coordinator: string): Promise<void> {
    (await this.#scripts.run('withdraw', [coordinator])).status('withdrawn');
  }

  async raiseProtocol(term: LeaderTerm, version: number): Promise<RaiseReply> {
    const args = [version, coordinatorGoneMs];
    const reply = await this.#scripts.runAsLeader('raise-protocol', term, args);
    const kind = reply.at(0).status('raised', 'refused');
    return kind === 'raised' ? { kind } : { kind, by: reply.at(1).text() };
  }

  async resign(term: LeaderTerm): Promise<void> {
    try {
      await this.#scripts.runAsLeader('resign', term, []);
    } catch (error) {
      if (!hasCode(error, 'coordination.not_leader')) throw error;
    }
  }

  async declareDead(
    term: LeaderTerm,
    worker: string,
    incarnation: string,
    beatSeen: number,
  ): Promise<'dead' | 'alive'> {
    const args = [worker, incarnation, beatSeen];
    return (await this.#scripts.runAsLeader('declare-dead', term, args)).status('dead', 'alive');
  }

  async orphan(
    term: LeaderTerm,
    worker: string,
    incarnation: string,
    max: number,
  ): Promise<UnitId[]> {
    const freed: UnitId[] = [];
    while (freed.length < max) {
      const atMost = Math.min(batchUnitsMax, max - freed.length);
      const args = [worker, incarnation, atMost];
      const reply = await this.#scripts.runAsLeader('orphan', term, args);
      if (reply.is('alive')) break;
      const units = reply.texts();
      freed.push(...units);
      if (units.length < atMost) break;
    }
    return freed;
  }

  async forget(term: LeaderTerm, worker: string, incarnation: string): Promise<boolean> {
    const reply = await this.#scripts.runAsLeader('forget', term, [worker, incarnation]);
    return reply.status('forgotten', 'refused') === 'forgotten';
  }

  async createConnectorUnit(term: LeaderTerm, connector: string, uid: string): Promise<void> {
    const reply = await this.#scripts.runAsLeader('create-connector-unit', term, [connector, uid]);
    reply.status('created', 'refused');
  }

  async grant(term: LeaderTerm, grants: readonly Grant[]): Promise<GrantResult[]> {
    return inBatches(grants, async (batch) => {
      const args = batch.flatMap((grant): Argument[] => [
        grant.unit,
        grant.uid,
        grant.epoch,
        grant.worker,
        grant.incarnation,
      ]);
      const reply = await this.#scripts.runAsLeader('grant', term, args);
      return reply.rows(2).map((row): GrantResult => {
        const kind = row.at(0).status('granted', 'refused');
        return kind === 'granted'
          ? { kind, fence: row.at(1).integer() }
          : { kind, reason: row.at(1).text() };
      });
    });
  }

  async revoke(
    term: LeaderTerm,
    units: readonly Ownership[],
  ): Promise<(OwnershipState | undefined)[]> {
    return inBatches(units, async (batch) => {
      const args = batch.flatMap(({ unit, fence }): Argument[] => [unit, fence]);
      const reply = await this.#scripts.runAsLeader('revoke', term, args);
      return reply.list().map((each) => {
        const state = each.status('free', 'granted', 'claimed', 'revoking', 'gone');
        return state === 'gone' ? undefined : state;
      });
    });
  }

  async sweep(
    term: LeaderTerm,
    units: readonly UnitId[],
    connectors: readonly string[],
  ): Promise<void> {
    const most = Math.max(units.length, connectors.length);
    for (let from = 0; from < most; from += batchUnitsMax) {
      const some = units.slice(from, from + batchUnitsMax);
      const names = connectors.slice(from, from + batchUnitsMax);
      const args = [some.length, ...some, ...names];
      (await this.#scripts.runAsLeader('sweep', term, args)).status('swept');
    }
  }

  async pendingRequests(max: number): Promise<StoredRequest[]> {
    const entries = await this.#reads.run('requests', (redis, keys) =>
      redis.xrange(keys.of('requests'), '-', '+', 'COUNT', max),
    );
    return streamEntries(entries).map(({ id, fields }) => ({
      id: fields.get('id') ?? id,
      position: id,
      body: requestBody(fields.get('body')),
    }));
  }

  async applyRequest(
    term: LeaderTerm,
    request: Pick<StoredRequest, 'id' | 'position'>,
    mutation: Mutation,
    result: RequestResult,
    events: readonly NewEvent[],
    mark?: NextJournalMark,
  ): Promise<'applied' | 'conflict' | 'already'> {
    const reply = await this.#scripts.runAsLeader('apply-request', term, [
      request.id,
      request.position,
      JSON.stringify(result),
      resultsKeptMs,
      mutation.worker?.worker ?? '',
      mutation.worker?.incarnation ?? '',
      mutation.worker?.change ?? '',
      ...(mark ? markArguments(mark) : ['', '']),
      mutation.connectors.length,
      ...mutation.connectors.flatMap(mutationArguments),
      mutation.restart.length,
      ...mutation.restart,
      ...events.flatMap(eventArguments),
    ]);
    return reply.status('applied', 'conflict', 'already');
  }

  async adopt(
    term: LeaderTerm,
    worker: string,
    incarnation: string,
    units: readonly HeldUnit[],
  ): Promise<boolean[]> {
    return inBatches(units, async (batch) => {
      const args = batch.flatMap(({ unit, uid, epoch, fence }) => [unit, uid, epoch, fence]);
      const reply = await this.#scripts.runAsLeader('adopt', term, [worker, incarnation, ...args]);
      return reply.list().map(isOne);
    });
  }

  async held(): Promise<ReadonlyMap<string, readonly HeldUnit[]>> {
    const reports = await this.#reads.run('reports', (redis, keys) =>
      redis.hgetall(keys.of('reports')),
    );
    return new Map(
      Object.entries(reports).map(([incarnation, report]) => [
        incarnation,
        parseJson(`report of ${incarnation}`, report) as HeldUnit[],
      ]),
    );
  }

  async quarantine(): Promise<string | undefined> {
    const nonce = await this.#reads.run('quarantine', (redis, keys) =>
      redis.get(keys.of('quarantine')),
    );
    return nonce ?? undefined;
  }

  async startQuarantine(term: LeaderTerm): Promise<void> {
    const reply = await this.#scripts.runAsLeader('start-quarantine', term, [newId()]);
    reply.status('started', 'running');
  }

  async endQuarantine(term: LeaderTerm, nonce: string): Promise<boolean> {
    const reply = await this.#scripts.runAsLeader('end-quarantine', term, [nonce]);
    return reply.status('ended', 'refused') === 'ended';
  }

  async appendEvents(term: LeaderTerm, events: readonly NewEvent[]): Promise<void> {
    const args = events.flatMap(eventArguments);
    (await this.#scripts.runAsLeader('append-events', term, args)).status('appended');
  }
}

/** One that cannot be read is refused like one of an unknown kind: it must not keep the others waiting. */
function requestBody(text: string | undefined): RequestBody {
  const unreadable = { op: 'unreadable' } as unknown as RequestBody;
  try {
    const body: unknown = JSON.parse(text ?? '');
    return isObject(body) ? (body as unknown as RequestBody) : unreadable;
  } catch {
    return unreadable;
  }
}

function mutationArguments(mutation: ConnectorMutation): Argument[] {
  const { record, expected, retireTasks, retireConnector } = mutation;
  return [
    record.name,
    expected ? '1' : '0',
    expected?.version ?? '',
    expected?.uid ?? '',
    expected?.targetState ?? '',
    expected?.lifecycle ?? '',
    record.uid,
    record.version,
    JSON.stringify(record.config),
    record.type,
    record.targetState,
    record.lifecycle,
    record.taskEpoch,
    retireTasks ? '1' : '0',
    retireConnector ? '1' : '0',
  ];
}

function eventArguments({ type, message, facts }: NewEvent): Argument[] {
  return [type, message, JSON.stringify(facts)];
}
