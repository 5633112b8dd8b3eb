import {
  type MoveCause,
  type PlannerTask,
  type PlannerWorker,
  planAssignment,
} from '@sluice/assignment';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  anyMovement,
  loads,
  minimal,
  settle,
  situations,
  someTasks,
  someWorkers,
} from './arbitraries.ts';

const states = ['up', 'up', 'cordoned', 'leaving', 'held'] as const;
const anySituation = fc.oneof(
  situations({ tasksMax: 60, workersMax: 10, plugins: 1, states }),
  situations({ tasksMax: 40, workersMax: 8, plugins: 3, states }),
);

function canRun(worker: PlannerWorker, task: PlannerTask): boolean {
  return worker.plugins?.has(task.plugin) ?? true;
}

/** Whether its worker is cordoned, and can run it. */
function isKept(task: PlannerTask, workers: readonly PlannerWorker[]): boolean {
  const owner = workers.find(({ worker }) => worker === task.owner);
  return owner?.state === 'cordoned' && canRun(owner, task);
}

describe('a plan', () => {
  test('does not depend on the order in which tasks and workers are given', () => {
    fc.assert(
      fc.property(
        anySituation,
        anyMovement,
        fc.infiniteStream(fc.nat()),
        (situation, policy, random) => {
          const shuffle = <Item>(items: readonly Item[]): Item[] =>
            items
              .map((item) => ({ item, at: random.next().value }))
              .sort((a, b) => a.at - b.at)
              .map(({ item }) => item);
          const plan = planAssignment(situation.tasks, situation.workers, policy);
          const again = planAssignment(
            shuffle(situation.tasks),
            shuffle(situation.workers),
            policy,
          );
          expect(again).toEqual(plan);
        },
      ),
    );
  });

  test('moves nothing when it is made again from its own result', () => {
    fc.assert(
      fc.property(anySituation, anyMovement, ({ tasks, workers }, policy) => {
        const plan = planAssignment(tasks, workers, policy);
        const again = planAssignment(settle(tasks, plan), workers, policy);
        expect(again.moves).toEqual([]);
        expect(again.assignment).toEqual(plan.assignment);
      }),
    );
  });

  test('places each task on a worker that takes work and has its plugin, or reports why not', () => {
    fc.assert(
      fc.property(anySituation, anyMovement, ({ tasks, workers }, policy) => {
        const plan = planAssignment(tasks, workers, policy);
        const unplaceable = new Set(plan.unplaceable.map((entry) => entry.id));
        for (const task of tasks.filter((each) => !isKept(each, workers))) {
          const able = workers.filter((worker) => worker.state === 'up' && canRun(worker, task));
          const target = plan.assignment.get(task.id);
          expect(unplaceable.has(task.id)).toBe(able.length === 0);
          if (able.length === 0) expect(target).toBeUndefined();
          else expect(able.map((worker) => worker.worker)).toContain(target);
        }
      }),
    );
  });

  test('lists as moves exactly what differs from now, in the order of the ordinals', () => {
    fc.assert(
      fc.property(anySituation, anyMovement, ({ tasks, workers }, policy) => {
        const plan = planAssignment(tasks, workers, policy);
        const different = tasks
          .filter((task) => plan.assignment.has(task.id))
          .filter((task) => plan.assignment.get(task.id) !== task.owner)
          .sort((a, b) => a.ordinal - b.ordinal)
          .map((task) => ({ id: task.id, from: task.owner, to: plan.assignment.get(task.id) }));
        expect(plan.moves.map(({ id, from, to }) => ({ id, from, to }))).toEqual(different);
      }),
    );
  });

  test('has a spread of at most 1 and says so', () => {
    fc.assert(
      fc.property(
        situations({ tasksMax: 60, workersMax: 10, plugins: 1 }),
        anyMovement,
        ({ tasks, workers }, policy) => {
          const plan = planAssignment(tasks, workers, policy);
          const counts = loads(plan, workers);
          expect(plan.spread).toBe(Math.max(...counts) - Math.min(...counts));
          expect(plan.spread).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test('stays balanced and frugal through any sequence of joins and leaves', () => {
    const change = fc.record({ join: fc.boolean(), slot: fc.nat(9), newTasks: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 25 }), anyMovement, (changes, policy) => {
        let crew = someWorkers(3);
        let tasks: PlannerTask[] = settle(
          someTasks(30),
          planAssignment(someTasks(30), crew, policy),
        );
        for (const { join, slot, newTasks } of changes) {
          const name = `worker-${slot}`;
          const without = crew.filter((worker) => worker.worker !== name);
          const joiner: PlannerWorker = { worker: name, slot, state: 'up' };
          if (join) crew = [...without, joiner];
          else if (without.length > 0) crew = without;
          const added = someTasks(tasks.length + newTasks).slice(tasks.length);
          const before = [...tasks, ...added];
          const plan = planAssignment(before, crew, policy);
          expect(plan.spread).toBeLessThanOrEqual(1);
          expect(plan.assignment.size).toBe(before.length);
          if (policy.movement === 'minimal') {
            const alive = new Set(crew.map((worker) => worker.worker));
            const orphans = before.filter((task) => !alive.has(task.owner ?? '')).length;
            const share = Math.ceil(before.length / crew.length);
            expect(plan.moves.length).toBeLessThanOrEqual(orphans + share);
          }
          tasks = settle(before, plan);
        }
      }),
    );
  });
});

describe('a cordoned worker', () => {
  test('is given no task, and keeps each that it has and can run', () => {
    fc.assert(
      fc.property(anySituation, anyMovement, ({ tasks, workers }, policy) => {
        const plan = planAssignment(tasks, workers, policy);
        const cordoned = workers.filter(({ state }) => state === 'cordoned');
        const names = new Set(cordoned.map(({ worker }) => worker));
        expect(plan.moves.filter(({ to }) => names.has(to))).toEqual([]);
        for (const task of tasks) {
          if (isKept(task, workers)) expect(plan.assignment.get(task.id)).toBe(task.owner);
          else expect(names).not.toContain(plan.assignment.get(task.id));
        }
        const taken = plan.moves.filter(({ from }) => from !== undefined && names.has(from));
        expect(taken.every(({ cause }) => cause === 'drain')).toBe(true);
      }),
    );
  });

  test('moves nothing by being cordoned, and gets its share back when it is not any more', () => {
    fc.assert(
      fc.property(
        anyMovement,
        fc.nat(60),
        fc.integer({ min: 1, max: 9 }),
        (policy, count, size) => {
          const crew = someWorkers(size);
          const before = settle(someTasks(count), planAssignment(someTasks(count), crew, policy));
          const cordon = crew.map((worker) =>
            worker.slot === 0 ? { ...worker, state: 'cordoned' as const } : worker,
          );
          expect(planAssignment(before, cordon, policy).moves).toEqual([]);
          const more = [...before, ...someTasks(count + 10).slice(count)];
          const grown = settle(more, planAssignment(more, cordon, policy));
          const back = planAssignment(grown, crew, policy);
          expect(back.spread).toBeLessThanOrEqual(1);
          expect(back.assignment.size).toBe(more.length);
        },
      ),
    );
  });

  test('takes no part in the balance of the others', () => {
    const owners = ['worker-0', 'worker-0', 'worker-0', 'worker-0', 'worker-1', 'worker-1'];
    const tasks = someTasks(6).map((task, index) => ({ ...task, owner: owners[index] ?? '' }));
    const [first, ...others] = someWorkers(3);
    const workers = [{ ...first, state: 'cordoned' } as PlannerWorker, ...others];
    const plan = planAssignment(tasks, workers, minimal);
    expect(plan.moves).toMatchObject([{ from: 'worker-1', to: 'worker-2', cause: 'balance' }]);
    expect(plan.spread).toBe(0);
  });
});

function isBalancing(cause: MoveCause): boolean {
  return cause === 'balance' || cause === 'formula';
}

describe('a limit on balancing moves', () => {
  test('holds in each round, spares no orphan, and costs no extra move in the end', () => {
    fc.assert(
      fc.property(
        anySituation,
        anyMovement,
        fc.integer({ min: 1, max: 7 }),
        (situation, unlimited, balanceMovesMax) => {
          const { workers } = situation;
          const whole = planAssignment(situation.tasks, workers, unlimited);
          const total = whole.moves.filter((move) => isBalancing(move.cause)).length;
          let tasks = situation.tasks;
          let done = 0;
          for (let round = 0; ; round += 1) {
            const plan = planAssignment(tasks, workers, { ...unlimited, balanceMovesMax });
            const balancing = plan.moves.filter((move) => isBalancing(move.cause)).length;
            expect(balancing).toBe(Math.min(balanceMovesMax, total - done));
            expect(plan.balanceRemaining).toBe(total - done - balancing);
            if (round === 0) expect(plan.assignment.size).toBe(whole.assignment.size);
            else expect(plan.moves).toHaveLength(balancing);
            done += balancing;
            tasks = settle(tasks, plan);
            if (balancing === 0) break;
          }
          expect(planAssignment(tasks, workers, unlimited).moves).toEqual([]);
        },
      ),
    );
  });

  test('of zero only places what has no owner', () => {
    const tasks = settle(someTasks(10), planAssignment(someTasks(10), someWorkers(1), minimal));
    const plan = planAssignment(tasks, someWorkers(2), { ...minimal, balanceMovesMax: 0 });
    expect(plan).toMatchObject({ moves: [], balanceRemaining: 5, spread: 10 });
  });
});

describe('a task that cannot be placed', () => {
  const task = { id: 'a', ordinal: 0, connector: 'a', plugin: 'MySink' };
  const up: PlannerWorker = { worker: 'w', slot: 0, state: 'up' };

  test.each([
    { workers: [], reason: 'no worker has joined' },
    {
      workers: [{ ...up, state: 'leaving' as const }],
      reason: 'no worker is up: all are draining or restarting',
    },
    {
      workers: [{ ...up, state: 'cordoned' as const }],
      reason: 'every worker that is up is cordoned: uncordon one, or start another',
    },
    {
      workers: [
        { ...up, state: 'cordoned' as const },
        { ...up, worker: 'w2', plugins: new Set(['Other']) },
      ],
      reason: 'no worker that is up and not cordoned has the plugin MySink',
    },
    ...(['up', 'cordoned'] as const).map((state) => ({
      workers: [{ ...up, state, plugins: new Set(['Other']) }],
      reason: 'no worker that is up has the plugin MySink',
    })),
  ])('is reported: $reason', ({ workers, reason }) => {
    const plan = planAssignment([task], workers, minimal);
    expect(plan).toMatchObject({ unplaceable: [{ id: 'a', reason }], moves: [] });
  });

  test('still counts for j, so that the formula does not shift when its plugin is loaded', () => {
    const tasks = [task, ...someTasks(4).map((one) => ({ ...one, ordinal: one.ordinal + 1 }))];
    const workers = someWorkers(2).map((worker) => ({ ...worker, plugins: new Set(['Any']) }));
    const plan = planAssignment(tasks, workers, { ...minimal, movement: 'literal' });
    expect([...plan.assignment.values()]).toEqual(['worker-1', 'worker-0', 'worker-1', 'worker-0']);
  });
});
