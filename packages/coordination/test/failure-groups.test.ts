import { expect, test } from 'vitest';

import { failureGroups, fingerprint } from '../src/failure-groups.ts';
import type { ClusterSnapshot, ConnectorView, UnitView } from '../src/snapshot.ts';
import { connector } from './records.ts';

function view(name: string, failures: readonly (readonly [trace: string, sinceMs: number])[]) {
  const unit = (id: string): UnitView => ({
    unit: id,
    connector: name,
    state: 'RUNNING',
    workerId: '',
    fence: 1,
    attempts: 1,
    stalled: false,
  });
  const tasks = failures.map(
    ([trace, sinceMs], task): UnitView => ({
      ...unit(`task/${name}/${task}`),
      task,
      state: 'FAILED',
      trace,
      sinceMs,
    }),
  );
  const found: ConnectorView = {
    record: connector(name),
    connector: unit(`connector/${name}`),
    tasks,
  };
  return found;
}

function snapshot(views: readonly ConnectorView[]): ClusterSnapshot {
  return {
    connectors: new Map(views.map((each) => [each.record.name, each])),
    workers: [],
    leader: undefined,
    protocol: 1,
    plugins: [],
    units: new Map(),
  };
}

test('failures that differ in numbers and quotes are one, the largest first', () => {
  const groups = failureGroups(
    snapshot([
      view('orders', [
        ['Error: table "a" is locked by 17\n  at put (/app/src/sink.js:10:5)', 20],
        ['Error: table "b" is locked by 18\n  at put (/app/src/sink.js:10:5)', 10],
      ]),
      view('payments', [
        ["Error: table 'c' is locked by 19\n  at put (/app/src/sink.js:10:5)", 30],
        ['TypeError: x is not a function', 40],
      ]),
    ]),
  );
  expect(groups.map(({ trace: _trace, fingerprint: _print, ...group }) => group)).toEqual([
    {
      message: "Error: table 'c' is locked by 19",
      connectors: ['orders', 'payments'],
      units: ['task/orders/0', 'task/orders/1', 'task/payments/0'],
      count: 3,
      firstMs: 10,
      lastMs: 30,
    },
    {
      message: 'TypeError: x is not a function',
      connectors: ['payments'],
      units: ['task/payments/1'],
      count: 1,
      firstMs: 40,
      lastMs: 40,
    },
  ]);
});

test('where nothing failed there is nothing to tell', () => {
  expect(failureGroups(snapshot([view('orders', [])]))).toEqual([]);
});

test('of many units the first hundred are named, and all counted', () => {
  const failures = Array.from({ length: 150 }, (_none, n) => [`Error: ${n}`, n] as const);
  const [group] = failureGroups(snapshot([view('orders', failures)]));
  expect(group?.count).toBe(150);
  expect(group?.units).toHaveLength(100);
});

test.each([
  ['Error: a\n  at f (/x/src/a.js:1:2)', 'Error: a\n  at f (/y/src/a.js:9:9)', true],
  ['Error: a\n  at f (/x/src/a.js:1:2)', 'Error: a\n  at g (/x/src/a.js:1:2)', false],
  ['Error: row 0x1f', 'Error: row 0x2a', true],
  [
    'Error: id 6f1b0c52-9f0b-4c7e-8a43-0d3e6b0c1a11',
    'Error: id 7a1b0c52-9f0b-4c7e-8a43-0d3e6b0c1b22',
    true,
  ],
  ['Error: a', 'Error: b', false],
])('%j and %j are the same failure: %s', (a, b, same) => {
  expect(fingerprint(a) === fingerprint(b)).toBe(same);
});
