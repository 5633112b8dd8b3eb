import type { TopicPartition } from '@sluice/record-log';
import { partitionName, unknownPartitionError } from '@sluice/record-log';

import type { Call } from './call.ts';
import type { KafkaCluster } from './cluster.ts';
import { toLogError } from './errors.ts';
import { errorCodes, isRetriableCode } from './wire/error-codes.ts';
import { listOffsetsRequest } from './wire/topics.ts';

/** First and next offsets of partitions, asked from their leaders. */
export class Watermarks {
  readonly #cluster: KafkaCluster;
  readonly #address: string;

  constructor(cluster: KafkaCluster, address: string) {
    this.#cluster = cluster;
    this.#address = address;
  }

  /**
   * In the order asked for; of a time: the first record that is not older, −1 if there is none.
   * @throws `log.unknown_partition`, `log.unreachable`.
   */
  async offsets(
    call: Call,
    partitions: readonly TopicPartition[],
    which: 'earliest' | 'latest' | { readonly timestampMs: number },
  ): Promise<number[]> {
    const found = new Map<string, number>();
    await call.retrying(async () => {
      const missing = partitions.filter((each) => !found.has(partitionName(each)));
      for (const [leader, mine] of await this.byLeader(call, missing)) {
        const request = listOffsetsRequest({
          isolation: 'read_uncommitted',
          partitions: mine.map(({ topic, partition }) => ({ topic, partition, at: which })),
        });
        const answer = await this.#cluster.ask(call, leader, request);
        for (const { topic, partition, errorCode, offset } of answer.offsets) {
          if (errorCode === 0) found.set(partitionName({ topic, partition }), offset);
          else throw this.refused({ topic, partition }, errorCode);
        }
      }
    });
    return partitions.map((each) => found.get(partitionName(each)) ?? 0);
  }

  /** @throws as `offsets`. */
  async byLeader<Place extends TopicPartition>(
    call: Call,
    partitions: readonly Place[],
  ): Promise<Map<number, Place[]>> {
    const names = new Set(partitions.map(({ topic }) => topic));
    const topics = await this.#cluster.topics(call, names);
    const byLeader = new Map<number, Place[]>();
    for (const each of partitions) {
      const leaders = topics.get(each.topic)?.leaders ?? [];
      const leader = leaders[each.partition];
      if (leader === undefined) {
        throw unknownPartitionError(each.topic, each.partition, leaders.length);
      }
      if (leader < 0) throw this.refused(each, errorCodes.LEADER_NOT_AVAILABLE);
      const mine = byLeader.get(leader);
      if (mine) mine.push(each);
      else byLeader.set(leader, [each]);
    }
    return byLeader;
  }

  /** What a leader answered instead; whoever tries again asks for leaders anew where it may be another one. */
  refused({ topic, partition }: TopicPartition, code: number): Error {
    if (isRetriableCode(code)) this.#cluster.metadata.suspect(topic);
    return toLogError(code, `partition ${partition} of topic '${topic}'`, this.#address);
  }
}
