import { KafkaLog } from '@sluice/record-log-kafka';
import { useSharedKafka } from '@sluice/testkit';

import { describeRecords } from './describe-records.ts';

const kafka = useSharedKafka();

describeRecords('Kafka', async () => {
  const cluster = kafka.unique('records');
  return {
    connect: (clientId) => new KafkaLog({ brokers: kafka.brokers, cluster, clientId }),
    close: async () => {},
  };
});
