/**
 * Keeps journal and store in step while this coordinator leads. Owns what is known of the journal, and
 * the one write that may be under way.
 *
 *     closed ──a term began──▶ opening ──all was read──▶ comparing ──the store has it──▶ in step
 *        ▲                        ▲                          ▲                              │
 *        │                        │                          └── the store lost something ───┤
 *        │                        └── the log failed: again after a while ──────────────────┤
 *        └── the term is over, here or by what a newer leader wrote ─────────────────────────┘
 *
 * In step, what was published in the store is written to the journal, and a request goes
 *
 *     free ──decided──▶ writing ──durable──▶ written ──applied to the store──▶ free
 *
 * Everything that asks the log runs beside the leader's turns, which only look at what has become of it:
 * while the log is away, tasks fail over, and requests wait. A write that failed may have happened all
 * the same: opening the journal again tells. If this process dies between journal and store, the next
 * leader finds the journal ahead of the store's mark, and gives the request the answer that was decided.
 */
import { backoffMs, hasCode, SluiceError, toError } from '@sluice/kernel';
import type { LeaderContext } from '../leader-context.ts';
import type { ConnectorRecord } from '../model.ts';
import type { RequestDecision } from '../request-decision.ts';
import type { StoredRequest } from '../requests.ts';
import type { Changes, LeaderTerm } from '../store.ts';
import {
  entryFromMutation,
  entryFromStore,
  findUnwritten,
  hasFollowed,
  highOf,
  isBehind,
  planRestoration,
} from './compare-journal.ts';
import type {
  DefinitionJournal,
  JournalMark,
  JournalWrite,
  NextJournalMark,
} from './definition-journal.ts';
import { KnownJournal } from './known-journal.ts';

export interface DefinitionKeeperOptions {
  readonly journal: DefinitionJournal;
  readonly leader: Omit<LeaderContext, 'keeper'>;
  /** Something has become of what was under way. */
  readonly nudge: () => void;
  /** A newer leader has written: this term is over. */
  readonly deposed: (term: LeaderTerm) => void;
}

export type WrittenDecision =
  | { readonly kind: 'written'; readonly decision: RequestDecision; readonly mark: NextJournalMark }
  | { readonly kind: 'refused'; readonly error: SluiceError };

type Slot =
  | { readonly kind: 'free' }
  | { readonly kind: 'writing' }
  | (WrittenDecision & { readonly request: string });

/** Connectors in one write; the others wait for the next. */
const batchMax = 200;
const retry = { initialMs: 200, maxMs: 5_000 };
/** Said again, so that who asks for a reason finds it among the latest events. */
const problemToldAgainMs = 60_000;
/** How long the workers are kept quiet for the journal, after the store lost its data. */
const restorationWaitMsMax = 30_000;
/** What cannot be restored is not tried for ever. */
const restorationsLostMax = 3;
const free: Slot = { kind: 'free' };

export class DefinitionKeeper {
  readonly #options: DefinitionKeeperOptions;
  #term: LeaderTerm | undefined;
  #known: KnownJournal | undefined;
  /** Of the data set that was compared; undefined: it is to be compared. */
  #comparedDataset: string | undefined;
  #slot: Slot = free;
  #isOpening = false;
  #openFromMs = 0;
  #failures = 0;
  /** Grows whenever an answer that is still to come does not count any more. */
  #lives = 0;
  /** What the store was told last of how far it has followed the journal. */
  #told: JournalMark | null = null;
  /** What was restored was lost again before the mark moved on, which says nothing then: how far it really was. */
  #followed: JournalMark | undefined;
  #restorationsLost = 0;
  /** Connectors that changed since they were last looked at. */
  readonly #changed = new Set<string>();
  /** Versions that the journal cannot hold. */
  readonly #tooLarge = new Map<string, string>();
  /** Of a newer leader's entry, though the store says that this one leads: the store's clock went back. */
  #newerEpoch: number | undefined;
  #problem: { readonly message: string; toldMs: number | undefined } | undefined;
  #heldUpSinceMs: number | undefined;

  constructor(options: DefinitionKeeperOptions) {
    this.#options = options;
  }

  termChanged(term: LeaderTerm | undefined): void {
    this.#forget();
    this.#term = term;
    this.#failures = 0;
    this.#openFromMs = 0;
    this.#newerEpoch = undefined;
    this.#problem = undefined;
    this.#heldUpSinceMs = undefined;
    if (!term) void this.stop();
  }

  async stop(): Promise<void> {
    this.#forget();
    // What is under way then fails, and does not count.
    await this.#options.journal.close().catch(() => {});
  }

  noteChanges({ kind, connectors }: Changes): void {
    for (const name of connectors.keys()) this.#changed.add(name);
    if (kind === 'full') this.#lookAtAll();
  }

  /** The store is not what it was: what the journal has is to be put into it again. */
  outOfStep(): void {
    this.#comparedDataset = undefined;
  }

  /** The definitions in the store are known to be whole; requests can be decided. */
  get isInStep(): boolean {
    return this.#known !== undefined && this.#comparedDataset === this.#leader.view.dataset;
  }

  /**
   * Whether what was read of the store so far can be decided on: it has followed the journal as far as it was told. One
   * that went back has not, also if it went on to a higher revision since, so that nobody noticed; it is compared anew.
   */
  async storeFollows(): Promise<boolean> {
    if (!this.isInStep) return false;
    const mark = await this.#leader.options.store.journalMark();
    if (mark?.journal === this.#told?.journal && mark?.position === this.#told?.position)
      return true;
    this.outOfStep();
    return false;
  }

  /** Whether the end of a quarantine has to wait for what the journal has. */
  holdsUp(nowMs: number): boolean {
    if (this.isInStep) {
      this.#heldUpSinceMs = undefined;
      return false;
    }
    this.#heldUpSinceMs ??= nowMs;
    return nowMs - this.#heldUpSinceMs < restorationWaitMsMax;
  }

  /** Once a turn, on a view that is fresh. Asks the store, and never waits for the log. */
  async step(term: LeaderTerm, nowMs: number): Promise<void> {
    if (this.#newerEpoch !== undefined) {
      // The next term of the store is above it.
      await this.#leader.options.store.raiseEpoch(term, this.#newerEpoch);
      this.#options.deposed(term);
      return;
    }
    await this.#tellProblem(term, nowMs);
    if (!this.#known) {
      if (!this.#isOpening && nowMs >= this.#openFromMs) this.#open(term);
      return;
    }
    if (!this.isInStep) await this.#restore(term, this.#known);
    else if (this.#slot.kind === 'free') await this.#follow(term, this.#known);
  }

  /** What became of a request's decision, if it was written. */
  written(request: StoredRequest): WrittenDecision | undefined {
    const slot = this.#slot;
    return 'request' in slot && slot.request === request.id ? slot : undefined;
  }

  /** Begins to write what a request changes, unless something else is being written. */
  write({ id, position }: StoredRequest, decision: RequestDecision): void {
    const known = this.#known;
    if (!known || this.#slot.kind !== 'free') return;
    const { mutation, result, events } = decision;
    const written = mutation.connectors.map((each) => {
      const entry = entryFromMutation(each, known.connectors.get(each.record.name)?.value);
      return {
        entry,
        mutation: { ...each, record: { ...each.record, taskEpoch: entry.taskEpoch } },
      };
    });
    const connectors = written.map(({ entry }) => entry);
    const request = { id, position, result, restart: mutation.restart, events };
    const write = { connectors, deleted: [], request, high: known.high };
    // An epoch that is lower in the store than in the journal would look like a loss to the next leader.
    const asWritten = {
      ...decision,
      mutation: { ...mutation, connectors: written.map((each) => each.mutation) },
    };
    this.#begin(write, {
      written: (mark) => ({
        kind: 'written',
        request: id,
        decision: asWritten,
        mark: { ...mark, after: this.#told },
      }),
      tooLarge: (error) => ({ kind: 'refused', request: id, error }),
    });
  }

  /** The decision was applied to the store. */
  applied(): void {
    if (this.#slot.kind === 'written') {
      const { journal, position } = this.#slot.mark;
      this.#told = { journal, position };
    }
    this.#slot = free;
  }

  /** Written for a request that nobody waits for: then the store has forgotten it. */
  checkWritten(pending: readonly StoredRequest[]): void {
    const slot = this.#slot;
    if (!('request' in slot) || pending.some(({ id }) => id === slot.request)) return;
    this.outOfStep();
  }

  get #leader(): Omit<LeaderContext, 'keeper'> {
    return this.#options.leader;
  }

  #forget(): void {
    this.#lives++;
    this.#known = undefined;
    this.#comparedDataset = undefined;
    this.#followed = undefined;
    this.#restorationsLost = 0;
    this.#slot = free;
    this.#isOpening = false;
  }

  #lookAtAll(): void {
    for (const name of this.#leader.view.connectors.keys()) this.#changed.add(name);
    for (const name of this.#known?.connectors.keys() ?? []) this.#changed.add(name);
  }

  #open(term: LeaderTerm): void {
    this.#isOpening = true;
    const life = this.#lives;
    this.#options.journal.open(term).then(
      (state) => {
        if (life !== this.#lives) return;
        this.#isOpening = false;
        this.#known = new KnownJournal(state);
        this.#failures = 0;
        this.#leader.options.logger.info(
          { journal: this.#options.journal.name, connectors: state.connectors.size },
          'journal of definitions read',
        );
        this.#options.nudge();
      },
      (error: unknown) => {
        if (life === this.#lives) this.#failed(error);
      },
    );
  }

  /** Puts into the store what the journal has and it has not, and the other way round from then on. */
  async #restore(term: LeaderTerm, known: KnownJournal): Promise<void> {
    if (this.#slot.kind === 'writing') return;
    const { store, logger } = this.#leader.options;
    const told = await store.journalMark();
    // What we know of the store may be what it has lost.
    const followed = this.#followed ?? told;
    if (!hasFollowed(known, followed)) await this.#leader.readAnew();
    const plan = planRestoration(this.#leader.view, known, followed);
    // Somebody may still do what we are about to give away.
    if (plan.provesLoss || isBehind(told, this.#told)) await store.startQuarantine(term);
    await store.restore(term, plan.connectors, known.high);
    if (plan.request) {
      const { result, restart, events } = plan.request;
      const mutation = { connectors: [], restart };
      await store.applyRequest(term, plan.request, mutation, result, events);
    }
    const next = { ...known.mark, after: told ?? null };
    // It went back meanwhile: once more.
    if (!(await store.markJournaled(term, [], next))) return;
    this.#told = known.mark;
    if (plan.connectors.length > 0) {
      await this.#leader.readAnew();
      const isLost = planRestoration(this.#leader.view, known, followed).connectors.length > 0;
      if (isLost && this.#restorationsLost++ < restorationsLostMax) {
        this.#followed = followed;
        this.#options.nudge();
        return;
      }
    }
    this.#followed = undefined;
    this.#restorationsLost = 0;
    const restored = plan.connectors.filter(({ lifecycle }) => lifecycle === 'live');
    if (restored.length > 0) {
      const tasks = restored.reduce((sum, each) => sum + each.tasks.length, 0);
      const message = `restored from ${this.#options.journal.name}: ${restored.length} connectors, ${tasks} tasks`;
      const facts = { connectors: restored.length, tasks };
      await store.appendEvents(term, [{ type: 'journal.restored', message, facts }]);
      logger.warn(facts, 'definitions restored from the journal');
    }
    this.#slot = free;
    // That data was lost meanwhile shows now, and calls for another restoration.
    this.#comparedDataset = this.#leader.view.dataset;
    await this.#leader.refresh();
    this.#lookAtAll();
    this.#options.nudge();
  }

  /** Writes what the store has been told since, and tells it what is durable. */
  async #follow(term: LeaderTerm, known: KnownJournal): Promise<void> {
    const names = [...this.#changed];
    this.#changed.clear();
    try {
      await this.#look(term, known, names);
    } catch (error) {
      for (const name of names) this.#changed.add(name);
      throw error;
    }
  }

  async #look(term: LeaderTerm, known: KnownJournal, names: readonly string[]): Promise<void> {
    const { store, logger } = this.#leader.options;
    const { view } = this.#leader;
    const { write, deleted, marks, lost } = findUnwritten(names, view, known);
    if (lost.length > 0) {
      logger.warn({ connectors: lost }, 'the store has lost what the journal has of them');
      this.outOfStep();
      return;
    }
    // Until they are seen to be written, they are looked at again.
    for (const name of [...write, ...deleted]) this.#changed.add(name);
    if (marks.length > 0) {
      if (!(await store.markJournaled(term, marks, { ...known.mark, after: this.#told }))) {
        this.outOfStep();
        return;
      }
      this.#told = known.mark;
      await this.#leader.refresh();
    }
    const now = write.filter((name) => !this.#isTooLarge(name)).slice(0, batchMax);
    const sets = now.length === 0 ? [] : await store.taskSets(now);
    const entries = now.flatMap((name, index) => {
      const record = view.connectors.get(name);
      const entry = record && entryFromStore(record, sets[index], view);
      // It is being changed right now: the next look shows it whole.
      return entry ? [entry] : [];
    });
    if (entries.length + deleted.length === 0) return;
    if (!(await this.storeFollows())) return;
    const high = highOf(view, known.high);
    this.#begin({ connectors: entries, deleted, high }, { written: () => free });
  }

  #isTooLarge(name: string): boolean {
    const record = this.#leader.view.connectors.get(name);
    if (record && this.#tooLarge.get(name) === versionOf(record)) return true;
    this.#tooLarge.delete(name);
    return false;
  }

  #begin(
    write: JournalWrite,
    become: {
      readonly written: (mark: JournalMark) => Slot;
      readonly tooLarge?: (error: SluiceError) => Slot;
    },
  ): void {
    this.#slot = { kind: 'writing' };
    const life = this.#lives;
    this.#options.journal.append(write).then(
      (position) => {
        if (life !== this.#lives || !this.#known) return;
        this.#known.learn(write, position);
        this.#slot = become.written(this.#known.mark);
        this.#options.nudge();
      },
      (error: unknown) => {
        if (life !== this.#lives) return;
        if (hasCode(error, 'journal.entry_too_large') && error instanceof SluiceError) {
          this.#slot = become.tooLarge?.(error) ?? free;
          if (!become.tooLarge) this.#leaveOut(error);
          this.#options.nudge();
        } else {
          this.#failed(error);
        }
      },
    );
  }

  /** The others must not wait for one that cannot be written; its new tasks do. */
  #leaveOut(error: SluiceError): void {
    const name = String(error.details['connector']);
    const record = this.#leader.view.connectors.get(name);
    // Gone meanwhile: nothing waits for it.
    if (!record) return;
    this.#tooLarge.set(name, versionOf(record));
    this.#problem = { message: error.message, toldMs: undefined };
    this.#leader.options.logger.error({ connector: name }, error.message);
  }

  #failed(error: unknown): void {
    const { clock, logger, random } = this.#leader.options;
    const term = this.#term;
    this.#forget();
    this.#openFromMs = clock.monotonicMs() + backoffMs(++this.#failures, retry, random);
    if (hasCode(error, 'coordination.not_leader')) {
      const newer = error instanceof SluiceError ? error.details['epoch'] : undefined;
      // Unless the store says that this term goes on, another leader is the newer one.
      if (typeof newer === 'number') this.#newerEpoch = newer;
      else if (term) this.#options.deposed(term);
      this.#options.nudge();
      return;
    }
    const { message } = toError(error);
    if (this.#problem?.message !== message) {
      logger.warn({ journal: this.#options.journal.name, error: message }, 'requests wait');
    }
    this.#problem = { message, toldMs: this.#problem?.toldMs };
    this.#options.nudge();
  }

  async #tellProblem(term: LeaderTerm, nowMs: number): Promise<void> {
    const problem = this.#problem;
    if (!problem) return;
    const { store, logger } = this.#leader.options;
    const { name } = this.#options.journal;
    if (this.isInStep && this.#tooLarge.size === 0) {
      this.#problem = undefined;
      logger.info({ journal: name }, 'journal of definitions can be written again');
      const message = `the journal ${name} can be written again`;
      await store.appendEvents(term, [{ type: 'journal.back', message, facts: {} }]);
      return;
    }
    if (problem.toldMs !== undefined && nowMs - problem.toldMs < problemToldAgainMs) return;
    problem.toldMs = nowMs;
    const message = `changes wait for the journal ${name}: ${problem.message}`;
    await store.appendEvents(term, [{ type: 'journal.away', message, facts: {} }]);
  }
}

function versionOf({ uid, version, taskEpoch }: ConnectorRecord): string {
  return `${uid} ${version} ${taskEpoch}`;
}
