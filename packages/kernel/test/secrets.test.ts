import { expect, test } from 'vitest';

import { withoutSecrets } from '../src/index.ts';

test('a trace keeps the values that explain it, and loses those of secret keys', () => {
  const config = { file: '/tmp/orders.txt', 'db.password': 'hunter22' };
  const trace = "cannot log in with 'hunter22' to write /tmp/orders.txt";
  expect(withoutSecrets(trace, config)).toBe(
    "cannot log in with '<db.password>' to write /tmp/orders.txt",
  );
});
