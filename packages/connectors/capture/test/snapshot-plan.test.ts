import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SnapshotPlan } from '../src/index.ts';

test('tables are read in the order of their names, each by one reader', () => {
  const plan = new SnapshotPlan(['c', 'a', 'b']);
  expect([plan.next(), plan.next()]).toEqual([
    { table: 'a', after: undefined },
    { table: 'b', after: undefined },
  ]);
  plan.finish('a');
  expect(plan.next()).toEqual({ table: 'c', after: undefined });
  expect(plan.next()).toBeUndefined();
  plan.finish('c');
  expect(plan.isDone).toBe(false);
  plan.finish('b');
  expect(plan.isDone).toBe(true);
});

test('another plan goes on where the progress says', () => {
  const plan = new SnapshotPlan(['a', 'b', 'c', 'd']);
  for (let index = 0; index < 3; index += 1) plan.next();
  plan.finish('a');
  plan.finish('c');
  plan.advance('b', ['7', 'x']);
  const later = new SnapshotPlan(['a', 'b', 'c', 'd'], plan.progress());
  expect(later.next()).toEqual({ table: 'b', after: ['7', 'x'] });
  expect(later.next()).toEqual({ table: 'd', after: undefined });
  expect(later.next()).toBeUndefined();
});

test('a table without a key is read again from its beginning', () => {
  const plan = new SnapshotPlan(['a']);
  plan.next();
  plan.advance('a', undefined);
  expect(new SnapshotPlan(['a'], plan.progress()).next()).toEqual({ table: 'a', after: undefined });
});

test('whatever happens between crashes, each table is read to its end, and nothing that is done is read again', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 8,
  });
  const steps = fc.array(
    fc.record({ kind: fc.constantFrom('next', 'advance', 'finish', 'crash'), pick: fc.nat() }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(names, steps, (tables, walk) => {
      let plan = new SnapshotPlan(tables);
      let open: string[] = [];
      let keys = new Map<string, string>();
      const done = new Set<string>();
      let counter = 0;
      const take = (): boolean => {
        const next = plan.next();
        if (!next) return false;
        expect(done.has(next.table)).toBe(false);
        expect(open).not.toContain(next.table);
        expect(next.after?.[0]).toBe(keys.get(next.table));
        open.push(next.table);
        return true;
      };
      const finish = (table: string): void => {
        plan.finish(table);
        done.add(table);
        open = open.filter((each) => each !== table);
      };
      for (const { kind, pick } of walk) {
        const chosen = open[pick % Math.max(1, open.length)];
        if (kind === 'next') take();
        else if (kind === 'crash') {
          plan = new SnapshotPlan(tables, plan.progress());
          open = [];
        } else if (chosen !== undefined && kind === 'advance') {
          counter += 1;
          keys = new Map([...keys, [chosen, String(counter)]]);
          plan.advance(chosen, [String(counter)]);
        } else if (chosen !== undefined) finish(chosen);
      }
      while (take());
      for (const table of open) finish(table);
      expect([...done].toSorted()).toEqual(tables.toSorted());
      expect(plan.isDone).toBe(true);
      expect(new SnapshotPlan(tables, plan.progress()).isDone).toBe(true);
    }),
  );
});
