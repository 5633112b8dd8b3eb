import { type PlannerTask, type PlannerWorker, planAssignment } from '@sluice/assignment';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  literal,
  loads,
  minimal,
  type Situation,
  settle,
  situations,
  someTasks,
  someWorkers,
  withoutOwner,
} from './arbitraries.ts';

/** Moves that no plan with a spread of at most 1 can avoid, counted without planning anything. */
function unavoidableMoves({ tasks, workers }: Situation): number {
  const held = workers
    .filter((worker) => worker.state === 'up')
    .map((worker) => tasks.filter((task) => task.owner === worker.worker).length)
    .sort((a, b) => b - a);
  const floor = Math.floor(tasks.length / held.length);
  const odd = tasks.length % held.length;
  // The fullest keep one more than the others, as many of them as there are odd tasks.
  const surplus = held.map((count, index) => Math.max(0, count - floor - Number(index < odd)));
  const kept = held.reduce((sum, count) => sum + count, 0);
  return tasks.length - kept + surplus.reduce((sum, count) => sum + count, 0);
}

const upOrLeaving = situations({
  tasksMax: 60,
  workersMax: 10,
  plugins: 1,
  states: ['up', 'up', 'up', 'leaving', 'held'],
}).filter(({ workers }) => workers.some((worker) => worker.state === 'up'));

describe('minimal movement', () => {
  test('is the formula on a cold start', () => {
    fc.assert(
      fc.property(situations({ tasksMax: 60, workersMax: 12, plugins: 1 }), (situation) => {
        const tasks = situation.tasks.map(withoutOwner);
        const cold = planAssignment(tasks, situation.workers, minimal);
        expect(cold).toEqual(planAssignment(tasks, situation.workers, literal));
      }),
    );
  });

  test('moves orphans and the unavoidable surplus, nothing else', () => {
    fc.assert(
      fc.property(upOrLeaving, (situation) => {
        const plan = planAssignment(situation.tasks, situation.workers, minimal);
        expect(plan.spread).toBeLessThanOrEqual(1);
        expect(plan.moves).toHaveLength(unavoidableMoves(situation));
      }),
      { numRuns: 500 },
    );
  });

  test('moves only the tasks of a worker that died, evenly over the others', () => {
    const tasks = someTasks(60);
    const settled = settle(tasks, planAssignment(tasks, someWorkers(3), minimal));
    const orphaned = settled.map((task) => (task.owner === 'worker-1' ? withoutOwner(task) : task));
    const survivors = someWorkers(3).toSpliced(1, 1);
    const plan = planAssignment(orphaned, survivors, minimal);
    expect(plan.moves).toHaveLength(20);
    expect(plan.moves.every((move) => move.cause === 'orphan' && move.from === undefined)).toBe(
      true,
    );
    expect(loads(plan, survivors)).toEqual([30, 30]);
  });

  test('gives a worker that joins its share and leaves the rest where it is', () => {
    const tasks = someTasks(60);
    const settled = settle(tasks, planAssignment(tasks, someWorkers(3), minimal));
    const plan = planAssignment(settled, someWorkers(4), minimal);
    expect(plan.moves).toHaveLength(15);
    expect(plan.moves.every((move) => move.to === 'worker-3' && move.cause === 'balance')).toBe(
      true,
    );
    expect(loads(plan, someWorkers(4))).toEqual([15, 15, 15, 15]);
  });

  test('lets tasks stay first that are where the formula would have them', () => {
    const tasks = someTasks(12);
    const settled = settle(tasks, planAssignment(tasks, someWorkers(1), minimal));
    const plan = planAssignment(settled, someWorkers(2), minimal);
    const stayed = settled.filter((task) => plan.assignment.get(task.id) === 'worker-0');
    expect(stayed.map((task) => task.ordinal)).toEqual([0, 2, 4, 6, 8, 10]);
  });

  test('spreads the orphans of one connector where that costs no move', () => {
    const tasks: PlannerTask[] = [
      { id: 'orders/0', ordinal: 0, connector: 'orders', plugin: 'Any', owner: 'worker-0' },
      { id: 'clicks/0', ordinal: 1, connector: 'clicks', plugin: 'Any', owner: 'worker-1' },
      { id: 'orders/1', ordinal: 2, connector: 'orders', plugin: 'Any' },
    ];
    const plan = planAssignment(tasks, someWorkers(2), minimal);
    expect(plan.assignment.get('orders/1')).toBe('worker-1');
  });

  test('keeps one connector apart even if a less loaded worker has an open place', () => {
    const tasks = [
      { id: 'orders/0', connector: 'orders', owner: 'worker-0' },
      ...[0, 1].map((n) => ({ id: `audit/${n}`, connector: 'audit', owner: 'worker-1' })),
      ...[2, 3].map((n) => ({ id: `audit/${n}`, connector: 'audit', owner: 'worker-2' })),
      { id: 'orders/1', connector: 'orders' },
      { id: 'clicks/0', connector: 'clicks' },
      { id: 'clicks/1', connector: 'clicks' },
    ].map((task, ordinal) => ({ ...task, ordinal, plugin: 'Any' }));
    const plan = planAssignment(tasks, someWorkers(3), minimal);
    expect(loads(plan, someWorkers(3))).toEqual([3, 3, 2]);
    expect(plan.assignment.get('orders/1')).toBe('worker-1');
  });

  test('takes the surplus from the connector that a worker has most of', () => {
    // worker-1 has six tasks and none of ranks 1, 4, 7, which are at home there.
    const owners = [1, 0, 1, 1, 0, 1, 1, 2, 1];
    const connectors = ['a', 'z', 'a', 'a', 'z', 'a', 'b', 'z', 'b'];
    const tasks: PlannerTask[] = owners.map((owner, ordinal) => ({
      id: `task-${ordinal}`,
      ordinal,
      connector: connectors[ordinal] ?? '',
      plugin: 'Any',
      owner: `worker-${owner}`,
    }));
    const plan = planAssignment(tasks, someWorkers(3), minimal);
    const stayed = tasks.filter((task) => plan.assignment.get(task.id) === 'worker-1');
    expect(stayed.map((task) => task.connector)).toEqual(['a', 'a', 'b']);
  });

  test('gives a worker that keeps dying the odd task last', () => {
    const workers = someWorkers(3).map((worker) =>
      worker.slot === 0 ? { ...worker, penalty: 4 } : worker,
    );
    const one = planAssignment(someTasks(1), workers, minimal);
    expect([...one.assignment.values()]).toEqual(['worker-1']);
    const eight = planAssignment(someTasks(8), workers, minimal);
    expect(loads(eight, workers)).toEqual([2, 3, 3]);
  });

  test('treats a worker that announced its restart as one that drains', () => {
    const tasks = settle(someTasks(12), planAssignment(someTasks(12), someWorkers(3), minimal));
    const workers = someWorkers(3).map((worker) =>
      worker.slot === 2 ? { ...worker, state: 'held' as const } : worker,
    );
    const plan = planAssignment(tasks, workers, minimal);
    expect(plan.moves.map((move) => [move.from, move.cause])).toEqual(
      Array.from({ length: 4 }, () => ['worker-2', 'drain']),
    );
  });
});

/** Sum of squares and moves of the best placement, found by trying all of them. */
function bestByTrying({ tasks, workers }: Situation): { squares: number; moves: number } {
  const up = workers.filter((worker) => worker.state === 'up');
  const placeable = tasks.filter((task) => up.some((worker) => worker.plugins?.has(task.plugin)));
  const load = up.map(() => 0);
  let best = { squares: Number.POSITIVE_INFINITY, moves: Number.POSITIVE_INFINITY };
  const place = (index: number, moves: number): void => {
    const task = placeable[index];
    if (task === undefined) {
      const squares = load.reduce((sum, count) => sum + count * count, 0);
      if (squares < best.squares || (squares === best.squares && moves < best.moves)) {
        best = { squares, moves };
      }
      return;
    }
    for (const [position, worker] of up.entries()) {
      if (!worker.plugins?.has(task.plugin)) continue;
      load[position] = (load[position] ?? 0) + 1;
      place(index + 1, moves + Number(task.owner !== worker.worker));
      load[position] = (load[position] ?? 0) - 1;
    }
  };
  place(0, 0);
  return best;
}

describe('minimal movement where workers have different plugins', () => {
  test('balances as well as the plugins allow, with the fewest moves that do', () => {
    fc.assert(
      fc.property(
        situations({ tasksMax: 6, workersMax: 4, plugins: 6, states: ['up', 'up', 'leaving'] }),
        (situation) => {
          const plan = planAssignment(situation.tasks, situation.workers, minimal);
          const squares = loads(plan, situation.workers).reduce((sum, n) => sum + n * n, 0);
          expect({ squares, moves: plan.moves.length }).toEqual(bestByTrying(situation));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('makes room through a third worker', () => {
    // Only worker-0 can run B, only worker-0 and worker-1 can run A; worker-2 runs C, as does worker-1.
    const workers: PlannerWorker[] = [
      { worker: 'worker-0', slot: 0, state: 'up', plugins: new Set(['A', 'B']) },
      { worker: 'worker-1', slot: 1, state: 'up', plugins: new Set(['A', 'C']) },
      { worker: 'worker-2', slot: 2, state: 'up', plugins: new Set(['C']) },
    ];
    const tasks = [
      { id: 'b', ordinal: 0, connector: 'b', plugin: 'B', owner: 'worker-0' },
      { id: 'a', ordinal: 1, connector: 'a', plugin: 'A', owner: 'worker-0' },
      { id: 'c', ordinal: 2, connector: 'c', plugin: 'C', owner: 'worker-1' },
    ];
    const plan = planAssignment(tasks, workers, minimal);
    expect(Object.fromEntries(plan.assignment)).toEqual({
      b: 'worker-0',
      a: 'worker-1',
      c: 'worker-2',
    });
  });

  test('places an orphan elsewhere rather than moving a task that runs', () => {
    // Dealt in order, `free` would come to worker-0, and `bound` would then push `running` away.
    const workers: PlannerWorker[] = [
      { worker: 'worker-0', slot: 0, state: 'up', plugins: new Set(['Running', 'Free', 'Bound']) },
      { worker: 'worker-1', slot: 1, state: 'up', plugins: new Set(['Running', 'Free', 'One']) },
      { worker: 'worker-2', slot: 2, state: 'up', plugins: new Set(['Free', 'Two']) },
    ];
    const tasks: PlannerTask[] = [
      { id: 'running', plugin: 'Running', owner: 'worker-0' },
      { id: 'one', plugin: 'One', owner: 'worker-1' },
      { id: 'two', plugin: 'Two', owner: 'worker-2' },
      { id: 'free', plugin: 'Free' },
      { id: 'bound', plugin: 'Bound' },
    ].map((task, ordinal) => ({ ...task, ordinal, connector: task.id }));
    const plan = planAssignment(tasks, workers, minimal);
    expect(plan.moves.map((move) => move.id)).toEqual(['free', 'bound']);
    expect(plan.spread).toBe(1);
  });

  test('takes a task from a worker that has not got its plugin any more', () => {
    const workers: PlannerWorker[] = [
      { worker: 'worker-0', slot: 0, state: 'up', plugins: new Set() },
      { worker: 'worker-1', slot: 1, state: 'up', plugins: new Set(['A']) },
    ];
    const tasks = [{ id: 'a', ordinal: 0, connector: 'a', plugin: 'A', owner: 'worker-0' }];
    expect(planAssignment(tasks, workers, minimal).moves).toEqual([
      { id: 'a', from: 'worker-0', to: 'worker-1', cause: 'drain' },
    ]);
  });
});
