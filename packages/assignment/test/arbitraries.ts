import type {
  AssignmentPlan,
  AssignmentPolicy,
  PlannerTask,
  PlannerWorker,
} from '@sluice/assignment';
import * as fc from 'fast-check';

export const minimal: AssignmentPolicy = {
  strategy: 'modulo',
  movement: 'minimal',
  balanceMovesMax: Infinity,
};
export const literal: AssignmentPolicy = { ...minimal, movement: 'literal' };
export const anyMovement = fc.constantFrom(minimal, literal);

export function someWorkers(count: number): PlannerWorker[] {
  return Array.from({ length: count }, (_, slot) => ({
    worker: `worker-${slot}`,
    slot,
    state: 'up',
  }));
}

export function someTasks(count: number): PlannerTask[] {
  return Array.from({ length: count }, (_, ordinal) => ({
    id: `task/c${ordinal % 7}/${ordinal}`,
    ordinal,
    connector: `c${ordinal % 7}`,
    plugin: 'Any',
  }));
}

/** The tasks as they are once the plan is carried out. */
export function settle(
  tasks: readonly PlannerTask[],
  plan: Pick<AssignmentPlan, 'assignment'>,
): PlannerTask[] {
  return tasks.map((task) => {
    const owner = plan.assignment.get(task.id);
    return owner === undefined ? withoutOwner(task) : { ...task, owner };
  });
}

export function withoutOwner({ id, ordinal, connector, plugin }: PlannerTask): PlannerTask {
  return { id, ordinal, connector, plugin };
}

export function loads(plan: AssignmentPlan, workers: readonly PlannerWorker[]): number[] {
  const counts = new Map(
    workers.filter((worker) => worker.state === 'up').map((worker) => [worker.worker, 0]),
  );
  for (const worker of plan.assignment.values()) {
    counts.set(worker, (counts.get(worker) ?? Number.NaN) + 1);
  }
  return [...counts.values()];
}

export interface Situation {
  readonly tasks: PlannerTask[];
  readonly workers: PlannerWorker[];
}

interface SituationOptions {
  readonly tasksMax: number;
  readonly workersMax: number;
  /** Plugin classes; with more than one, workers have a random part of them. */
  readonly plugins: number;
  readonly states?: readonly PlannerWorker['state'][];
}

/** Any ownership, also by workers that are gone; ordinals and slots with gaps, in any order. */
export function situations(options: SituationOptions): fc.Arbitrary<Situation> {
  const { tasksMax, workersMax, plugins, states = ['up'] } = options;
  const classes = Array.from({ length: plugins }, (_, index) => `Plugin${index}`);
  const workers = fc
    .uniqueArray(fc.nat(50), { minLength: 1, maxLength: workersMax })
    .chain((slots) =>
      fc.tuple(
        ...slots.map((slot) =>
          fc.record({
            worker: fc.constant(`worker-${slot}`),
            slot: fc.constant(slot),
            state: fc.constantFrom(...states),
            ...(plugins > 1
              ? { plugins: fc.subarray(classes).map((subset) => new Set(subset)) }
              : {}),
          }),
        ),
      ),
    );
  const tasks = fc.uniqueArray(fc.nat(10_000), { maxLength: tasksMax }).chain((ordinals) =>
    fc.tuple(
      ...ordinals.map((ordinal) =>
        fc.record({
          id: fc.constant(`task-${ordinal}`),
          ordinal: fc.constant(ordinal),
          connector: fc.constantFrom('orders', 'clicks', 'audit'),
          plugin: fc.constantFrom(...classes),
          ownerPick: fc.option(fc.nat(99)),
        }),
      ),
    ),
  );
  return fc.tuple(tasks, workers).map(([drafts, crew]) => ({
    workers: crew,
    tasks: drafts.map(({ ownerPick, ...task }) => {
      // One pick more than there are workers stands for a worker that is gone.
      const at = ownerPick === null ? undefined : ownerPick % (crew.length + 1);
      if (at === undefined) return task;
      return { ...task, owner: crew[at]?.worker ?? 'worker-gone' };
    }),
  }));
}
