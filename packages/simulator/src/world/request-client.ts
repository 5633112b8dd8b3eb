/** A user beside the cluster: asks for changes, and reads statuses and topics now and then (law 5). */
import { type ClusterClient, createClusterClient, type RequestBody } from '@sluice/coordination';
import { newId } from '@sluice/kernel';

import { ApiUser } from './api-user.ts';
import type { SimulatedCluster } from './cluster.ts';
import type { PlayedProcess } from './played-process.ts';
import type { Random } from './random.ts';
import { RedisLink } from './redis-link.ts';
import { storeOver } from './store-access.ts';
import { commandTimeoutsMs, profile } from './timing.ts';

const answerTimeoutMs = 10_000;
const readEveryMs = { min: 3_000, max: 8_000 };

export class RequestClient {
  readonly api: ApiUser;
  readonly #cluster: SimulatedCluster;
  readonly #process: PlayedProcess;
  readonly #client: ClusterClient;
  readonly #random: Random;

  constructor(cluster: SimulatedCluster) {
    const { world, server, fake, queue } = cluster;
    this.#cluster = cluster;
    this.#random = world.random('client');
    this.#process = world.process('user', 1);
    const link = new RedisLink({
      process: this.#process,
      server,
      time: world.time,
      random: world.random('link of the client'),
      commandTimeoutMs: commandTimeoutsMs.coordination,
    });
    this.#client = createClusterClient({
      store: storeOver(fake, link),
      waker: queue.waker,
      clock: this.#process.clock,
      profile,
      protocol: { min: 1, max: 2 },
    });
    this.api = new ApiUser(cluster, this.#client, this.#process);
  }

  startReading(): void {
    this.#process.after(this.#random.between(readEveryMs.min, readEveryMs.max), () => {
      void this.#read();
      this.startReading();
    });
  }

  /** Resolves with how it ended. */
  async submit(
    body: RequestBody,
    repeats: boolean,
  ): Promise<'done' | 'refused' | 'pending' | 'unanswered'> {
    const options = { timeoutMs: answerTimeoutMs, requestId: newId() };
    if (repeats) void this.#client.submit(body, options).catch(() => {});
    try {
      return (await this.#client.submit(body, options)).kind;
    } catch {
      return 'unanswered';
    }
  }

  async #read(): Promise<void> {
    const { world, watches } = this.#cluster;
    const askedAtMs = world.time.nowMs;
    try {
      watches.status.look(await this.#client.snapshot(), askedAtMs);
    } catch {
      // The store does not answer: nothing was said.
    }
  }
}
