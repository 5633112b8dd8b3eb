/**
 * Offsets of consumer groups without being a member of one. Kafka keeps them for whoever commits; that nobody
 * else consumes under the group's name is checked here, that no older owner commits is up to the
 * transaction.
 */
import { SluiceError } from '@sluice/kernel';
import { type GroupOffset, partitionName, type TopicPartition } from '@sluice/record-log';

import type { Call } from './call.ts';
import type { KafkaCluster } from './cluster.ts';
import { groupInUseError, kafkaCodeOf, toLogError } from './errors.ts';
import type { OwnerSession } from './owner-session.ts';
import { errorCodes } from './wire/error-codes.ts';
import {
  deleteGroupsRequest,
  describeConsumerGroupRequest,
  describeGroupsRequest,
} from './wire/groups.ts';
import { offsetDeleteRequest, offsetFetchRequest, txnOffsetCommitRequest } from './wire/offsets.ts';
import type { KafkaRequest } from './wire/request.ts';
import { addOffsetsToTxnRequest } from './wire/transactions.ts';

/** An owner that ends its transaction in order needs milliseconds for it. */
const stableWithinMs = 2_000;
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
    this.#assertNobody(group, members.length, state);
    // A group of the new protocol looks to this request as if it did not exist.
    if (state === 'Dead') await this.#assertUnusedByNewProtocol(call, group);
  }

  async #assertUnusedByNewProtocol(call: Call, group: string): Promise<void> {
    try {
      const { described } = await this.#ask(
        call,
        group,
        describeConsumerGroupRequest(group),
        (answer) => answer.described?.errorCode ?? 0,
      );
      if (described) this.#assertNobody(group, described.members, described.state);
    } catch (error) {
      // A broker that does not speak it has no such groups.
      if (!(error instanceof SluiceError && error.code === 'log.unsupported')) throw error;
    }
  }

  #assertNobody(group: string, members: number, state: string): void {
    if (members > 0) throw groupInUseError(group, members, state);
  }

  /** All that is committed, to be shown: what a transaction is about to commit is not waited for. */
  async list(call: Call, group: string): Promise<Map<string, number>> {
    return await this.#fetch(call, group, { partitions: null, requireStable: false });
  }

  /**
   * Committed offsets by partition name. What a transaction is about to commit is waited for, but not for ever: a
   * dead owner of something else may have left it open. Should it be committed after all, what it covers
   * is read twice.
   */
  async fetch(
    call: Call,
    group: string,
    partitions: readonly TopicPartition[],
  ): Promise<Map<string, number>> {
    // Again if the wait ended with something else, as with a last look that was not answered in time: the next one tells.
    return await call.retrying(async () => {
      const patient = this.#cluster.begin(Math.min(call.leftMs, stableWithinMs));
      try {
        return await this.#fetch(patient, group, { partitions, requireStable: true });
      } catch (error) {
        if (kafkaCodeOf(error) !== errorCodes.UNSTABLE_OFFSET_COMMIT || call.isOver) throw error;
      }
      return await this.#fetch(call, group, { partitions, requireStable: false });
    });
  }

  async #fetch(
    call: Call,
    group: string,
    asked: {
      readonly partitions: readonly TopicPartition[] | null;
      readonly requireStable: boolean;
    },
  ): Promise<Map<string, number>> {
    const known = new Map<string, number>();
    const answer = await this.#ask(
      call,
      group,
      offsetFetchRequest({ group, ...asked }),
      ({ errorCode, offsets }) =>
        offsets.find((each) => each.errorCode === errorCodes.UNSTABLE_OFFSET_COMMIT)?.errorCode ??
        errorCode,
    );
    this.#assertNone(answer.errorCode, group);
    for (const { topic, partition, offset, errorCode } of answer.offsets) {
      // A topic that is gone has no offset.
      if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) continue;
      if (errorCode !== 0)
        throw toLogError(errorCode, whatOf(errorCode, topic, group), this.#address);
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
        (code) => whatOf(code, [...new Set(offsets.map(({ topic }) => topic))].join(', '), group),
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

  /** Idempotent. @throws `log.group_in_use`. */
  async clear(call: Call, group: string, partitions: readonly TopicPartition[]): Promise<void> {
    const answer = await this.#ask(
      call,
      group,
      offsetDeleteRequest({ group, partitions }),
      ({ errorCode }) => errorCode,
    );
    if (answer.errorCode === errorCodes.GROUP_ID_NOT_FOUND) return;
    if (answer.errorCode === errorCodes.NON_EMPTY_GROUP) await this.assertUnused(call, group);
    this.#assertNone(answer.errorCode, group);
    for (const { topic, errorCode } of answer.partitions) {
      if (errorCode === errorCodes.GROUP_SUBSCRIBED_TO_TOPIC) await this.assertUnused(call, group);
      // A topic that is gone has no offset.
      if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION || errorCode === 0) continue;
      throw toLogError(errorCode, whatOf(errorCode, topic, group), this.#address);
    }
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

/** The rights to a group and to the topics that it reads are different ones. */
function whatOf(code: number, topic: string, group: string): string {
  return code === errorCodes.TOPIC_AUTHORIZATION_FAILED
    ? `topic '${topic}'`
    : `consumer group '${group}'`;
}
