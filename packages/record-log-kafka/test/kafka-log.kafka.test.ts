import { describeRecordLog } from '@sluice/record-log/conformance';

import { startKafkaLog } from './kafka-log-under-test.ts';

describeRecordLog('kafka', () => startKafkaLog());
