/** Begins a transaction of a source's offsets and one of a group's, tells so, and does not end them: it is to be killed. */
import { silentLogger } from '@sluice/kernel';
import { partitionForKey } from '@sluice/record-log';

import { KafkaCluster } from '../../src/cluster.ts';
import { compileKafkaLogOptions } from '../../src/options.ts';
import { txnOffsetCommitRequest } from '../../src/wire/offsets.ts';
import { produceRequest } from '../../src/wire/produce.ts';
import { planRecordBatch } from '../../src/wire/record-batch.ts';
import {
  addOffsetsToTxnRequest,
  addPartitionsToTxnRequest,
  initProducerIdRequest,
} from '../../src/wire/transactions.ts';
import type { OwnerTask } from './owner-events.ts';

const { brokers, cluster, identity, group, partition, connector, source } = JSON.parse(
  process.argv[2] ?? '{}',
) as OwnerTask;
const kafka = new KafkaCluster(
  compileKafkaLogOptions({ brokers, cluster, clientId: 'dying', logger: silentLogger }),
);
const transactionalId = identity.id;
const coordinator = ['transaction', transactionalId] as const;
const { producerId, producerEpoch } = await kafka.askCoordinator(
  kafka.begin(),
  coordinator,
  initProducerIdRequest({ transactionalId, transactionTimeoutMs: 30_000 }),
  ({ errorCode }) => errorCode,
);
const producer = { transactionalId, producerId, producerEpoch };
const added = await kafka.askCoordinator(
  kafka.begin(),
  coordinator,
  addOffsetsToTxnRequest({ ...producer, group }),
  ({ errorCode }) => errorCode,
);
const offsets = [{ ...partition, offset: 3 }];
const committed = await kafka.askCoordinator(
  kafka.begin(),
  ['group', group],
  txnOffsetCommitRequest({ ...producer, group, offsets }),
  ({ partitions }) => partitions[0]?.errorCode ?? -1,
);
// The source's offset, where it belongs, and not committed.
const [key, value] = [
  Buffer.from(JSON.stringify([connector, source])),
  Buffer.from('{"position":2}'),
];
const topic = `sluice-${cluster}-offsets`;
const leaders = (await kafka.topics(kafka.begin(), [topic])).get(topic)?.leaders ?? [];
const of = partitionForKey(key, leaders.length);
const begun = await kafka.askCoordinator(
  kafka.begin(),
  coordinator,
  addPartitionsToTxnRequest({ ...producer, partitions: [{ topic, partition: of }] }),
  ({ partitions }) => partitions[0]?.errorCode ?? -1,
);
const batch = planRecordBatch(
  { records: [{ key, value }] },
  {
    nowMs: Date.now(),
    compression: 'none',
    isTransactional: true,
    producerId,
    producerEpoch,
    baseSequence: 0,
  },
);
const produced = await kafka.ask(
  kafka.begin(),
  leaders[of] ?? -1,
  produceRequest({
    transactionalId,
    acks: -1,
    timeoutMs: 5_000,
    topics: [{ topic, partitions: [{ partition: of, batch }] }],
  }),
);
const codes = [
  added.errorCode,
  ...[committed, begun, produced].map(({ partitions }) => partitions[0]?.errorCode),
];
process.stdout.write(`open with codes ${codes.join(' ')}\n`);
setInterval(() => {}, 60_000);
