/** A leader's surroundings, played: a store whose records a test sets, and that remembers what it was told. */
import { type Logger, SluiceError } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';

import type { Dispatcher, RefreshJob, StartJob } from '../src/dispatch.ts';
import type {
  JournaledConnector,
  JournalMark,
  NextJournalMark,
} from '../src/journal/definition-journal.ts';
import type { LeaderLoopOptions } from '../src/leader-context.ts';
import { LeaderLoop } from '../src/leader-loop.ts';
import type { ConnectorRecord, MemberRecord, NewEvent, UnitId, UnitRecord } from '../src/model.ts';
import { type TimingProfile, timingProfiles } from '../src/profile.ts';
import type { Mutation, RequestResult, StoredRequest } from '../src/requests.ts';
import type {
  Beat,
  Changes,
  ClusterStore,
  Grant,
  GrantResult,
  HeldUnit,
  LeaderStore,
  LeaderTerm,
  LeadReply,
  LeadRequest,
  Ownership,
  RaiseReply,
  TaskSet,
} from '../src/store.ts';
import { actor, task } from './records.ts';

type RecordKind = 'connectors' | 'units' | 'members';

export class PlayedLeaderStore {
  dataset = 'data-1';
  revision = 1;
  protocol = 1;
  /** What others use; undefined: whatever whoever asks does. */
  log: string | undefined;
  /** A coordinator that is not ready for a higher version of the protocol. */
  olderCoordinator: string | undefined;
  nonce: string | undefined;
  readonly reports = new Map<string, HeldUnit[]>();
  readonly requests: StoredRequest[] = [];
  readonly events: string[] = [];
  readonly unitEvents: string[] = [];
  /** What it was told to do, in order: `grant task/a/0 → w1`. */
  readonly done: string[] = [];
  leadership: LeadReply['kind'] | 'away' = 'leading';
  isFounded = false;
  mark: JournalMark | undefined;
  readonly sets = new Map<string, TaskSet>();
  epoch = 1;
  /** What happens when a method is called, before it does anything. */
  readonly before = new Map<string, () => void>();
  beforeWholeRead: (() => Promise<void>) | undefined;
  /** Each comparison with a journal ends in one, also if nothing was lost. */
  restorations = 0;
  readonly #beats = new Map<string, Beat>();
  readonly #records = new Map<string, { revision: number; kind: RecordKind; value: unknown }>();
  /** Grants of these are refused, as if the store had moved on; conflicts are left for so many requests. */
  readonly refused = new Set<UnitId>();
  conflicts = 0;
  /** Requests that were applied by a call whose answer was lost. */
  readonly already = new Set<string>();
  #fences = 100;
  #beat = 0;

  set(...records: (MemberRecord | ConnectorRecord | UnitRecord)[]): void {
    this.revision++;
    for (const value of records) {
      const [kind, name]: [RecordKind, string] =
        'slot' in value
          ? ['members', value.worker]
          : 'unit' in value
            ? ['units', value.unit]
            : ['connectors', value.name];
      this.#records.set(`${kind}/${name}`, { revision: this.revision, kind, value });
    }
  }

  /** Goes back to what a record was, and on to a higher revision before anybody looks: the loss is not noticed. */
  goBack(value: UnitRecord | ConnectorRecord): void {
    const [kind, name]: [RecordKind, string] =
      'unit' in value ? ['units', value.unit] : ['connectors', value.name];
    this.#records.set(`${kind}/${name}`, { revision: 0, kind, value });
  }

  /** Loses a record, and goes on to a higher revision before anybody looks: the loss is not noticed. */
  lose(kind: RecordKind, name: string): void {
    this.#records.delete(`${kind}/${name}`);
  }

  remove(kind: RecordKind, name: string): void {
    this.revision++;
    this.#records.set(`${kind}/${name}`, { revision: this.revision, kind, value: undefined });
    if (kind === 'members') this.#beats.delete(name);
  }

  unit(name: UnitId): UnitRecord | undefined {
    return this.#records.get(`units/${name}`)?.value as UnitRecord | undefined;
  }

  connector(name: string): ConnectorRecord | undefined {
    return this.#records.get(`connectors/${name}`)?.value as ConnectorRecord | undefined;
  }

  beatOf(worker: string, { isAnswered = true }: { isAnswered?: boolean } = {}): void {
    const beat = ++this.#beat;
    const ackedBeat = isAnswered ? beat - 1 : (this.#beats.get(worker)?.ackedBeat ?? 0);
    this.#beats.set(worker, { worker, beat, ageMs: 0, ackedBeat });
  }

  /** Another data set: empty. */
  loseData(): void {
    this.dataset += '!';
    this.mark = undefined;
    this.revision = 1;
    this.#records.clear();
    this.#beats.clear();
  }

  readonly store: LeaderStore & ClusterStore = {
    lead: async (request) => this.#lead(request),
    withdraw: async () => {},
    raiseProtocol: async (_term, version) => this.#raise(version),
    resign: async () => this.#did('resign'),
    declareDead: async (_term, worker, incarnation, beat) => {
      this.#did('declareDead', worker);
      if (this.#beats.get(worker)?.beat !== beat) return 'alive';
      const record = this.#records.get(`members/${worker}`)?.value as MemberRecord | undefined;
      if (record?.incarnation === incarnation) this.set({ ...record, state: 'dead' });
      return 'dead';
    },
    orphan: async (_term, worker, incarnation) => this.#orphan(worker, incarnation),
    forget: async (_term, worker, incarnation) => {
      this.#did('forget', worker);
      const record = this.#records.get(`members/${worker}`)?.value as MemberRecord | undefined;
      if (record?.incarnation === incarnation) this.remove('members', worker);
      return true;
    },
    createConnectorUnit: async (_term, connector) => {
      this.#did('createConnectorUnit', connector);
      this.set(actor(connector));
    },
    grant: async (_term, grants) => this.#grant(grants),
    revoke: async (_term, units) => this.#revoke(units),
    sweep: async (_term, units, connectors) => this.#did('sweep', [...units, ...connectors].join()),
    pendingRequests: async () => {
      this.before.get('pendingRequests')?.();
      return [...this.requests];
    },
    applyRequest: async (_term, request, mutation, result, events, mark) =>
      this.#apply(request, mutation, result, events, mark),
    adopt: async (_term, worker, _incarnation, units) => {
      this.#did('adopt', `${worker}: ${units.map(({ unit }) => unit).join()}`);
      return units.map(() => true);
    },
    held: async () => this.reports,
    quarantine: async () => this.nonce,
    startQuarantine: async () => {
      this.#did('startQuarantine');
      this.nonce ??= `nonce of ${this.dataset}`;
    },
    endQuarantine: async () => {
      this.#did('endQuarantine');
      this.nonce = undefined;
      return true;
    },
    appendEvents: async (_term, events) => {
      this.before.get('appendEvents')?.();
      for (const { type, message } of events) {
        const list = type.startsWith('unit.') ? this.unitEvents : this.events;
        list.push(`${type}: ${message}`);
      }
    },
    journalMark: async () => {
      this.before.get('journalMark')?.();
      return this.mark;
    },
    taskSets: async (names) => names.map((name) => this.sets.get(name)),
    restore: async (_term, connectors) => {
      this.restorations++;
      for (const connector of connectors) this.#restore(connector);
    },
    markJournaled: async (_term, sets, mark) => {
      this.before.get('markJournaled')?.();
      if (!this.#isAfter(mark)) return false;
      this.#note(mark);
      for (const { connector, epoch } of sets) {
        this.#did('journaled', `${connector} ${epoch}`);
        const record = this.#records.get(`connectors/${connector}`)?.value as ConnectorRecord;
        this.set({ ...record, journaledEpoch: epoch });
      }
      return true;
    },
    raiseEpoch: async (_term, epoch) => {
      this.#did('raiseEpoch', `${epoch}`);
      this.epoch = epoch + 1;
    },
    changes: async (since, dataset) => {
      if (since === 0) await this.beforeWholeRead?.();
      return this.#changes(since, dataset);
    },
    beats: async () => [...this.#beats.values()],
    leader: async () => undefined,
    taskConfigs: async () => [],
    events: async () => [],
    submit: async () => {},
    result: async () => undefined,
    topics: async () => [],
    forgetTopics: async () => {},
    loggerLevels: async () => new Map(),
    setLoggerLevel: async () => {},
    fenceOffsets: async () => ({ kind: 'unknown' }),
    ping: async () => {},
  };

  #raise(version: number): RaiseReply {
    this.#did('raiseProtocol', `${version}`);
    if (this.olderCoordinator !== undefined) return { kind: 'refused', by: this.olderCoordinator };
    this.protocol = version;
    return { kind: 'raised' };
  }

  async #lead({ coordinator, log, abandonedLog }: LeadRequest): Promise<LeadReply> {
    if (this.leadership === 'away') throw unreachable();
    if (this.leadership === 'refused') {
      return { kind: 'refused', disagreement: { about: 'protocol', inUse: this.protocol } };
    }
    if (this.log !== undefined && this.log !== log && this.log !== abandonedLog) {
      return { kind: 'refused', disagreement: { about: 'log', inUse: this.log } };
    }
    if (this.log !== undefined) this.log = log;
    if (this.leadership === 'following') {
      return { kind: 'following', observed: `${this.revision}`, leader: 'another' };
    }
    const term: LeaderTerm = { coordinator, epoch: this.epoch };
    return { kind: 'leading', term, elected: true, founded: this.isFounded };
  }

  #restore({ tasks, unit: _unit, ...definition }: JournaledConnector): void {
    this.#did('restore', definition.name);
    const { name, uid, taskEpoch } = definition;
    this.set({ ...definition, taskCount: tasks.length, journaledEpoch: taskEpoch });
    this.set(actor(name, { uid }));
    for (const [number, { ordinal }] of tasks.entries()) {
      this.set(task(name, number, { uid, epoch: taskEpoch, ordinal }));
    }
  }

  #changes(since: number, known: string | undefined): Changes {
    this.before.get('changes')?.();
    const kind = known === this.dataset && since <= this.revision && since > 0 ? 'delta' : 'full';
    const changed = { connectors: new Map(), units: new Map(), members: new Map() };
    for (const [name, record] of this.#records) {
      if (kind === 'delta' ? record.revision <= since : record.value === undefined) continue;
      changed[record.kind].set(name.slice(record.kind.length + 1), record.value);
    }
    const { dataset, revision, protocol } = this;
    return { kind, dataset, revision, protocol, ...changed };
  }

  #grant(grants: readonly Grant[]): GrantResult[] {
    this.before.get('grant')?.();
    return grants.map(({ unit, worker, incarnation, epoch }): GrantResult => {
      const record = this.unit(unit);
      if (record?.state !== 'free' || this.refused.has(unit))
        return { kind: 'refused', reason: 'owned' };
      this.done.push(`grant ${unit} → ${worker}`);
      const fence = ++this.#fences;
      this.set({ ...record, state: 'granted', worker, incarnation, heldEpoch: epoch, fence });
      return { kind: 'granted', fence };
    });
  }

  /** The worker takes what it was granted. */
  claim(unit: UnitId): void {
    const record = this.unit(unit);
    if (record?.state === 'granted') this.set({ ...record, state: 'claimed' });
  }

  #revoke(units: readonly Ownership[]): UnitRecord['state'][] {
    this.before.get('revoke')?.();
    return units.map(({ unit }) => {
      this.done.push(`revoke ${unit}`);
      const record = this.unit(unit);
      if (record?.state === 'claimed') this.set({ ...record, state: 'revoking' });
      return 'revoking';
    });
  }

  #orphan(worker: string, incarnation: string): UnitId[] {
    this.#did('orphan', worker);
    const freed: UnitId[] = [];
    for (const { kind, value } of this.#records.values()) {
      if (kind !== 'units' || !value) continue;
      const record = value as UnitRecord;
      if (record.incarnation !== incarnation) continue;
      const { worker: _worker, incarnation: _incarnation, heldEpoch: _epoch, ...rest } = record;
      this.set({ ...rest, state: 'free', lastWorker: worker });
      freed.push(record.unit);
    }
    return freed;
  }

  #isAfter({ after }: NextJournalMark): boolean {
    if (after === undefined) return true;
    return after?.journal === this.mark?.journal && after?.position === this.mark?.position;
  }

  #note({ journal, position }: NextJournalMark): void {
    this.mark = { journal, position };
  }

  #apply(
    request: Pick<StoredRequest, 'id'>,
    mutation: Mutation,
    result: RequestResult,
    events: readonly NewEvent[],
    mark: NextJournalMark | undefined,
  ): 'applied' | 'already' | 'conflict' {
    this.#did('applyRequest', request.id);
    if (this.conflicts > 0) {
      this.conflicts--;
      return 'conflict';
    }
    const pending = this.requests.findIndex(({ id }) => id === request.id);
    if (this.already.has(request.id)) {
      this.requests.splice(pending, 1);
      return 'already';
    }
    if (mark && !this.#isAfter(mark)) return 'conflict';
    if (pending >= 0) this.requests.splice(pending, 1);
    for (const { record } of mutation.connectors) this.set(record);
    if (mark) this.#note(mark);
    for (const { type } of events) this.events.push(type);
    this.done.push(`result ${result.kind}`);
    return 'applied';
  }

  #did(method: string, what = ''): void {
    this.before.get(method)?.();
    this.done.push(what === '' ? method : `${method} ${what}`);
  }
}

export class LeaderWorld {
  readonly clock = new FakeClock();
  readonly played = new PlayedLeaderStore();
  readonly profile: TimingProfile;
  readonly jobs: string[] = [];
  readonly forgotten: string[] = [];
  readonly leaderships: boolean[] = [];
  readonly refusals: string[] = [];
  readonly logged: string[] = [];
  readonly loop: LeaderLoop;

  constructor(options: Partial<LeaderLoopOptions> = {}) {
    this.profile = options.profile ?? timingProfiles.default;
    this.loop = new LeaderLoop({
      coordinator: 'c1',
      store: this.played.store,
      dispatcher: this.#dispatcher(),
      clock: this.clock,
      logger: this.#logger(),
      profile: this.profile,
      movement: 'minimal',
      log: 'redis',
      onRefused: ({ code }) => this.refusals.push(code),
      onLeadership: (leads) => this.leaderships.push(leads),
      ...options,
    });
  }

  async started(): Promise<this> {
    await this.loop.start();
    await this.ticks(1);
    return this;
  }

  /** Time passes tick by tick; the given workers beat with each, and are answered. */
  async ticks(count: number, ...beating: string[]): Promise<void> {
    for (let tick = 0; tick < count; tick++) {
      for (const worker of beating) this.played.beatOf(worker);
      await this.clock.advance(this.profile.tickMs);
    }
  }

  #dispatcher(): Dispatcher {
    return {
      start: async (jobs: readonly StartJob[]) => {
        for (const { unit, worker, reason } of jobs) {
          this.jobs.push(`start ${unit} on ${worker}: ${reason}`);
        }
      },
      refresh: async (jobs: readonly RefreshJob[]) => {
        for (const { worker, reason } of jobs) this.jobs.push(`refresh ${worker}: ${reason}`);
      },
      forget: async (worker: string) => {
        this.forgotten.push(worker);
      },
    };
  }

  #logger(): Logger {
    const log =
      (level: string) =>
      (_fields: object, message: string): void => {
        this.logged.push(`${level} ${message}`);
      };
    const logger: Logger = {
      debug: log('debug'),
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
      child: () => logger,
    };
    return logger;
  }
}

export function unreachable(): SluiceError {
  return new SluiceError('store.unreachable', 'Redis does not answer', { retriable: true });
}

export function notLeader(): SluiceError {
  return new SluiceError('coordination.not_leader', 'another coordinator leads');
}
