import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { partsOf, SnapshotPlan, type TableToRead } from '../src/index.ts';

test('tables are read in the order of their names, each by one reader', () => {
  const plan = new SnapshotPlan(['c', 'a', 'b']);
  const [a, b] = [taken(plan), taken(plan)];
  expect([a, b]).toMatchObject([
    { table: 'a', after: undefined },
    { table: 'b', after: undefined },
  ]);
  plan.finish(a);
  const c = taken(plan);
  expect(c).toMatchObject({ table: 'c', after: undefined });
  expect(plan.next()).toBeUndefined();
  plan.finish(c);
  expect(plan.isDone).toBe(false);
  plan.finish(b);
  expect(plan.isDone).toBe(true);
});

test('another plan goes on where the progress says', () => {
  const plan = new SnapshotPlan(['a', 'b', 'c', 'd']);
  const [a, b, c] = [taken(plan), taken(plan), taken(plan)];
  plan.finish(a);
  plan.finish(c);
  plan.advance(b, ['7', 'x']);
  const later = new SnapshotPlan(['a', 'b', 'c', 'd'], plan.progress());
  expect(later.next()).toMatchObject({ table: 'b', after: ['7', 'x'] });
  expect(later.next()).toMatchObject({ table: 'd', after: undefined });
  expect(later.next()).toBeUndefined();
});

test('a table without a key is read again from its beginning', () => {
  const plan = new SnapshotPlan(['a']);
  plan.advance(taken(plan), undefined);
  const later = new SnapshotPlan(['a'], plan.progress()).next();
  expect(later).toMatchObject({ table: 'a', after: undefined });
});

test('a table that is split is read by several readers, and goes on in its parts', () => {
  const plan = new SnapshotPlan(['a', 'b']);
  expect(plan.untouched).toEqual(['a', 'b']);
  plan.split('b', [['3'], ['6']]);
  plan.split('a', []);
  expect(plan.readersMax).toBe(4);
  const [a, low, middle, high] = [taken(plan), taken(plan), taken(plan), taken(plan)];
  expect([a, low, middle, high]).toMatchObject([
    { table: 'a', from: undefined, upTo: undefined },
    { table: 'b', from: undefined, upTo: ['3'] },
    { table: 'b', from: ['3'], upTo: ['6'] },
    { table: 'b', from: ['6'], upTo: undefined },
  ]);
  plan.finish(a);
  plan.advance(high, ['8']);
  plan.finish(low);
  const later = new SnapshotPlan(['a', 'b'], plan.progress());
  // Other bounds would not be those of what is done.
  expect(later.untouched).toEqual([]);
  const [again, rest] = [taken(later), taken(later)];
  expect([again, rest]).toMatchObject([
    { table: 'b', from: ['3'], upTo: ['6'], after: undefined },
    { table: 'b', from: ['6'], upTo: undefined, after: ['8'] },
  ]);
  expect(later.next()).toBeUndefined();
  later.finish(rest);
  expect(later.isDone).toBe(false);
  later.finish(again);
  expect(later.isDone).toBe(true);
  expect(new SnapshotPlan(['a', 'b'], later.progress()).isDone).toBe(true);
});

test('only a large table is worth to be split, and only for several readers', () => {
  const mib = 1024 * 1024;
  expect(partsOf(1_000 * mib, 1)).toBe(1);
  expect(partsOf(31 * mib, 4)).toBe(1);
  expect(partsOf(50 * mib, 4)).toBe(3);
  expect(partsOf(1_000 * mib, 4)).toBe(8);
});

test('whatever happens between crashes, each part is read to its end, and nothing that is done is read again', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 8,
  });
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom('next', 'advance', 'finish', 'crash', 'split'),
      pick: fc.nat(),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(names, steps, (tables, walk) => {
      let plan = new SnapshotPlan(tables);
      let open: TableToRead[] = [];
      const keys = new Map<string, string>();
      const done = new Set<string>();
      const bounds = new Map<string, number>();
      let counter = 0;
      const nameOf = ({ from, table, upTo }: TableToRead): string =>
        JSON.stringify([table, from, upTo]);
      const take = (): boolean => {
        const next = plan.next();
        if (!next) return false;
        expect(done.has(nameOf(next))).toBe(false);
        expect(open.map(nameOf)).not.toContain(nameOf(next));
        expect(next.after?.[0]).toBe(keys.get(nameOf(next)));
        open.push(next);
        return true;
      };
      const finish = (part: TableToRead): void => {
        plan.finish(part);
        done.add(nameOf(part));
        open = open.filter((each) => each !== part);
      };
      for (const { kind, pick } of walk) {
        const chosen = open[pick % Math.max(1, open.length)];
        const whole = plan.untouched[pick % Math.max(1, plan.untouched.length)];
        if (kind === 'next') take();
        else if (kind === 'split') {
          if (whole === undefined || pick % 4 === 0) continue;
          plan.split(
            whole,
            Array.from({ length: pick % 4 }, (_, at) => [String(at)]),
          );
          bounds.set(whole, pick % 4);
        } else if (kind === 'crash') {
          // Who begins anew asks for the bounds anew.
          for (const table of plan.untouched) bounds.delete(table);
          plan = new SnapshotPlan(tables, plan.progress());
          open = [];
        } else if (chosen !== undefined && kind === 'advance') {
          counter += 1;
          keys.set(nameOf(chosen), String(counter));
          plan.advance(chosen, [String(counter)]);
        } else if (chosen !== undefined) finish(chosen);
      }
      while (take());
      for (const part of open) finish(part);
      const parts = tables.reduce((sum, table) => sum + (bounds.get(table) ?? 0) + 1, 0);
      expect(done.size).toBe(parts);
      expect(plan.isDone).toBe(true);
      expect(new SnapshotPlan(tables, plan.progress()).isDone).toBe(true);
    }),
  );
});

function taken(plan: SnapshotPlan): TableToRead {
  const next = plan.next();
  if (!next) throw new Error('there is nothing left to read');
  return next;
}
