/**
 * Who uses the rest of the API: changes offsets of stopped connectors, by the product's own steps, forgets topics and
 * sets levels of loggers.
 */
import { type ClusterClient, changeStopped, type StoppedOwner } from '@sluice/coordination';
import { type LogLevel, SluiceError } from '@sluice/kernel';

import type { SimulatedCluster } from './cluster.ts';
import type { OffsetsChange } from './invariants/changed-offsets.ts';
import type { PlayedProcess } from './played-process.ts';
import type { Random } from './random.ts';
import { allPartitionsOf } from './run.ts';

/** How long it waits for tasks that are being stopped. */
const stopTimeoutMs = 10_000;
/** Of a call to the log; late ones let a start of the connector come in between. */
const logLatencyMs = { min: 2, usual: 60, late: 2_000 };
const lateShare = 0.2;

export class ApiUser {
  readonly #cluster: SimulatedCluster;
  readonly #client: ClusterClient;
  readonly #process: PlayedProcess;
  readonly #random: Random;

  constructor(cluster: SimulatedCluster, client: ClusterClient, process: PlayedProcess) {
    this.#cluster = cluster;
    this.#client = client;
    this.#process = process;
    this.#random = cluster.world.random('user of the API');
  }

  /** To the beginning, or to somewhere between it and where they are. Resolves with how it ended. */
  async changeOffsets(name: string, verb: 'alter' | 'reset'): Promise<string> {
    const { sink, watches } = this.#cluster;
    let change: OffsetsChange | undefined;
    try {
      const { connectors } = await this.#client.snapshot();
      const record = connectors.get(name)?.record;
      if (!record) return 'unknown';
      const { kind } = await changeStopped(
        {
          snapshot: () => this.#client.snapshot(),
          fenceOffsets: (each) => this.#client.fenceOffsets(each, { timeoutMs: stopTimeoutMs }),
        },
        record,
        async (owner) => {
          await this.#takeOver(name, owner);
          await this.#log();
          const share = verb === 'reset' ? 0 : this.#random.fraction();
          const partitions = allPartitionsOf(name, record.type, owner.tasks);
          const offsets = sink.changeOffsets(firstTask(name), owner.fence, partitions, share);
          if (!offsets) throw fencedError(name);
          change = { connector: name, uid: record.uid, fence: owner.fence, offsets };
          watches.changedOffsets.made(change);
          await this.#log();
        },
      );
      if (change && kind === 'changed') watches.changedOffsets.answered(change);
      return kind;
    } catch (error) {
      if (error instanceof SluiceError) return 'unanswered';
      throw error;
    }
  }

  async forgetTopics(connector: string): Promise<void> {
    await this.#client.forgetTopics(connector).catch(() => {});
  }

  async setLevel(logger: string, level: LogLevel): Promise<void> {
    await this.#client.setLoggerLevel(logger, level).catch(() => {});
  }

  /** Of every task, as `ConnectorOffsets` does. */
  async #takeOver(connector: string, { fence, tasks }: StoppedOwner): Promise<void> {
    for (let task = 0; task < tasks; task++) {
      await this.#log();
      const answer = this.#cluster.sink.takeOver(`task/${connector}/${task}`, fence);
      if (answer === 'fenced') throw fencedError(connector);
    }
  }

  #log(): Promise<void> {
    const { min, usual, late } = logLatencyMs;
    const max = this.#random.chance(lateShare) ? late : usual;
    return this.#process.clock.sleep(this.#random.between(min, max));
  }
}

function firstTask(connector: string): string {
  return `task/${connector}/0`;
}

function fencedError(connector: string): SluiceError {
  return new SluiceError('log.fenced', `a newer owner of ${connector} is there`);
}
