import { type PlannerTask, type PlannerWorker, planAssignment } from '@sluice/assignment';
import { describe, expect, test } from 'vitest';

import { minimal, settle, someWorkers } from './arbitraries.ts';

const taskCount = 10_000;

describe('the cost of a plan hardly depends on the number of workers', () => {
  test('on a cold start', () => {
    const tasks = makeTasks();
    const few = cpuMs(() => planAssignment(tasks, someWorkers(100), minimal));
    const many = cpuMs(() => planAssignment(tasks, someWorkers(2_000), minimal));
    // Looking at each worker for each task makes it six times as much.
    expect(many / few).toBeLessThan(4);
  });

  test('when nearly all tasks have to move', () => {
    const onOne = settled(someWorkers(1));
    const few = cpuMs(() => planAssignment(onOne, someWorkers(100), minimal));
    const many = cpuMs(() => planAssignment(onOne, someWorkers(2_000), minimal));
    expect(many / few).toBeLessThan(4);
  });
});

function makeTasks(): PlannerTask[] {
  return Array.from({ length: taskCount }, (_, ordinal) => {
    const connector = `connector-${Math.floor(ordinal / 20)}`;
    return { id: `task/${connector}/${ordinal % 20}`, ordinal, connector, plugin: 'common' };
  });
}

function settled(workers: readonly PlannerWorker[]): readonly PlannerTask[] {
  const tasks = makeTasks();
  return settle(tasks, planAssignment(tasks, workers, minimal));
}

/** The least of several runs: what other processes and the collector add is not the plan's. */
function cpuMs(run: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 5; attempt++) {
    const before = process.threadCpuUsage();
    run();
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}
