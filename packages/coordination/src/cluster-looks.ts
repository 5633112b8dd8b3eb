/**
 * Looks at the cluster, as of now, for many readers: each costs one round trip to the store, however many share it.
 *
 * Readers that come while a look is under way wait for the next one, so that what they see is not older than their
 * question.
 */
import type { Clock } from '@sluice/kernel';

import { disagreementError, type ProtocolRange } from './agreement.ts';
import { ClusterView } from './cluster-view.ts';
import type { ClusterSnapshot } from './snapshot.ts';
import type { ClusterStore } from './store.ts';
import { WholeReads } from './whole-reads.ts';

export interface Look {
  /** As of this look until the next one. */
  readonly view: ClusterView;
  /** ms since the last beat of each worker. */
  readonly beatAgesMs: ReadonlyMap<string, number>;
  readonly leader: ClusterSnapshot['leader'];
  /** Grows with each look that found anything but other ages. */
  readonly version: number;
}

export interface ClusterLooksOptions {
  readonly store: ClusterStore;
  readonly clock: Clock;
  readonly protocol: ProtocolRange;
}

export class ClusterLooks {
  readonly #options: ClusterLooksOptions;
  readonly #view = new ClusterView();
  readonly #wholeReads: WholeReads;
  #looking: Promise<Look> | undefined;
  #version = 0;
  #leaderEpoch: number | undefined;

  constructor(options: ClusterLooksOptions) {
    this.#options = options;
    this.#wholeReads = new WholeReads(options);
  }

  /** @throws SluiceError `store.unreachable`, `cluster.protocol_too_old`. */
  async look(): Promise<Look> {
    if (this.#looking) await this.#looking.catch(() => {});
    this.#looking ??= this.#read().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #read(): Promise<Look> {
    const { store, clock } = this.#options;
    const view = this.#view;
    const whole = this.#wholeReads.take(clock.monotonicMs());
    const known = whole ?? view;
    const [changes, beats, leader] = await Promise.all([
      store.changes(known.revision, known.dataset),
      store.beats(),
      store.leader(),
    ]);
    this.#assertSpeaks(changes.protocol);
    const { revision, dataset } = view;
    if (whole) view.replace(whole, changes);
    else view.apply(changes);
    const isUnchanged =
      whole === undefined &&
      view.revision === revision &&
      view.dataset === dataset &&
      leader?.epoch === this.#leaderEpoch;
    if (!isUnchanged) this.#version++;
    this.#leaderEpoch = leader?.epoch;
    const beatAgesMs = new Map(beats.map(({ worker, ageMs }) => [worker, ageMs]));
    return { view, beatAgesMs, leader, version: this.#version };
  }

  /** What a newer version wrote may mean something else than it seems. */
  #assertSpeaks(inUse: number | undefined): void {
    const { protocol } = this.#options;
    if (inUse === undefined || (inUse >= protocol.min && inUse <= protocol.max)) return;
    throw disagreementError('this program', { protocol, log: '' }, { about: 'protocol', inUse });
  }
}
