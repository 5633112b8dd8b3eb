import { describe, expect, test } from 'vitest';

import { chooseNames, fitsPattern, isPattern, nameOf, wordFor } from '../src/names.ts';
import { aSnapshot, aView, done, run } from './fakes.ts';

test.each([
  ['orders', 'orders', true],
  ['orders-eu', 'orders', false],
  ['orders-eu', 'orders-*', true],
  ['orders.eu', 'orders?eu', true],
  ['orders/eu', 'orders*', true],
  ['ordersXeu', 'orders.eu', false],
  ['a+b', 'a+b', true],
  ['aab', 'a+b', false],
  ['*', String.raw`\*`, true],
  ['a', String.raw`\*`, false],
  ['what?', String.raw`w*\?`, true],
  ['whatX', String.raw`w*\?`, false],
  [String.raw`C:\d`, String.raw`C:\d`, true],
  [String.raw`a\*`, String.raw`a\\\*`, true],
])('%s fits %s: %s', (name, pattern, fits) => {
  expect(fitsPattern(name, pattern)).toBe(fits);
});

test('names come once each, those of patterns in the order of the cluster', () => {
  const existing = ['clicks', 'orders-eu', 'orders-us'];
  expect(chooseNames(['orders-us', 'orders-*', 'new', 'x*'], existing)).toEqual({
    names: ['orders-us', 'orders-eu', 'new'],
    fitting: new Set(['orders-eu']),
    unmatched: ['x*'],
  });
});

test('every name has a word that stands for it alone', () => {
  const letters = ['', '*', '?', '\\', 'a'];
  const names = new Set(
    letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c))),
  );
  for (const name of names) {
    const word = wordFor(name);
    expect(isPattern(word), word).toBe(false);
    expect(nameOf(word)).toBe(name);
    expect([...names].filter((other) => fitsPattern(other, word))).toEqual([name]);
  }
});

describe('commands for several connectors', () => {
  const snapshot = aSnapshot(
    ['orders-eu', 'orders-us', 'clicks'].map((name) => aView({ record: { name } })),
  );

  test('ask for each that the pattern fits, and tell of each', async () => {
    const result = await run(['pause', 'orders-*', '--json'], {
      snapshots: [snapshot],
      outcome: done('any', 'updated'),
    });
    expect(result.requests).toEqual([
      { op: 'target', connector: 'orders-eu', state: 'PAUSED' },
      { op: 'target', connector: 'orders-us', state: 'PAUSED' },
    ]);
    expect(JSON.parse(result.out)).toMatchObject([
      { connector: 'orders-eu', targetState: 'PAUSED' },
      { connector: 'orders-us', targetState: 'PAUSED' },
    ]);
  });

  test('go on after one that is refused, and end with its code', async () => {
    const result = await run(['stop', 'orders-eu', 'clicks'], {
      snapshots: [snapshot],
      outcome: { kind: 'refused', status: 404, code: 'connector.unknown', message: 'not there' },
    });
    expect(result).toMatchObject({ code: 4, out: '' });
    expect(result.err.split('\n')).toEqual([
      'error: orders-eu: not there',
      'error: clicks: not there',
    ]);
    expect(result.requests).toHaveLength(2);
  });

  test('a pattern that nothing fits is no success', async () => {
    const result = await run(['restart', 'nothing-*'], { snapshots: [snapshot] });
    expect(result).toMatchObject({ code: 4, requests: [] });
    expect(result.err).toBe('error: no connector fits nothing-*');
  });

  test('delete takes a pattern only with --yes', async () => {
    const refused = await run(['delete', '*'], { snapshots: [snapshot] });
    expect(refused).toMatchObject({ code: 2, requests: [] });
    expect(refused.err).toMatch(/repeat it with --yes; a connector of that very name is '\\\*'$/);
    const allowed = await run(['delete', 'c*', '--yes'], {
      snapshots: [snapshot],
      outcome: done('clicks', 'deleted'),
    });
    expect(allowed.requests).toEqual([{ op: 'delete', connector: 'clicks' }]);
  });

  test('one whose name is a pattern is asked alone', async () => {
    const odd = aSnapshot(['*', 'orders-eu'].map((name) => aView({ record: { name } })));
    const result = await run(['delete', String.raw`\*`], {
      snapshots: [odd],
      outcome: done('*', 'deleted'),
    });
    expect(result.requests).toEqual([{ op: 'delete', connector: '*' }]);
    expect(result.out).toBe('connector * deleted');
    const { out } = await run(['get', 'connectors', String.raw`\*`, '--json'], {
      snapshots: [odd],
    });
    expect((JSON.parse(out) as { name: string }[]).map(({ name }) => name)).toEqual(['*']);
  });

  test('what a pattern fitted, and somebody else deletes meanwhile, is no failure', async () => {
    const left = aSnapshot([aView({ record: { name: 'clicks' } })]);
    const outcome = {
      kind: 'refused',
      status: 404,
      code: 'connector.unknown',
      message: 'not there',
    } as const;
    const result = await run(['delete', '*', '--yes', 'clicks'], {
      snapshots: [snapshot, left],
      outcome,
    });
    expect(result.code).toBe(4);
    expect(result.err.split('\n')).toEqual([
      'connector orders-eu has been deleted meanwhile',
      'connector orders-us has been deleted meanwhile',
      'error: clicks: not there',
    ]);
    const all = await run(['pause', 'orders-*'], { snapshots: [snapshot, left], outcome });
    expect(all).toMatchObject({ code: 0, out: '' });
  });

  test('get lists what a pattern fits', async () => {
    const { out } = await run(['get', 'connectors', 'orders-*', '--json'], {
      snapshots: [snapshot],
    });
    expect((JSON.parse(out) as { name: string }[]).map(({ name }) => name)).toEqual([
      'orders-eu',
      'orders-us',
    ]);
  });
});
