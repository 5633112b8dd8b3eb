/**
 * A worker's life in the cluster: joins, beats, and knows until when it may act.
 *
 *     joining ──joined──▶ member ──FENCED──▶ (everything stops, new incarnation) ──▶ joining
 *        ▲                   │ REJOIN: the store lost us; same incarnation, units stay quiet
 *        └───────────────────┘
 *
 * Joining is tried again with every heartbeat interval; only a member beats. After REJOIN, and after a
 * quarantine, others may own what runs here: the lease is renewed only after what is not ours any more
 * has stopped.
 *
 * The lease is the time since the last acknowledged beat was *sent*, on the monotonic clock: a slow reply
 * must not lengthen trust. Without an answer the executors pause, then quiesce, by the deadlines that
 * they were given; nobody has to tell them. If one does not confirm that it is quiet, the process dies:
 * that is the last fence, and it is what makes the leader's verdict safe.
 */
import { type Clock, hasCode, type Logger, newId, SluiceError, toError } from '@sluice/kernel';

import { type Agreement, disagreementError } from '../agreement.ts';
import type { PluginInfo } from '../model.ts';
import type { TimingProfile } from '../profile.ts';
import type { BeatReply, HeldUnit, JoinReply, WorkerStore } from '../store.ts';
import type { LeaseDeadlines } from './unit-runner.ts';

export interface MemberIdentity extends Agreement {
  readonly worker: string;
  readonly pid: number;
  readonly host: string;
  readonly address: string;
  /** At the start; see `announce`. */
  readonly plugins: readonly PluginInfo[];
}

export interface MembershipOptions {
  readonly identity: MemberIdentity;
  /** On a connection of its own that fails fast. */
  readonly store: WorkerStore;
  readonly clock: Clock;
  readonly profile: TimingProfile;
  readonly logger: Logger;
  readonly random?: () => number;
  readonly events: MembershipEvents;
}

export interface MembershipEvents {
  leaseRenewed(deadlines: LeaseDeadlines): void;
  /** Acknowledged and not in quarantine: `revision` of the assignments, and whether to drain. */
  beatAcknowledged(revision: number, state: 'up' | 'draining'): void;
  /** What this incarnation holds, for a store that lost it. */
  holding(): readonly HeldUnit[];
  /** Resolves when nothing can act here that the store does not say is ours. May reject: asked again. */
  confirmHolding(): Promise<void>;
  /** Declared dead: stop everything; resolve when nothing can have an effect any more. */
  fenced(): Promise<void>;
  isQuiet(): boolean;
  /** It may not take part, and has to end. Called once, when it was a member before; must not throw. */
  refused(error: SluiceError): void;
  /** The process must die now: its lease is over and an executor is not quiet. */
  mustDie(reason: string): void;
}

type NameTaken = Extract<JoinReply, { kind: 'name-taken' }>;
type Obstacle = NameTaken | Extract<JoinReply, { kind: 'refused' }>;

/** How long a new process waits for the lease of a dead namesake, beyond that lease, and for answers. */
const joinMarginMs = 10_000;

export class Membership {
  readonly #options: MembershipOptions;
  readonly #stopping = new AbortController();
  #incarnation = newId();
  #isMember = false;
  #mayJoin = true;
  /** Whether what is held here is known to be ours. */
  #isConfirmed = true;
  #confirming: Promise<void> | undefined;
  /** Grows with each reason to doubt it; a confirmation that was begun before one does not count. */
  #doubts = 0;
  /** Whose process holds our name, as told last. */
  #nameTakenBy: string | undefined;
  #dataset: string | undefined;
  #beatSeen = 0;
  #revisionSeen = 0;
  #ackedBeat = 0;
  /** As the store said last; it may lose that, too. */
  #isCordoned = false;
  #lastOkSentMs: number | undefined;
  #running: Promise<void> | undefined;
  /** What there is, and what the store is known to have been told last. */
  #plugins: readonly PluginInfo[];
  #announced: readonly PluginInfo[] | undefined;
  #announcing: Promise<void> | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#plugins = options.identity.plugins;
  }

  get incarnation(): string {
    return this.#incarnation;
  }

  /** Whether a store in that state has lost what this worker knew of it. */
  hasLost({ dataset, beat }: { readonly dataset: string; readonly beat: number }): boolean {
    return dataset !== this.#dataset || beat < this.#beatSeen;
  }

  /** ms since the last acknowledged beat was sent; undefined before the first. */
  get leaseAgeMs(): number | undefined {
    return this.#lastOkSentMs === undefined
      ? undefined
      : this.#options.clock.monotonicMs() - this.#lastOkSentMs;
  }

  /**
   * Joins, waiting for the lease of a dead process of the same name if need be.
   * Joins, too, once who uses another record log is gone. A call that is not answered is made again: where a whole
   * cluster starts at once on a small machine, this process may stand still for longer than the store's patience.
   * @throws SluiceError `worker.name_taken`, `cluster.…`, `store.unreachable`
   */
  async start(): Promise<void> {
    const { clock, profile } = this.#options;
    const deadlineMs = clock.monotonicMs() + profile.deadAfterMs + joinMarginMs;
    for (;;) {
      const isLastTry = clock.monotonicMs() > deadlineMs;
      try {
        const obstacle = await this.#join();
        if (!obstacle) break;
        if (isLastTry || !mayPass(obstacle)) throw this.#errorOf(obstacle);
      } catch (error) {
        if (isLastTry || !hasCode(error, 'store.unreachable')) throw error;
      }
      await clock.sleep(profile.heartbeatIntervalMs, this.#stopping.signal);
    }
    // A member that cannot beat yet is one without a lease: the loop goes on trying.
    await this.#beat().catch(ignoreUnreachable);
    this.#running = Promise.all([this.#beatLoop(), this.#watchLoop()]).then(() => {});
  }

  /** What plugins there are from now on: told at once if possible, else with a later beat. Never rejects. */
  async announce(plugins: readonly PluginInfo[]): Promise<void> {
    this.#plugins = plugins;
    await this.#announcing;
    await this.#announceChanges();
  }

  /** The process is about to end: whatever the cluster says from now on, it does not join again. */
  joinNoMore(): void {
    this.#mayJoin = false;
  }

  /** Ends the beats; the member record is left to `leave` or to its lease. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #beatLoop(): Promise<void> {
    const { clock, profile, logger, random = Math.random } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      await clock
        .sleep(profile.heartbeatIntervalMs * (0.9 + 0.2 * random()), signal)
        .catch(() => {});
      if (signal.aborted) return;
      try {
        if (this.#isMember) await this.#beat();
        else await this.#joinAgain();
      } catch (error) {
        // Silence is handled by the deadlines; a message for each beat would only be noise.
        if (!hasCode(error, 'store.unreachable')) {
          logger.error({ error: toError(error).stack }, 'heartbeat failed');
        }
      }
    }
  }

  async #beat(): Promise<void> {
    const { store, clock, identity } = this.#options;
    const sentMs = clock.monotonicMs();
    const reply = await store.beat({
      worker: identity.worker,
      incarnation: this.#incarnation,
      dataset: this.#dataset ?? '',
      beatSeen: this.#beatSeen,
      revisionSeen: this.#revisionSeen,
      ackedBeat: this.#ackedBeat,
    });
    await this.#handle(reply, sentMs);
  }

  async #handle(reply: BeatReply, sentMs: number): Promise<void> {
    const { events, logger } = this.#options;
    switch (reply.kind) {
      case 'ok':
        this.#ackedBeat = reply.beat;
        this.#isCordoned = reply.cordoned;
        this.#beatSeen = Math.max(this.#beatSeen, reply.beat);
        this.#revisionSeen = Math.max(this.#revisionSeen, reply.revision);
        // In quarantine nobody knows yet who owns what: alive, but quiet.
        if (reply.quarantined) {
          this.#doubt();
          return;
        }
        if (!this.#isConfirmed) {
          this.#confirm();
          return;
        }
        this.#renew(sentMs);
        void this.#announceChanges();
        events.beatAcknowledged(reply.assignmentRevision, reply.state);
        return;
      case 'rejoin':
        logger.warn({}, 'the store does not know this worker: joining again');
        this.#isMember = false;
        this.#doubt();
        await this.#joinAgain();
        return;
      case 'fenced':
        await this.#startAnew('declared dead');
        return;
    }
  }

  /** A join may have told what was known when it was sent. Said with each beat until the store has had it for one. */
  async #announceChanges(): Promise<void> {
    if (!this.#isMember || this.#announced === this.#plugins) return;
    this.#announcing ??= this.#announceNow().finally(() => {
      this.#announcing = undefined;
    });
    await this.#announcing;
  }

  async #announceNow(): Promise<void> {
    const { store, identity, logger } = this.#options;
    const plugins = this.#plugins;
    this.#announced = undefined;
    try {
      const reply = await store.announce(identity.worker, this.#incarnation, plugins);
      // A store that goes back before the next beat forgets it unnoticed: only what is there after a beat stays, or is
      // told anew by joining.
      if (reply === 'unchanged') this.#announced = plugins;
      if (reply === 'announced') logger.info({ plugins: plugins.length }, 'plugins announced');
    } catch (error) {
      // Said again with the next beat that is acknowledged.
      logger.debug({ error: toError(error).message }, 'plugins could not be announced');
    }
  }

  #doubt(): void {
    this.#isConfirmed = false;
    this.#doubts++;
  }

  /** One at a time; what fails is begun anew with the next beat, and the lease waits for it. */
  #confirm(): void {
    const doubts = this.#doubts;
    this.#confirming ??= this.#options.events
      .confirmHolding()
      .then(
        () => {
          if (doubts === this.#doubts) this.#isConfirmed = true;
        },
        (error: unknown) => {
          this.#options.logger.debug(
            { error: toError(error).message },
            'what is ours is not known yet',
          );
        },
      )
      .finally(() => {
        this.#confirming = undefined;
      });
  }

  #renew(sentMs: number): void {
    const { profile, events } = this.#options;
    this.#lastOkSentMs = sentMs;
    events.leaseRenewed({
      pauseAtMs: sentMs + profile.pauseAfterMs,
      quiesceAtMs: sentMs + profile.quiesceAfterMs,
    });
  }

  async #startAnew(why: string): Promise<void> {
    const { events, logger } = this.#options;
    logger.warn({ incarnation: this.#incarnation }, `fenced: ${why}`);
    await events.fenced();
    this.#isMember = false;
    this.#isConfirmed = true; // It holds nothing.
    this.#incarnation = newId();
    this.#dataset = undefined;
    await this.#joinAgain();
  }

  async #joinAgain(): Promise<void> {
    if (!this.#mayJoin || this.#stopping.signal.aborted) return;
    const obstacle = await this.#join();
    if (!obstacle) return;
    if (obstacle.kind === 'refused') {
      // The cluster went on without this process, for good.
      this.#mayJoin = false;
      this.#options.events.refused(this.#errorOf(obstacle));
      return;
    }
    if (obstacle.incarnation === this.#nameTakenBy) return;
    this.#nameTakenBy = obstacle.incarnation;
    const { host, pid } = obstacle;
    this.#options.logger.warn({ host, pid }, 'another process has taken our name: waiting for it');
  }

  #errorOf(obstacle: Obstacle): SluiceError {
    const { identity } = this.#options;
    return obstacle.kind === 'refused'
      ? disagreementError('this worker', identity, obstacle.disagreement)
      : nameTaken(identity.worker, obstacle);
  }

  /** Returns what is in the way, if anything is. */
  async #join(): Promise<Obstacle | undefined> {
    const { store, identity, events, logger, profile } = this.#options;
    const plugins = this.#plugins;
    const reply = await store.join({
      ...identity,
      plugins,
      incarnation: this.#incarnation,
      leaseMs: profile.deadAfterMs,
      holding: events.holding(),
      ...(this.#dataset === undefined
        ? {}
        : { knownDataset: this.#dataset, cordoned: this.#isCordoned }),
    });
    switch (reply.kind) {
      case 'joined':
        this.#isMember = true;
        this.#announced = plugins;
        this.#nameTakenBy = undefined;
        this.#dataset = reply.dataset;
        this.#beatSeen = reply.beat;
        this.#revisionSeen = reply.revision;
        this.#ackedBeat = reply.beat;
        logger.info({ incarnation: this.#incarnation, slot: reply.slot }, 'joined');
        return undefined;
      case 'name-taken':
      case 'refused':
        return reply;
      case 'fenced':
        await this.#startAnew('this incarnation was declared dead');
        return undefined;
    }
  }

  /** The last fence: a lease that is over with an executor that is not known to be quiet. */
  async #watchLoop(): Promise<void> {
    const { clock, profile, events } = this.#options;
    const { signal } = this.#stopping;
    const checkMs = (profile.killAfterMs - profile.quiesceAfterMs) / 4;
    let lastCheckMs = clock.monotonicMs();
    let awakeSinceMs = lastCheckMs;
    while (!signal.aborted) {
      await clock.sleep(checkMs, signal).catch(() => {});
      const nowMs = clock.monotonicMs();
      // After the whole process was frozen, executors first get the time to notice what we noticed.
      if (nowMs - lastCheckMs > 4 * checkMs) awakeSinceMs = nowMs;
      lastCheckMs = nowMs;
      const ageMs = this.leaseAgeMs ?? 0;
      const hadTime = nowMs - awakeSinceMs >= profile.killAfterMs - profile.quiesceAfterMs;
      if (ageMs >= profile.killAfterMs && hadTime && !events.isQuiet() && !signal.aborted) {
        events.mustDie(
          `no acknowledged beat for ${Math.round(ageMs)} ms and an executor is not quiet`,
        );
        return;
      }
    }
  }
}

/** A namesake, or who uses another log, may have died; a version of the protocol does not go away. */
function mayPass(obstacle: Obstacle): boolean {
  return obstacle.kind === 'name-taken' || obstacle.disagreement.about === 'log';
}

function nameTaken(worker: string, { pid, host }: NameTaken): SluiceError {
  return new SluiceError(
    'worker.name_taken',
    `a worker named "${worker}" is alive (pid ${pid} on ${host}): ` +
      'stop it, or set SLUICE_WORKER_NAME to another name',
  );
}

function ignoreUnreachable(error: unknown): void {
  if (!hasCode(error, 'store.unreachable')) throw error;
}
