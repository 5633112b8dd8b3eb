import { distributeModulo, type PlannerTask, planAssignment } from '@sluice/assignment';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  literal,
  loads,
  settle,
  situations,
  someTasks,
  someWorkers,
  withoutOwner,
} from './arbitraries.ts';

/** The example of the text that the rule comes from, line by line. */
function distributeTasks(workers: { tasks: unknown[] }[], tasks: readonly unknown[]): void {
  for (let i = 0; i < tasks.length; i += 1) {
    workers[i % workers.length]?.tasks.push(tasks[i]);
  }
}

describe('the formula', () => {
  test('deals items as the published example does', () => {
    fc.assert(
      fc.property(fc.array(fc.anything()), fc.integer({ min: 1, max: 30 }), (items, count) => {
        const example = Array.from({ length: count }, () => ({ tasks: [] as unknown[] }));
        distributeTasks(example, items);
        expect(distributeModulo(items, count)).toEqual(example.map((worker) => worker.tasks));
      }),
    );
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses %s workers', (count) => {
    expect(() => distributeModulo(['a'], count)).toThrow(/workers must be a whole number/);
  });
});

describe('literal movement', () => {
  test('puts task j on worker j mod N, whoever has it now', () => {
    fc.assert(
      fc.property(situations({ tasksMax: 60, workersMax: 12, plugins: 1 }), (situation) => {
        const { tasks, workers } = situation;
        const plan = planAssignment(tasks, workers, literal);
        const ranked = tasks.toSorted((a, b) => a.ordinal - b.ordinal);
        const crew = workers.toSorted((a, b) => a.slot - b.slot);
        for (const [j, task] of ranked.entries()) {
          expect(plan.assignment.get(task.id)).toBe(crew[j % crew.length]?.worker);
        }
        expect(plan.assignment.size).toBe(tasks.length);
      }),
    );
  });

  test('is what distributeModulo gives', () => {
    const tasks = someTasks(100);
    const workers = someWorkers(7);
    const plan = planAssignment(tasks, workers, literal);
    const shares = distributeModulo(tasks, 7);
    for (const [i, worker] of workers.entries()) {
      const own = tasks.filter((task) => plan.assignment.get(task.id) === worker.worker);
      expect(own).toEqual(shares[i]);
    }
  });

  test('leaves a worker that drains out of the formula', () => {
    const tasks = settle(someTasks(9), planAssignment(someTasks(9), someWorkers(3), literal));
    const workers = someWorkers(3).map((worker) =>
      worker.slot === 1 ? { ...worker, state: 'leaving' as const } : worker,
    );
    const plan = planAssignment(tasks, workers, literal);
    const byFormula = planAssignment(tasks, [...someWorkers(3)].toSpliced(1, 1), literal);
    expect(plan.assignment).toEqual(byFormula.assignment);
    expect(plan.moves.filter((move) => move.from === 'worker-1')).toHaveLength(3);
    expect(new Set(plan.moves.map((move) => move.cause))).toEqual(new Set(['drain', 'formula']));
  });

  test('keeps the place of a worker that announced its restart, so that only its tasks move', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.integer({ min: 2, max: 12 }), fc.nat(11), (count, size, pick) => {
        const held = `worker-${pick % size}`;
        const before = settle(
          someTasks(count),
          planAssignment(someTasks(count), someWorkers(size), literal),
        );
        const away = someWorkers(size).map((worker) =>
          worker.worker === held ? { ...worker, state: 'held' as const } : worker,
        );
        const plan = planAssignment(before, away, literal);
        expect(plan.moves.every((move) => move.from === held && move.cause === 'drain')).toBe(true);
        expect(plan.moves).toHaveLength(before.filter((task) => task.owner === held).length);
        expect(plan.spread).toBeLessThanOrEqual(1);

        const back = planAssignment(settle(before, plan), someWorkers(size), literal);
        expect(back.moves.every((move) => move.to === held)).toBe(true);
        expect(settle(before, back)).toEqual(before);
      }),
    );
  });

  test('keeps the place of a worker that is cordoned, so that what is new goes elsewhere and nothing else moves', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.integer({ min: 2, max: 9 }), fc.nat(8), (count, size, pick) => {
        const cordoned = `worker-${pick % size}`;
        const crew = someWorkers(size);
        const before = settle(someTasks(count), planAssignment(someTasks(count), crew, literal));
        const workers = crew.map((worker) =>
          worker.worker === cordoned ? { ...worker, state: 'cordoned' as const } : worker,
        );
        const more = [...before, ...someTasks(count + size).slice(count)];
        const plan = planAssignment(more, workers, literal);
        expect(plan.moves.every(({ from, to }) => from === undefined && to !== cordoned)).toBe(
          true,
        );
        expect(plan.moves).toHaveLength(size);
      }),
    );
  });

  test.each(['cordoned', 'held'] as const)(
    'moves nothing for one worker that is %s, whatever comes one by one',
    (state) => {
      fc.assert(
        fc.property(
          situations({ tasksMax: 30, workersMax: 6, plugins: 2 }),
          fc.nat(5),
          ({ tasks, workers }, pick) => {
            const crew = workers.map((worker, index) =>
              index === pick % workers.length ? { ...worker, state } : worker,
            );
            // In the order of their ranks, as tasks come: otherwise the formula itself moves those after it.
            const coming = tasks.toSorted((a, b) => a.ordinal - b.ordinal).map(withoutOwner);
            let settled: PlannerTask[] = [];
            for (const task of coming) {
              settled.push(task);
              const plan = planAssignment(settled, crew, literal);
              expect(plan.moves.filter(({ from }) => from !== undefined)).toEqual([]);
              settled = settle(settled, plan);
            }
          },
        ),
      );
    },
  );

  test('gives a task to another worker only if the one of the formula has not got the plugin', () => {
    fc.assert(
      fc.property(situations({ tasksMax: 40, workersMax: 6, plugins: 3 }), (situation) => {
        const { tasks, workers } = situation;
        const plan = planAssignment(tasks, workers, literal);
        const crew = workers.toSorted((a, b) => a.slot - b.slot);
        const ranked = tasks.toSorted((a, b) => a.ordinal - b.ordinal);
        for (const [j, task] of ranked.entries()) {
          const home = crew[j % crew.length];
          const worker = crew.find((one) => one.worker === plan.assignment.get(task.id));
          if (home?.plugins?.has(task.plugin)) expect(worker).toBe(home);
          else if (worker) expect(worker.plugins?.has(task.plugin)).toBe(true);
        }
      }),
    );
  });

  test.each([
    { from: 3, to: 2 },
    { from: 3, to: 4 },
    { from: 10, to: 9 },
    { from: 100, to: 101 },
  ])('moves the share that the theory says for $from → $to workers', ({ from, to }) => {
    const tasks = someTasks(from * to * 10);
    const settled = settle(tasks, planAssignment(tasks, someWorkers(from), literal));
    const plan = planAssignment(settled, someWorkers(to), literal);
    expect(plan.moves).toHaveLength(tasks.length - tasks.length / Math.max(from, to));
    expect(Math.max(...loads(plan, someWorkers(to)))).toBe(tasks.length / to);
  });
});
