/** What is kept out of logs, and that it costs the thread of the heartbeat little. */
import { expect, test } from 'vitest';

import { UnitSecrets } from '../src/unit-secrets.ts';

const secrets = new UnitSecrets({ 'inherited.password': 'of-all-workers' });

test('a line is told without the values of each configuration, nor the passwords within them', () => {
  const orders = { topic: 'orders', url: 'https://ann:hunter2@host/?a=b' };
  const payments = { key: '-----BEGIN KEY-----\nsecret\n-----END KEY-----' };
  const line = `hunter2 of-all-workers orders ${JSON.stringify(payments.key)} x://bob:other@y`;
  for (let time = 0; time < 2; time++) {
    expect(secrets.withoutValues(line, orders, payments)).toBe(
      '<url> <inherited.password> <topic> "<key>" x://bob:[hidden]@y',
    );
    expect(secrets.withoutValues(line)).toBe(
      `hunter2 <inherited.password> orders ${JSON.stringify(payments.key)} x://bob:[hidden]@y`,
    );
  }
});

test('a second of lines about no task is told within it, also where there are a thousand', () => {
  const configs = Array.from({ length: 1_000 }, (_none, unit) =>
    Object.fromEntries(
      Array.from({ length: 30 }, (_nothing, key) => [`key.${key}`, `value ${key} of ${unit}`]),
    ),
  );
  for (const config of configs) secrets.know(config);
  const beganMs = performance.now();
  for (let line = 0; line < 20; line++) {
    expect(secrets.withoutValues(`${'x'.repeat(200)} value 7 of 999`, ...configs)).toContain(
      '<key.7>',
    );
  }
  // A tenth of the lines that may come in a second. Each took half a second where nothing was remembered.
  expect(performance.now() - beganMs).toBeLessThan(5_000);
});
