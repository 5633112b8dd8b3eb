import { KafkaLog } from '@sluice/record-log-kafka';
import { useSharedKafka } from '@sluice/testkit';

import { describeOffsets } from './describe-offsets.ts';

const kafka = useSharedKafka();

describeOffsets('Kafka', async () => {
  const cluster = kafka.unique('offsets');
  return {
    cluster,
    connect: (clientId) => new KafkaLog({ brokers: kafka.brokers, cluster, clientId }),
    close: async () => {},
  };
});
