/**
 * Who looks after the cluster in a calm: defines connectors if all definitions are lost, starts drained workers anew,
 * uncordons the others, restarts what failed. Sees the store from outside, whatever links do.
 */
import { ClusterView, workerRequest } from '@sluice/coordination';
import type { RedisCoordinationStore } from '@sluice/coordination-redis';

import type { SimulatedCluster } from './cluster.ts';
import { definitionOf } from './draws/requests.ts';
import { type Unrest, unrestOf } from './invariants/convergence.ts';
import type { RequestClient } from './request-client.ts';
import { storeOutside } from './store-access.ts';

/** Looks between two times that it does the same. */
const patience = 10;

export class Operator {
  readonly #cluster: SimulatedCluster;
  readonly #client: RequestClient;
  readonly #store: RedisCoordinationStore;
  readonly #view = new ClusterView();
  #looks = 0;
  readonly #actedAt = new Map<string, number>();

  constructor(cluster: SimulatedCluster, client: RequestClient) {
    this.#cluster = cluster;
    this.#client = client;
    this.#store = storeOutside(cluster.fake);
  }

  async look(): Promise<{ readonly view: ClusterView; readonly unrest: Unrest | undefined }> {
    this.#looks++;
    const view = this.#view;
    // A store that lost data may give out the same revisions again, for other changes.
    const isKnown = this.#cluster.world.lostAtMs === undefined;
    view.apply(await this.#store.changes(isKnown ? view.revision : 0, view.dataset));
    const quarantine = await this.#store.quarantine();
    const pending = await this.#store.pendingRequests(10);
    const unrest = unrestOf(this.#cluster, {
      view,
      isQuarantined: quarantine !== undefined,
      pendingRequests: pending.length,
    });
    return { view, unrest };
  }

  act(view: ClusterView): void {
    for (const [name, member] of view.members) {
      const life = this.#cluster.workers.get(name);
      const isDrained = member.state === 'draining' && life?.incarnation === member.incarnation;
      if (isDrained) this.#cluster.terminate(name, 500, true);
      else if (member.cordoned) this.#uncordon(name);
    }
    for (const { runner } of this.#cluster.workers.values()) {
      for (const { hasFailed, unit } of runner.entries.values()) {
        if (hasFailed) this.#restart(unit.connector);
      }
    }
  }

  /** What the scenario's shape says. */
  define(): void {
    for (const { name, tasks } of this.#cluster.shape.connectors) {
      void this.#client.submit(definitionOf(name, tasks, '0'), false);
    }
  }

  /** The same again, if all definitions are gone with a store that had no journal. */
  defineLost(): void {
    const { lostAtMs } = this.#cluster.world;
    if (lostAtMs !== undefined && this.#view.connectors.size === 0) this.define();
  }

  #uncordon(worker: string): void {
    if (!this.#isTime(`uncordon ${worker}`)) return;
    void this.#client.submit(workerRequest('uncordon', worker), false);
  }

  #restart(connector: string): void {
    if (!this.#isTime(`restart ${connector}`)) return;
    const body = { op: 'restart', connector, includeTasks: true, onlyFailed: true } as const;
    void this.#client.submit(body, false);
  }

  #isTime(action: string): boolean {
    if (this.#looks - (this.#actedAt.get(action) ?? -patience) < patience) return false;
    this.#actedAt.set(action, this.#looks);
    return true;
  }
}
