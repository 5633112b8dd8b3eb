/**
 * How long the planner takes, by default for 10 000 tasks on 100 workers, and how many tasks each change of the number
 * of workers moves, beside what the formulas say.
 */
import { parseArgs } from 'node:util';
import {
  type AssignmentPlan,
  type AssignmentPolicy,
  type PlannerTask,
  type PlannerWorker,
  planAssignment,
} from '@sluice/assignment';

const aimP99Ms = 50;
const movements = ['minimal', 'literal'] as const;
type Movement = (typeof movements)[number];

interface Timing {
  readonly movement: Movement;
  readonly situation: string;
  readonly moves: number;
  readonly firstMs: number;
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of this thread alone: what is left when other processes take the processor away. */
  readonly cpuP99Ms: number;
  readonly samplesMs: readonly number[];
}

interface Moves {
  readonly from: number;
  readonly to: number;
  readonly movement: Movement;
  readonly expected: number;
  readonly measured: number;
  readonly spread: number;
}

export function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: 'boolean', default: false },
      tasks: { type: 'string', default: '10000' },
      workers: { type: 'string', default: '100' },
      runs: { type: 'string', default: '100' },
    },
  });
  const taskCount = positive('--tasks', values.tasks);
  const workerCount = positive('--workers', values.workers);
  const runs = positive('--runs', values.runs);

  const timings = movements.flatMap((movement) =>
    situations(movement, taskCount, workerCount).map((situation) => measure(situation, runs)),
  );
  const changes = [
    [3, 2],
    [3, 4],
    [5, 4],
    [10, 9],
    [10, 11],
    [20, 19],
    [50, 49],
    [100, 99],
    [100, 101],
  ] as const;
  const moves = changes.flatMap(([from, to]) =>
    movements.map((movement) => countMoves(taskCount, from, to, movement)),
  );

  const worstP99Ms = Math.max(...timings.map((timing) => timing.p99Ms));
  const worstCpuP99Ms = Math.max(...timings.map((timing) => timing.cpuP99Ms));
  if (values.json) {
    console.log(
      JSON.stringify({
        taskCount,
        workerCount,
        runs,
        aimP99Ms,
        worstP99Ms,
        worstCpuP99Ms,
        timings,
        moves,
      }),
    );
  } else {
    printTimings(timings, { taskCount, workerCount, runs, worstP99Ms, worstCpuP99Ms });
    printMoves(moves, taskCount);
  }
  return Promise.resolve(0);
}

interface Situation {
  readonly movement: Movement;
  readonly name: string;
  readonly tasks: readonly PlannerTask[];
  readonly workers: readonly PlannerWorker[];
}

function situations(movement: Movement, taskCount: number, workerCount: number): Situation[] {
  const cold = makeTasks(taskCount);
  const crew = makeWorkers(workerCount);
  const settled = settle(cold, planAssignment(cold, crew, policy(movement)));
  const mixed = crew.map((worker) => ({ ...worker, plugins: pluginsOf(worker.slot) }));
  const settledMixed = settle(cold, planAssignment(cold, mixed, policy(movement)));
  const onHalf = crewOfHalf(mixed);
  const settledOnHalf = settle(cold, planAssignment(cold, onHalf, policy(movement)));
  const onOne = settle(cold, planAssignment(cold, makeWorkers(1), policy(movement)));
  return [
    { movement, name: 'cold start', tasks: cold, workers: crew },
    { movement, name: 'nothing changed', tasks: settled, workers: crew },
    { movement, name: 'a worker died', tasks: settled, workers: crew.slice(1) },
    { movement, name: 'a worker joined', tasks: settled, workers: makeWorkers(workerCount + 1) },
    { movement, name: 'all but one joined', tasks: onOne, workers: crew },
    { movement, name: '… 3 plugin sets: cold start', tasks: cold, workers: mixed },
    { movement, name: '… a worker died', tasks: settledMixed, workers: mixed.slice(1) },
    { movement, name: '… as many again joined', tasks: settledOnHalf, workers: mixed },
  ];
}

function crewOfHalf(crew: readonly PlannerWorker[]): readonly PlannerWorker[] {
  return crew.slice(0, Math.ceil(crew.length / 2));
}

function measure({ movement, name, tasks, workers }: Situation, runs: number): Timing {
  const samplesMs: number[] = [];
  const cpuSamplesMs: number[] = [];
  let moves = 0;
  for (let run = 0; run < runs; run += 1) {
    const cpuBefore = process.threadCpuUsage();
    const startedMs = performance.now();
    moves = planAssignment(tasks, workers, policy(movement)).moves.length;
    samplesMs.push(performance.now() - startedMs);
    const { user, system } = process.threadCpuUsage(cpuBefore);
    cpuSamplesMs.push((user + system) / 1_000);
  }
  const sorted = samplesMs.toSorted((a, b) => a - b);
  return {
    movement,
    situation: name,
    moves,
    firstMs: samplesMs[0] ?? 0,
    minMs: percentile(sorted, 0),
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    maxMs: percentile(sorted, 1),
    cpuP99Ms: percentile(
      cpuSamplesMs.toSorted((a, b) => a - b),
      0.99,
    ),
    samplesMs,
  };
}

function countMoves(taskCount: number, from: number, to: number, movement: Movement): Moves {
  const cold = makeTasks(taskCount);
  const before = settle(cold, planAssignment(cold, makeWorkers(from), policy(movement)));
  const plan = planAssignment(before, makeWorkers(to), policy(movement));
  return {
    from,
    to,
    movement,
    expected:
      movement === 'literal' ? literalMoves(taskCount, from, to) : fewest(taskCount, from, to),
    measured: plan.moves.length,
    spread: plan.spread,
  };
}

/** Of each lcm(N, N′) tasks in a row, min(N, N′) have the same remainder for both. */
function literalMoves(taskCount: number, from: number, to: number): number {
  const period = leastCommonMultiple(from, to);
  const stay = Math.min(from, to);
  return taskCount - Math.floor(taskCount / period) * stay - Math.min(taskCount % period, stay);
}

/** The last worker's tasks when it leaves; the smaller share when one joins. */
function fewest(taskCount: number, from: number, to: number): number {
  return Math.floor(taskCount / Math.max(from, to));
}

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return (a / divisor) * b;
}

function policy(movement: Movement): AssignmentPolicy {
  return { strategy: 'modulo', movement, balanceMovesMax: Infinity };
}

function makeTasks(count: number): PlannerTask[] {
  const tasksPerConnector = 20;
  return Array.from({ length: count }, (_, ordinal) => {
    const connector = `connector-${Math.floor(ordinal / tasksPerConnector)}`;
    return {
      id: `task/${connector}/${ordinal % tasksPerConnector}`,
      ordinal,
      connector,
      plugin: `Plugin${Math.floor(ordinal / tasksPerConnector) % 5}`,
    };
  });
}

function makeWorkers(count: number): PlannerWorker[] {
  return Array.from({ length: count }, (_, slot) => ({
    worker: `worker-${slot}`,
    slot,
    state: 'up',
  }));
}

function pluginsOf(slot: number): ReadonlySet<string> {
  const common = ['Plugin0', 'Plugin1', 'Plugin2'];
  if (slot % 3 === 0) return new Set([...common, 'Plugin3', 'Plugin4']);
  return new Set(slot % 3 === 1 ? [...common, 'Plugin3'] : common);
}

function settle(tasks: readonly PlannerTask[], plan: AssignmentPlan): PlannerTask[] {
  return tasks.map((task) => {
    const owner = plan.assignment.get(task.id);
    return owner === undefined ? task : { ...task, owner };
  });
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${option} must be a whole number of at least 1, not ${text}`);
  }
  return value;
}

function printTimings(
  timings: readonly Timing[],
  about: {
    taskCount: number;
    workerCount: number;
    runs: number;
    worstP99Ms: number;
    worstCpuP99Ms: number;
  },
): void {
  const { taskCount, workerCount, runs, worstP99Ms, worstCpuP99Ms } = about;
  console.log(`plan of ${taskCount} tasks on ${workerCount} workers, ${runs} runs each, ms\n`);
  const head = ['movement', 'situation', 'moves', 'first', 'min', 'p50', 'p99', 'max', 'CPU p99'];
  printTable([
    head,
    ...timings.map((timing) => [
      timing.movement,
      timing.situation,
      String(timing.moves),
      ...[
        timing.firstMs,
        timing.minMs,
        timing.p50Ms,
        timing.p99Ms,
        timing.maxMs,
        timing.cpuP99Ms,
      ].map((value) => value.toFixed(1)),
    ]),
  ]);
  const verdict = worstP99Ms <= aimP99Ms ? 'met' : 'missed';
  console.log(
    `\nworst p99 ${worstP99Ms.toFixed(1)} ms (${worstCpuP99Ms.toFixed(1)} ms of CPU); ` +
      `aim ${aimP99Ms} ms: ${verdict}\n`,
  );
}

function printMoves(moves: readonly Moves[], taskCount: number): void {
  console.log(
    `tasks moved of ${taskCount} when the number of workers changes (formula / measured)\n`,
  );
  const rows = new Map<string, string[]>();
  for (const { from, to, expected, measured, spread } of moves) {
    const key = `${from} → ${to}`;
    const row = rows.get(key) ?? [key];
    row.push(`${expected} / ${measured}`, String(spread));
    rows.set(key, row);
  }
  printTable([['N → N′', 'minimal', 'spread', 'literal', 'spread'], ...rows.values()]);
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}
