import { describeRecordLog } from '@sluice/record-log/conformance';
import { makeCertificate } from '@sluice/testkit';

import { startKafkaLog } from './kafka-log-under-test.ts';

describeRecordLog('kafka over SASL_SSL', () => {
  const tls = makeCertificate(Date.now());
  const password = 'pässword with "quotes"';
  return startKafkaLog({
    kafka: {
      listeners: { secure: { tls, sasl: ['SCRAM-SHA-512'] } },
      users: { sluice: password },
    },
    listener: 'secure',
    client: {
      tls: { ca: tls.certificate },
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'sluice', password },
    },
  });
});
