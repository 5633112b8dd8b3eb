/** A worker's part of the protocol: membership and owned units, joined together. */
import type { Clock, Logger, Service, SluiceError } from '@sluice/kernel';

import type { LeaderWaker, StartJobHandler } from '../dispatch.ts';
import type { PluginInfo } from '../model.ts';
import type { TimingProfile } from '../profile.ts';
import type { WorkerStore } from '../store.ts';
import { type MemberIdentity, Membership } from './membership.ts';
import { OwnedUnits } from './owned-units.ts';
import type { UnitRunner, UnitRunnerEvents } from './unit-runner.ts';

export interface WorkerAgentOptions {
  readonly identity: MemberIdentity;
  readonly store: WorkerStore;
  /** The same store on a connection of its own that fails fast, for beats alone. */
  readonly heartbeatStore: WorkerStore;
  readonly runner: UnitRunner;
  readonly waker: LeaderWaker;
  readonly clock: Clock;
  readonly profile: TimingProfile;
  readonly logger: Logger;
  /** The cluster will not have this process any more, which has to end. Must not throw. */
  readonly refused: (error: SluiceError) => void;
  /** Ends the process without running anything more. */
  readonly mustDie: (reason: string) => void;
  /** How long stop() waits for the units to stop; then it leaves the rest to the lease. */
  readonly drainTimeoutMs?: number;
  /** In [0, 1), for the jitter of heartbeats. */
  readonly random?: () => number;
}

/** With the end of the process, less than the 30 s that Kubernetes gives. */
const drainTimeoutMsDefault = 15_000;

export class WorkerAgent implements Service {
  readonly #options: WorkerAgentOptions;
  readonly #units: OwnedUnits;
  readonly #membership: Membership;
  #returns = false;

  constructor(options: WorkerAgentOptions) {
    this.#options = options;
    const { identity, runner } = options;
    this.#units = new OwnedUnits({
      ...options,
      worker: identity.worker,
      incarnation: () => this.#membership.incarnation,
      hasLost: (state) => this.#membership.hasLost(state),
    });
    const units = this.#units;
    this.#membership = new Membership({
      ...options,
      store: options.heartbeatStore,
      events: {
        leaseRenewed: (deadlines) => runner.setLease(deadlines),
        beatAcknowledged: (revision, state) => {
          units.beatAcknowledged(revision, state);
          if (units.isDraining && state === 'up') this.#drainAgain();
        },
        confirmHolding: () => units.confirm(),
        holding: () => {
          units.forgetRevision();
          return units.holding();
        },
        fenced: () => units.abandon(),
        isQuiet: () => units.size === 0 || runner.isQuiet(),
        refused: options.refused,
        mustDie: options.mustDie,
      },
    });
  }

  /** What jobs are handed to. */
  get jobs(): StartJobHandler {
    return this.#units;
  }

  /** What the runner reports to. */
  get runnerEvents(): UnitRunnerEvents {
    return this.#units;
  }

  get incarnation(): string {
    return this.#membership.incarnation;
  }

  get leaseAgeMs(): number | undefined {
    return this.#membership.leaseAgeMs;
  }

  get unitCount(): number {
    return this.#units.size;
  }

  async start(): Promise<void> {
    await this.#membership.start();
  }

  /** What plugins there are from now on. Never rejects. */
  async announce(plugins: readonly PluginInfo[]): Promise<void> {
    const { waker, identity } = this.#options;
    await this.#membership.announce(plugins);
    await waker.wake(`${identity.worker} has other plugins`).catch(() => {});
  }

  /**
   * Drains: every unit stops, all at once, and is released as soon as it has stopped, so that others
   * take it on; then leaves. `returns`: another process will come under this name.
   */
  async stop(options: { returns: boolean } = { returns: true }): Promise<void> {
    const { store, identity, waker, clock, logger } = this.#options;
    this.#returns = options.returns;
    this.#membership.joinNoMore();
    const timeoutMs = this.#options.drainTimeoutMs ?? drainTimeoutMsDefault;
    const giveUp = new AbortController();
    const timer = clock.after(timeoutMs, () => giveUp.abort());
    try {
      await store.drain(identity.worker, this.incarnation, options);
      await waker.wake(`${identity.worker} drains`).catch(() => {});
    } catch {
      logger.warn({}, 'the store does not answer: stopping without handing over');
    }
    this.#units.drain();
    await this.#units.drained(giveUp.signal);
    if (this.#units.size > 0) {
      logger.warn({ units: this.#units.size }, 'units did not stop in time: left to their lease');
    }
    await this.#untilNothingAssigned(giveUp.signal);
    // Before leaving: a beat after it would be answered with FENCED.
    await this.#membership.stop();
    try {
      if (await store.leave(identity.worker, this.incarnation)) {
        await waker.wake(`${identity.worker} left`).catch(() => {});
      }
    } catch {
      // The leader sees the lease expire.
    }
    timer.cancel();
  }

  /**
   * What was granted before the leader saw us drain is taken back by it, or stopped and released if we had claimed it
   * by then; until that we could not leave, and it would have to wait for our lease.
   */
  async #untilNothingAssigned(giveUp: AbortSignal): Promise<void> {
    const { store, identity, clock, profile } = this.#options;
    const deadlineMs = clock.monotonicMs() + profile.deadAfterMs;
    while (!giveUp.aborted && clock.monotonicMs() < deadlineMs) {
      const assigned = await store
        .assignments(identity.worker, this.incarnation)
        .catch(() => undefined);
      if (!assigned || assigned.units.length === 0) return;
      await clock.sleep(profile.heartbeatIntervalMs / 2, giveUp).catch(() => {});
    }
  }

  /** The order was lost, or given to our former incarnation: without it we would be given work. */
  #drainAgain(): void {
    const { store, identity, logger } = this.#options;
    store.drain(identity.worker, this.incarnation, { returns: this.#returns }).catch(() => {
      logger.debug({}, 'draining will be announced again');
    });
  }
}
