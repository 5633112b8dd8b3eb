/**
 * A worker's surroundings, played: a store that keeps what it is told and can be made to answer late or
 * not at all, and a runner that remembers what it was asked.
 */
import { SluiceError } from '@sluice/kernel';

import type { PluginInfo, StatusReport, TargetState, UnitId } from '../src/model.ts';
import type {
  AnnounceReply,
  AssignedUnit,
  Assignments,
  BeatReply,
  BeatRequest,
  ClaimResult,
  JoinReply,
  JoinRequest,
  Ownership,
  PublishResult,
  PublishTasks,
  UsedTopics,
  WorkerStore,
} from '../src/store.ts';
import type { LeaseDeadlines, RunnableUnit, UnitRunner } from '../src/worker/unit-runner.ts';

export function unreachable(): SluiceError {
  return new SluiceError('store.unreachable', 'Redis does not answer', { retriable: true });
}

export interface StoredUnit {
  fence: number;
  state: 'granted' | 'claimed' | 'revoking';
  restarts: number;
  uid: string;
  epoch: number;
}

type Method = keyof WorkerStore;

/** Of one worker. What it answers is computed when it is asked; a gate only delays that it is told. */
export class PlayedStore implements WorkerStore {
  readonly units = new Map<UnitId, StoredUnit>();
  readonly calls: {
    readonly method: Method;
    readonly incarnation: string;
    readonly args: unknown;
  }[] = [];
  readonly statuses = new Map<UnitId, string>();
  readonly published: PublishTasks[] = [];
  revision = 1;
  dataset = 'data';
  quarantined = false;
  targetState: TargetState = 'STARTED';
  definitionVersion = 1;
  config: Readonly<Record<string, string>> = {};
  /** Not a member any more. */
  isDead = false;
  plugins: readonly PluginInfo[] = [];
  publishAnswer: PublishResult['kind'] = 'published';
  beatAnswers: BeatReply[] = [];
  joinAnswers: JoinReply[] = [];
  #beat = 0;
  #state: 'up' | 'draining' = 'up';
  readonly #failing = new Map<Method, number>();
  readonly #errors = new Map<Method, Error>();
  readonly #unanswered = new Map<Method, number>();
  readonly #gates = new Map<Method, Promise<void>[]>();

  grant(unit: UnitId, fence: number, rest: Partial<StoredUnit> = {}): void {
    const fields = { fence, restarts: 0, uid: 'uid', epoch: 1, ...rest };
    this.units.set(unit, { state: 'granted', ...fields });
    this.revision++;
  }

  revoke(unit: UnitId): void {
    const stored = this.units.get(unit);
    if (stored) stored.state = 'revoking';
    this.revision++;
  }

  change(
    changes: Partial<Pick<PlayedStore, 'targetState' | 'definitionVersion' | 'config'>>,
  ): void {
    Object.assign(this, changes);
    this.revision++;
  }

  /** The next calls do not reach it. */
  fail(method: Method, times = 1): void {
    this.#failing.set(method, times);
  }

  /** The next call fails for another reason. */
  failWith(method: Method, error: Error): void {
    this.#errors.set(method, error);
  }

  /** The next calls reach it, and no answer comes back. */
  loseAnswers(method: Method, times = 1): void {
    this.#unanswered.set(method, times);
  }

  /** The answer to the next call is held back until the returned function is called. */
  hold(method: Method): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gates.set(method, [...(this.#gates.get(method) ?? []), promise]);
    return resolve;
  }

  callsOf(method: Method): unknown[] {
    return this.calls.filter((call) => call.method === method).map(({ args }) => args);
  }

  async join(request: JoinRequest): Promise<JoinReply> {
    return this.#answer('join', request.incarnation, request, () => {
      const next = this.joinAnswers.shift();
      if (next) return next;
      this.#state = 'up';
      this.plugins = request.plugins;
      return { kind: 'joined', slot: 0, dataset: this.dataset, beat: ++this.#beat, revision: 1 };
    });
  }

  async beat(request: BeatRequest): Promise<BeatReply> {
    return this.#answer('beat', request.incarnation, request, () => {
      const next = this.beatAnswers.shift();
      if (next) return next;
      const assignmentRevision = this.revision;
      return { ...okBeat, beat: ++this.#beat, assignmentRevision, state: this.#state };
    });
  }

  async announce(
    _worker: string,
    incarnation: string,
    plugins: readonly PluginInfo[],
  ): Promise<AnnounceReply> {
    return this.#answer('announce', incarnation, plugins, () => {
      if (this.isDead) return 'refused';
      const isSame = this.plugins === plugins;
      this.plugins = plugins;
      return isSame ? 'unchanged' : 'announced';
    });
  }

  async drain(_worker: string, incarnation: string, options: { returns: boolean }): Promise<void> {
    return this.#answer('drain', incarnation, options, () => {
      this.#state = 'draining';
    });
  }

  async leave(_worker: string, incarnation: string): Promise<boolean> {
    return this.#answer('leave', incarnation, undefined, () => this.units.size === 0);
  }

  async assignments(_worker: string, incarnation: string): Promise<Assignments> {
    return this.#answer('assignments', incarnation, undefined, () => ({
      revision: this.revision,
      dataset: this.dataset,
      beat: Number.MAX_SAFE_INTEGER,
      quarantined: this.quarantined,
      units: this.isDead ? [] : [...this.units].map((entry) => this.#assigned(...entry)),
    }));
  }

  #assigned(unit: UnitId, { state, ...stored }: StoredUnit): AssignedUnit {
    return {
      unit,
      ...stored,
      order: state === 'revoking' ? 'stop' : 'run',
      claimed: state !== 'granted',
      targetState: this.targetState,
      definitionVersion: this.definitionVersion,
    };
  }

  async claim(
    _worker: string,
    incarnation: string,
    units: readonly Ownership[],
  ): Promise<ClaimResult[]> {
    return this.#answer('claim', incarnation, units, () =>
      units.map(({ unit, fence }): ClaimResult => {
        const stored = this.units.get(unit);
        if (this.isDead || stored?.fence !== fence || stored.state === 'revoking') {
          return { kind: 'stale' };
        }
        stored.state = 'claimed';
        return {
          kind: 'claimed',
          uid: stored.uid,
          epoch: stored.epoch,
          restarts: stored.restarts,
          targetState: this.targetState,
          definitionVersion: this.definitionVersion,
          config: this.config,
          connectorType: 'source',
          taskCount: 1,
        };
      }),
    );
  }

  async release(
    _worker: string,
    incarnation: string,
    units: readonly Ownership[],
  ): Promise<boolean[]> {
    return this.#answer('release', incarnation, units, () =>
      units.map(({ unit, fence }) => {
        if (this.units.get(unit)?.fence !== fence) return false;
        this.units.delete(unit);
        return true;
      }),
    );
  }

  async refence(
    _worker: string,
    incarnation: string,
    units: readonly Ownership[],
  ): Promise<(number | undefined)[]> {
    return this.#answer('refence', incarnation, units, () =>
      units.map(({ unit, fence }) => {
        const stored = this.units.get(unit);
        if (stored?.fence !== fence) return undefined;
        stored.fence = fence + 1_000;
        return stored.fence;
      }),
    );
  }

  async report(
    _worker: string,
    incarnation: string,
    reports: readonly (Ownership & { readonly status: Omit<StatusReport, 'sinceMs'> })[],
  ): Promise<boolean[]> {
    return this.#answer('report', incarnation, reports, () =>
      reports.map(({ unit, fence, status }) => {
        if (this.units.get(unit)?.fence !== fence) return false;
        this.statuses.set(unit, status.state);
        return true;
      }),
    );
  }

  async publishTasks(request: PublishTasks): Promise<PublishResult> {
    return this.#answer('publishTasks', request.incarnation, request, () => {
      this.published.push(request);
      const kind = this.publishAnswer;
      return kind === 'stale' ? { kind } : { kind, epoch: this.published.length };
    });
  }

  async noteTopics(
    _worker: string,
    incarnation: string,
    used: readonly UsedTopics[],
  ): Promise<boolean[]> {
    return this.#answer('noteTopics', incarnation, used, () =>
      used.map(({ unit, fence }) => this.units.get(unit)?.fence === fence),
    );
  }

  async #answer<Answer>(
    method: Method,
    incarnation: string,
    args: unknown,
    compute: () => Answer,
  ): Promise<Answer> {
    this.calls.push({ method, incarnation, args });
    if (count(this.#failing, method)) throw unreachable();
    const error = this.#errors.get(method);
    this.#errors.delete(method);
    if (error) throw error;
    const isLost = count(this.#unanswered, method);
    const answer = compute();
    await this.#gates.get(method)?.shift();
    if (isLost) throw unreachable();
    return answer;
  }
}

const okBeat = {
  kind: 'ok',
  revision: 1,
  state: 'up',
  quarantined: false,
  cordoned: false,
} as const;

/** An answer to a beat. */
export function beatAnswer(changes: Partial<Extract<BeatReply, { kind: 'ok' }>> = {}): BeatReply {
  return { ...okBeat, beat: 1, assignmentRevision: 1, ...changes };
}

function count(left: Map<Method, number>, method: Method): boolean {
  const times = left.get(method) ?? 0;
  if (times > 0) left.set(method, times - 1);
  return times > 0;
}

export class PlayedRunner implements UnitRunner {
  readonly running = new Map<UnitId, RunnableUnit>();
  readonly log: string[] = [];
  readonly leases: LeaseDeadlines[] = [];
  quiet = true;
  /** While set, stops wait for it. */
  stopping: Promise<void> | undefined;
  abandoning: Promise<void> | undefined;

  run(unit: RunnableUnit): void {
    this.running.set(unit.unit, unit);
    this.log.push(`run ${unit.unit} ${unit.fence}`);
  }
  update(unit: RunnableUnit): void {
    this.running.set(unit.unit, unit);
    this.log.push(`update ${unit.unit} ${unit.targetState} v${unit.definitionVersion}`);
  }
  restart(unit: UnitId, fence: number): void {
    this.log.push(`restart ${unit} ${fence}`);
  }
  async stop(unit: UnitId, fence: number): Promise<void> {
    this.log.push(`stop ${unit} ${fence}`);
    await this.stopping;
    this.running.delete(unit);
  }
  setLease(deadlines: LeaseDeadlines): void {
    this.leases.push(deadlines);
  }
  isQuiet(): boolean {
    return this.quiet;
  }
  async abandonAll(): Promise<void> {
    this.log.push('abandon');
    await this.abandoning;
    this.running.clear();
  }

  /** How often each thing was asked of tasks and connectors: `run`, `stop`, … */
  countOf(verb: string): number {
    return this.log.filter((line) => line.startsWith(`${verb} `)).length;
  }
}
