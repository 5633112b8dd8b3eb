/** Examples that need a Kafka, beside those of `examples.test.ts`. */
import { test } from 'vitest';

import { expectOrders } from './support/example.ts';

test('tables in PostgreSQL become tables in MariaDB through Kafka, with workers killed meanwhile', async () => {
  await expectOrders('kafka', ['--kafka']);
});
