/** Examples that need a Kafka, beside those of `examples.test.ts`. */
import { test } from 'vitest';

import { expectOrders } from './support/example.ts';

/** Of the whole; each step of an example has a limit of its own. */
const timeout = 300_000;

test('tables in PostgreSQL become tables in MariaDB through Kafka, with workers killed meanwhile', {
  timeout,
}, async () => {
  await expectOrders('kafka', ['--kafka']);
});
