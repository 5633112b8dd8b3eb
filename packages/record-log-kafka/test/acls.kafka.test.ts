import { newTopicName, readRecords, records, values } from '@sluice/record-log/conformance';
import { type KafkaHandle, kafkaTool, startKafka, waitFor } from '@sluice/testkit';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { KafkaLog } from '../src/index.ts';

const users = { sluice: 'one-password', poor: 'another-password' };
type User = keyof typeof users;

let kafka: KafkaHandle;
/** Of somebody who may do everything. */
let admin: KafkaLog;
const logs: KafkaLog[] = [];

beforeAll(async () => {
  kafka = await startKafka({
    listeners: { sasl: { sasl: ['PLAIN'] } },
    users,
    config: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // Whoever comes by the plain listener.
      'super.users': 'User:ANONYMOUS',
    },
  });
  admin = new KafkaLog({ brokers: kafka.brokers, cluster: 'default', clientId: 'admin' });
  logs.push(admin);
  await admin.start();
});
afterAll(async () => {
  for (const log of logs) log.destroy();
  await kafka?.stop();
});

async function logOf(user: User): Promise<KafkaLog> {
  const log = new KafkaLog({
    brokers: kafka.listener('sasl'),
    cluster: 'default',
    clientId: user,
    sasl: { mechanism: 'PLAIN', username: user, password: users[user] },
  });
  logs.push(log);
  await log.start();
  return log;
}

/** Resolves when the broker goes by it: the controller, which confirms it, knows it earlier. */
async function allow(user: User, ...args: readonly string[]): Promise<void> {
  const words = args.flatMap((each) => each.split(' '));
  const before = await aclsOf(user);
  await kafkaTool(kafka, 'kafka-acls', ['--add', `--allow-principal=User:${user}`, ...words]);
  const added = words.filter((word) => word === '--operation').length;
  await waitFor(async () => await aclsOf(user), {
    what: `${added} rights more of ${user} than ${before}`,
    until: (count) => count >= before + added,
  });
}

async function aclsOf(user: User): Promise<number> {
  const client = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
  try {
    await client.connect();
    const { resources } = await client.describeAcls({
      principal: `User:${user}`,
      resourceType: AclResourceTypes.ANY,
      resourcePatternType: ResourcePatternTypes.ANY,
      operation: AclOperationTypes.ANY,
      permissionType: AclPermissionTypes.ANY,
    });
    return resources.flatMap(({ acls }) => acls).length;
  } finally {
    await client.disconnect();
  }
}

function forbidden(...words: readonly string[]): object {
  return {
    code: 'log.forbidden',
    retriable: false,
    message: expect.stringMatching(
      new RegExp(words.map((word) => word.replaceAll('.', '\\.')).join('.*')),
    ),
  };
}

/** A source and a sink through their whole lives. */
async function useAll(log: KafkaLog, topic: string): Promise<void> {
  const identity = { id: 'default.task/orders/0', fence: Date.now() };
  const partition = { topic, partition: 0 };
  const writer = await log.openWriter(identity);
  await writer.produce([{ topic, records: records(3) }]);
  const source = [{ partition: { file: 'a' }, offset: { position: 1 } }];
  await writer.commitSourceOffsets('orders', source);
  expect(await log.listSourceOffsets('orders')).toEqual(source);
  const reader = await log.openReader({ identity, group: 'connect-orders' });
  await reader.assign([partition]);
  expect(values(await readRecords(reader, 3))).toEqual(['0', '1', '2']);
  await reader.commit([{ ...partition, offset: 3 }]);
  expect(await reader.committed([partition])).toEqual([3]);
  await reader.close();
  await writer.close();
  await log.forgetGroup('connect-orders');
}

test('who has no rights is told for each thing which right is missing', async () => {
  const topic = newTopicName();
  await admin.topics.create(topic, { partitions: 1 });
  const log = await logOf('poor');
  const identity = { id: 'default.task/poor/0', fence: 1 };
  const create = log.topics.create('mine', { partitions: 1 });
  await expect(create).rejects.toMatchObject(forbidden("topic 'mine'", 'create', 'kafka-acls'));
  await expect(log.openWriter(identity)).rejects.toMatchObject(
    forbidden("transaction.* 'default.task/poor/0'", 'kafka-acls'),
  );
  await expect(log.topics.watermarks([{ topic, partition: 0 }])).rejects.toMatchObject(
    forbidden(`topic '${topic}'`, 'kafka-acls'),
  );
  await expect(log.listGroupOffsets('connect-poor')).rejects.toMatchObject(
    forbidden("group 'connect-poor'", 'kafka-acls'),
  );
  await expect(log.listSourceOffsets('poor')).rejects.toMatchObject(
    forbidden("topic 'sluice-default-offsets'", 'kafka-acls'),
  );

  await allow(
    'poor',
    '--operation Write --operation Describe --transactional-id default.task/poor/0',
  );
  await allow(
    'poor',
    '--operation Read --operation Write --operation Describe --operation DescribeConfigs --operation Create',
    '--topic sluice-default- --resource-pattern-type prefixed',
  );
  const writer = await log.openWriter(identity);
  await expect(writer.produce([{ topic, records: records(1) }])).rejects.toMatchObject(
    forbidden(`topic '${topic}'`, 'kafka-acls'),
  );
  await expect(writer.produce([{ topic: 'not-there', records: records(1) }])).rejects.toMatchObject(
    forbidden("topic 'not-there'", 'kafka-acls'),
  );
  const reader = await log.openReader({ identity, group: 'connect-poor' });
  await expect(reader.assign([{ topic, partition: 0 }])).rejects.toMatchObject(
    forbidden("group 'connect-poor'", 'kafka-acls'),
  );
  await allow('poor', '--operation Read --operation Describe --group connect-poor');
  await expect(reader.assign([{ topic, partition: 0 }])).rejects.toMatchObject(
    forbidden(`topic '${topic}'`, 'kafka-acls'),
  );
  // Described, but neither read nor written.
  await allow('poor', `--operation Describe --topic ${topic}`);
  await reader.assign([{ topic, partition: 0 }]);
  await expect(reader.commit([{ topic, partition: 0, offset: 0 }])).rejects.toMatchObject(
    forbidden(`topic '${topic}'`, 'kafka-acls'),
  );
  await admin.openWriter({ id: 'admin', fence: 1 }).then(async (other) => {
    await other.produce([{ topic, records: records(1) }]);
  });
  await expect(reader.poll(5_000)).rejects.toMatchObject(
    forbidden(`topic '${topic}'`, 'kafka-acls'),
  );
  await expect(writer.produce([{ topic, records: records(1) }])).rejects.toMatchObject(
    forbidden(`topic '${topic}'`, 'kafka-acls'),
  );
});

test('the rights that the guide names are enough', async () => {
  await allow(
    'sluice',
    '--operation Read --operation Write --operation Describe --operation DescribeConfigs --operation Create',
    '--topic sluice-default- --resource-pattern-type prefixed',
  );
  await allow(
    'sluice',
    '--operation Read --operation Describe --operation Delete',
    '--group connect- --resource-pattern-type prefixed',
  );
  await allow(
    'sluice',
    '--operation Write --operation Describe',
    '--transactional-id default. --resource-pattern-type prefixed',
  );
  await allow(
    'sluice',
    '--operation Read --operation Write --operation Describe --operation Create --topic orders',
  );
  await useAll(await logOf('sluice'), 'orders');
});
