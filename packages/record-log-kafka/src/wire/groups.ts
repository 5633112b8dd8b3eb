import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { KafkaRequest, Throttled } from './request.ts';

export interface FindCoordinatorResult extends Throttled {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** FindCoordinator v2: which broker answers for a group, or for a transactional id. */
export function findCoordinatorRequest(request: {
  readonly key: string;
  readonly type: 'group' | 'transaction';
}): KafkaRequest<FindCoordinatorResult> {
  return {
    apiKey: 10,
    apiVersion: 2,
    apiName: 'FindCoordinator',
    encode: () =>
      new ByteWriter().string(request.key).int8(request.type === 'transaction' ? 1 : 0).bytes,
    decode: (body) => {
      const reader = new ByteReader(body);
      return {
        throttleMs: reader.int32(),
        errorCode: reader.int16(),
        errorMessage: reader.nullableString(),
        nodeId: reader.int32(),
        host: reader.string(),
        port: reader.int32(),
      };
    },
  };
}

export interface DescribedGroup {
  readonly group: string;
  readonly errorCode: number;
  /** `Dead` is a group that does not exist; `Empty` one without members. */
  readonly state: string;
  readonly protocolType: string;
  readonly members: readonly {
    readonly memberId: string;
    /** Of a static member. */
    readonly instanceId: string | null;
    readonly clientId: string;
    readonly clientHost: string;
  }[];
}

export interface DescribeGroupsResult extends Throttled {
  readonly groups: readonly DescribedGroup[];
}

/** DescribeGroups v4. A group of the new protocol (KIP-848) with members is answered as GROUP_ID_NOT_FOUND, `Dead`. */
export function describeGroupsRequest(
  groups: readonly string[],
): KafkaRequest<DescribeGroupsResult> {
  return {
    apiKey: 15,
    apiVersion: 4,
    apiName: 'DescribeGroups',
    encode: () => {
      const writer = new ByteWriter();
      return writer.array(groups, (group) => writer.string(group)).boolean(false).bytes;
    },
    decode: (body) => {
      const reader = new ByteReader(body);
      const throttleMs = reader.int32();
      return { throttleMs, groups: reader.array(readDescribedGroup) };
    },
  };
}

function readDescribedGroup(reader: ByteReader): DescribedGroup {
  const errorCode = reader.int16();
  const group = reader.string();
  const state = reader.string();
  const protocolType = reader.string();
  reader.string(); // Assignor.
  const members = reader.array(() => {
    const memberId = reader.string();
    const instanceId = reader.nullableString();
    const clientId = reader.string();
    const clientHost = reader.string();
    reader.nullableBytes(); // Subscription,
    reader.nullableBytes(); // assignment.
    return { memberId, instanceId, clientId, clientHost };
  });
  reader.int32(); // Authorized operations: not asked for.
  return { group, errorCode, state, protocolType, members };
}

export interface DescribedConsumerGroup {
  readonly group: string;
  readonly errorCode: number;
  readonly state: string;
  readonly members: number;
}

export interface DescribeConsumerGroupResult extends Throttled {
  readonly described: DescribedConsumerGroup | undefined;
}

/**
 * ConsumerGroupDescribe v0, for one group of the new protocol (KIP-848): how many members it has. GROUP_ID_NOT_FOUND
 * for one of the old protocol. Kafka 3.7 or newer.
 */
export function describeConsumerGroupRequest(
  group: string,
): KafkaRequest<DescribeConsumerGroupResult> {
  return {
    apiKey: 69,
    apiVersion: 0,
    apiName: 'ConsumerGroupDescribe',
    isFlexible: true,
    encode: () => {
      const writer = new ByteWriter();
      writer.compactArray([group], (each) => writer.compactString(each));
      return writer.boolean(false).noTaggedFields().bytes;
    },
    decode: (body) => {
      const reader = new ByteReader(body);
      const throttleMs = reader.int32();
      const groups = reader.unsignedVarint() - 1;
      return { throttleMs, described: groups < 1 ? undefined : readConsumerGroup(reader) };
    },
  };
}

/** Up to the number of its members: what they are, the tools tell. */
function readConsumerGroup(reader: ByteReader): DescribedConsumerGroup {
  const errorCode = reader.int16();
  reader.compactNullableString(); // Message.
  const group = reader.compactString();
  const state = reader.compactString();
  reader.int32(); // Epochs of the group
  reader.int32(); // and its assignment.
  reader.compactNullableString(); // Assignor.
  return { group, errorCode, state, members: Math.max(0, reader.unsignedVarint() - 1) };
}

export interface DeleteGroupsResult extends Throttled {
  readonly groups: readonly { readonly group: string; readonly errorCode: number }[];
}

/** DeleteGroups v1. NON_EMPTY_GROUP while it has members, GROUP_ID_NOT_FOUND if there is none. */
export function deleteGroupsRequest(groups: readonly string[]): KafkaRequest<DeleteGroupsResult> {
  return {
    apiKey: 42,
    apiVersion: 1,
    apiName: 'DeleteGroups',
    encode: () => {
      const writer = new ByteWriter();
      return writer.array(groups, (group) => writer.string(group)).bytes;
    },
    decode: (body) => {
      const reader = new ByteReader(body);
      const throttleMs = reader.int32();
      return {
        throttleMs,
        groups: reader.array(() => ({ group: reader.string(), errorCode: reader.int16() })),
      };
    },
  };
}
