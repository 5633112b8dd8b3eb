/**
 * Offsets of consumer groups without being a member of one. Kafka keeps them for whoever commits; that nobody
 * else consumes under the group's name is checked here, that no older owner commits is up to the
 * transaction.
 */
import { SluiceError } from '@sluice/kernel';
import { type GroupOffset, partitionName, type TopicPartition } from '@sluice/record-log';

import type { Call, KafkaCluster } from './cluster.ts';
import { toLogError } from './errors.ts';
import type { OwnerSession } from './owner-session.ts';
import { errorCodes } from './wire/error-codes.ts';
import { deleteGroupsRequest, describeGroupsRequest } from './wire/groups.ts';
import { offsetFetchRequest, txnOffsetCommitRequest } from './wire/offsets.ts';
import type { KafkaRequest } from './wire/request.ts';
import { addOffsetsToTxnRequest } from './wire/transactions.ts';

const noGroup = { errorCode: 0, state: 'Dead', members: [] };

export class GroupOffsets {
  readonly #cluster: KafkaCluster;
  readonly #address: string;

  constructor(cluster: KafkaCluster, address: string) {
    this.#cluster = cluster;
    this.#address = address;
  }

  /** @throws `log.group_in_use` if the group has members: they would be given the same partitions. */
  async assertUnused(call: Call, group: string): Promise<void> {
    const answer = await this.#ask(
      call,
      group,
      describeGroupsRequest([group]),
      ({ groups }) => groups[0]?.errorCode ?? 0,
    );
    const [{ errorCode, state, members } = noGroup] = answer.groups;
    if (errorCode !== errorCodes.GROUP_ID_NOT_FOUND) this.#assertNone(errorCode, group);
    if (members.length === 0) return;
    throw new SluiceError(
      'log.group_in_use',
      `consumer group '${group}' has ${members.length} members (${state}): another consumer, or Kafka Connect itself, reads under this name. ` +
        `Stop it first; 'kafka-consumer-groups.sh --describe --members --group ${group}' names them`,
      { retriable: true, details: { group, members: members.length, state } },
    );
  }

  /** Committed offsets by partition name; transactions under way are waited for. */
  async fetch(
    call: Call,
    group: string,
    partitions: readonly TopicPartition[] | null,
  ): Promise<Map<string, number>> {
    const known = new Map<string, number>();
    const answer = await this.#ask(
      call,
      group,
      offsetFetchRequest({ group, partitions, requireStable: true }),
      // A transaction that is about to end: in a moment it will have.
      ({ errorCode, offsets }) =>
        offsets.find((each) => each.errorCode === errorCodes.UNSTABLE_OFFSET_COMMIT)?.errorCode ??
        errorCode,
    );
    this.#assertNone(answer.errorCode, group);
    for (const { topic, partition, offset, errorCode } of answer.offsets) {
      // A topic that is gone has no offset.
      if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) continue;
      this.#assertNone(errorCode, group);
      if (offset >= 0) known.set(partitionName({ topic, partition }), offset);
    }
    return known;
  }

  /** @throws `log.fenced`. */
  async commit(
    call: Call,
    session: OwnerSession,
    group: string,
    offsets: readonly GroupOffset[],
  ): Promise<void> {
    const transactionalId = session.identity.id;
    await session.transaction(call, async ({ id: producerId, epoch: producerEpoch }) => {
      const producer = { transactionalId, producerId, producerEpoch };
      await session.ask(
        call,
        ['transaction', transactionalId],
        addOffsetsToTxnRequest({ ...producer, group }),
        ({ errorCode }) => errorCode,
      );
      await session.ask(
        call,
        ['group', group],
        txnOffsetCommitRequest({ ...producer, group, offsets }),
        // One code for all: what fails for one partition makes the commit void.
        ({ partitions }) => partitions.find(({ errorCode }) => errorCode !== 0)?.errorCode ?? 0,
      );
    });
  }

  /** Idempotent. @throws `log.group_in_use`. */
  async forget(call: Call, group: string): Promise<void> {
    const answer = await this.#ask(
      call,
      group,
      deleteGroupsRequest([group]),
      ({ groups }) => groups[0]?.errorCode ?? 0,
    );
    const errorCode = answer.groups[0]?.errorCode ?? 0;
    if (errorCode === errorCodes.GROUP_ID_NOT_FOUND) return;
    if (errorCode === errorCodes.NON_EMPTY_GROUP) await this.assertUnused(call, group);
    this.#assertNone(errorCode, group);
  }

  async #ask<Result>(
    call: Call,
    group: string,
    request: KafkaRequest<Result>,
    codeOf: (result: Result) => number,
  ): Promise<Result> {
    return await this.#cluster.askCoordinator(call, ['group', group], request, codeOf);
  }

  #assertNone(code: number, group: string): void {
    if (code !== 0) throw toLogError(code, `consumer group '${group}'`, this.#address);
  }
}
