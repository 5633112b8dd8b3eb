import { expect, test } from 'vitest';
import { inOrder, logPathOf, nameOf } from '../src/log-names.ts';

test.each([
  ['/l/orders.log', '/l/orders.log'],
  ['/l/orders.log.1', '/l/orders.log'],
  ['/l/orders.log-20261130', '/l/orders.log'],
  ['/l/orders.log.2026-11-30', '/l/orders.log'],
  ['/l/orders.log.2026-11-30T23', '/l/orders.log'],
  ['/l/orders.log.20261130-235959', '/l/orders.log'],
  ['/l/orders-20261130.log', '/l/orders.log'],
  ['/l/orders.2026-11-30.log', '/l/orders.log'],
  ['/l/orders.2026-11-30.2.log', '/l/orders.log'],
  // A number is part of the name unless it says when.
  ['/l/worker-1.log', '/l/worker-1.log'],
  ['/l/worker-1', '/l/worker-1'],
  ['/l/worker-8080.2', '/l/worker-8080'],
  ['/l/worker-1.log.3', '/l/worker-1.log'],
  ['/l/v2.orders.log', '/l/v2.orders.log'],
  ['/l/orders', '/l/orders'],
])('%s belongs to %s', (path, log) => {
  expect(logPathOf(path)).toBe(log);
});

test.each(['/l/orders.log.1.gz', '/l/orders.log.zst', '/l/orders-20261130.log.xz'])(
  '%s cannot be read as text',
  (path) => {
    expect(logPathOf(path)).toBeUndefined();
  },
);

const at = (path: string, mtimeMs: number) => ({ path, mtimeMs, inode: path, size: 0 });

test('files are in the order of their names where those say it, and of their times where not', () => {
  const order = (...members: ReturnType<typeof at>[]): string[] =>
    inOrder('a.log', members).map(({ path }) => path);
  expect(order(at('a.log', 1), at('a.log.2', 9), at('a.log.10', 5), at('a.log.1', 7))).toEqual([
    'a.log.10',
    'a.log.2',
    'a.log.1',
    'a.log',
  ]);
  expect(order(at('a-2026-12-01.log', 1), at('a-2026-11-30.log', 2))).toEqual([
    'a-2026-11-30.log',
    'a-2026-12-01.log',
  ]);
  expect(order(at('a.log.1', 5), at('a.log-20261130', 3))).toEqual(['a.log-20261130', 'a.log.1']);
});

test('a name has neither folder nor extension', () => {
  expect(nameOf('/var/log/orders.log')).toBe('orders');
  expect(nameOf('/var/log/orders')).toBe('orders');
  expect(nameOf('/var/log/.hidden.log')).toBe('.hidden');
});
