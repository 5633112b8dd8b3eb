/**
 * When the cluster goes to a higher version of the protocol: once every member and every coordinator has spoken it
 * for a while, so that a worker which is being replaced, or put back, does not find the way closed behind it. The
 * store checks again, and knows the coordinators; this keeps since when no worker is in the way. One for each leader.
 */
import { type Logger, toError } from '@sluice/kernel';

import type { ProtocolRange } from './agreement.ts';
import type { ClusterView } from './cluster-view.ts';
import type { LeaderStore, LeaderTerm } from './store.ts';

export interface ProtocolRaiseOptions {
  readonly store: LeaderStore;
  readonly protocol: ProtocolRange;
  /** How long nobody may have been in the way. */
  readonly protocolQuietMs?: number;
  readonly logger: Logger;
}

/** Longer than a process takes to be started anew, image pull included. */
const quietMsDefault = 60_000;

export class ProtocolRaise {
  readonly #options: ProtocolRaiseOptions;
  readonly #quietMs: number;
  #readySinceMs: number | undefined;
  #nextTryMs = 0;
  /** Who was in the way when that was told last. */
  #told = '';

  constructor(options: ProtocolRaiseOptions) {
    this.#options = options;
    this.#quietMs = options.protocolQuietMs ?? quietMsDefault;
  }

  /** Another term, or the view of another data set: whatever was seen was not seen by this leader. */
  reset(): void {
    this.#readySinceMs = undefined;
    this.#told = '';
  }

  /** Returns the version that the cluster was raised to by this call. */
  async raise(
    term: LeaderTerm,
    { protocol: inUse, members }: ClusterView,
    nowMs: number,
  ): Promise<number | undefined> {
    const { protocol, store } = this.#options;
    if (inUse === undefined || protocol.max <= inUse) return undefined;
    const live = [...members.values()].filter(({ state }) => state !== 'dead');
    const behind = live.filter((member) => member.protocol.max <= inUse);
    if (behind.length > 0 || live.length === 0) {
      this.#readySinceMs = undefined;
      this.#tellWaiting(inUse, behind.map(({ worker }) => worker).toSorted());
      return undefined;
    }
    this.#readySinceMs ??= nowMs;
    if (nowMs - this.#readySinceMs < this.#quietMs || nowMs < this.#nextTryMs) return undefined;
    this.#nextTryMs = nowMs + this.#quietMs / 4;
    const version = Math.min(protocol.max, ...live.map((member) => member.protocol.max));
    const reply = await store.raiseProtocol(term, version);
    if (reply.kind === 'refused') {
      this.#tellWaiting(inUse, [reply.by]);
      return undefined;
    }
    this.reset();
    await this.#announce(term, inUse, version);
    return version;
  }

  async #announce(term: LeaderTerm, before: number, version: number): Promise<void> {
    const { store, logger } = this.#options;
    const message = `protocol raised from version ${before} to ${version}: all workers and coordinators speak it; older releases are refused from now on`;
    logger.info({ before, version }, message);
    const facts = { before, version };
    try {
      await store.appendEvents(term, [{ type: 'protocol.raised', message, facts }]);
    } catch (error) {
      // It is raised all the same.
      logger.warn({ error: toError(error).message }, 'raising the protocol left no event');
    }
  }

  #tellWaiting(inUse: number, names: readonly string[]): void {
    const told = names.join(', ');
    if (told === this.#told) return;
    this.#told = told;
    if (names.length === 0) return;
    this.#options.logger.info(
      { protocol: inUse, waitsFor: names.slice(0, 20), count: names.length },
      `the cluster stays at version ${inUse} of the protocol until these are upgraded`,
    );
  }
}
