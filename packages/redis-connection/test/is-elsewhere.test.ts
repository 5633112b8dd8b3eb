import { expect, test } from 'vitest';

import { isElsewhere } from '../src/index.ts';

test.each([
  "READONLY You can't write against a read only replica. script: abc, on @user_script:1.",
  'MOVED 3999 127.0.0.1:6381',
  'NOREPLICAS Not enough good replicas to write.',
  'CLUSTERDOWN The cluster is down',
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
])('%s: another server may be the right one', (message) => {
  expect(isElsewhere(new Error(message))).toBe(true);
});

test.each([
  'ASK 3999 127.0.0.1:6381',
  'LOADING Redis is loading the dataset in memory',
  'OOM command not allowed when used memory > maxmemory',
  'ERR unknown command READONLY ',
])('%s: it is the right server', (message) => {
  expect(isElsewhere(new Error(message))).toBe(false);
});
