import { expect, test } from 'vitest';

import { reportText } from '../src/report-text.ts';
import type { RunReport } from '../src/run-seeds.ts';

const report: RunReport = {
  seeds: 1,
  virtualMinutes: 10,
  steps: 3,
  effects: 2,
  failures: [],
  coverage: new Map([['crash: worker', 4]]),
  replies: new Map([['claim: stale', 5]]),
  missing: ['redis-flush'],
  hashes: new Map([[7, 'abc']]),
  trace: ['    1.000 s  w1     joined'],
};
const context = { seed: 7, minutes: 10, tookMs: 6_000, seedsForCoverage: 1_000 };

test('of one seed there is its trace and the hash of it', () => {
  expect(reportText(report, context).split('\n')).toEqual([
    '    1.000 s  w1     joined',
    'seed 7: trace abc',
    '',
    'faults:',
    '          4  crash: worker',
    'replies of scripts:',
    '          5  claim: stale',
    '',
    '1 seeds, 10 virtual minutes, 3 events, 2 effects in 6.0 s: 100 × real time',
    'no seeds violated an invariant',
    '',
  ]);
});

test('of several, what occurred how often, and what never did', () => {
  const some = reportText({ ...report, seeds: 20, trace: [] }, context);
  expect(some).toContain('          4  crash: worker\n');
  expect(some).toContain('never occurred, in so few seeds: redis-flush\n');
  expect(some).not.toContain('abc');
  const many = reportText({ ...report, seeds: 1_000, trace: [] }, context);
  expect(many).toContain('never occurred: redis-flush\n');
});
