/** Begins a transaction of a source's offsets and one of a group's, tells so, and does not end them: it is to be killed. */
import { silentLogger } from '@sluice/kernel';

import { KafkaCluster } from '../../src/cluster.ts';
import { compileKafkaLogOptions } from '../../src/options.ts';
import { txnOffsetCommitRequest } from '../../src/wire/offsets.ts';
import { addOffsetsToTxnRequest, initProducerIdRequest } from '../../src/wire/transactions.ts';
import type { OwnerTask } from './owner-events.ts';

const { brokers, cluster, identity, group, partition } = JSON.parse(
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
process.stdout.write(
  `open with codes ${added.errorCode} ${committed.partitions[0]?.errorCode ?? 'none'}\n`,
);
setInterval(() => {}, 60_000);
