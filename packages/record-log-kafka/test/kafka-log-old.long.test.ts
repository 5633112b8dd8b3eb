import { describeRecordLog } from '@sluice/record-log/conformance';
import { kafkaVersions } from '@sluice/testkit';

import { startKafkaLog } from './kafka-log-under-test.ts';

describeRecordLog(`kafka ${kafkaVersions.old}`, () =>
  startKafkaLog({ kafka: { version: kafkaVersions.old } }),
);
