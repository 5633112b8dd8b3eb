/** One look at the cluster with its rates: what `sluice top` shows, as data and as text. Pure. */
import type {
  ClusterSnapshot,
  ConnectorView,
  RunState,
  UnitView,
  WorkerLoad,
} from '@sluice/coordination';

import { formatShortAge } from '../format/age.ts';
import { formatBytes } from '../format/bytes.ts';
import { type Cell, formatTable } from '../format/table.ts';
import type { Io } from '../io.ts';
import {
  badnessOf,
  badnessOfConnector,
  badnessOfWorker,
  countUnits,
  noteOfConnector,
  stateCell,
  tasksThere,
  workerStateCell,
} from '../views.ts';
import { type Loads, sumRates, type TaskRates } from './rates.ts';

export interface Look {
  readonly cluster: string;
  readonly snapshot: ClusterSnapshot;
  readonly nowMs: number;
  readonly loads: Loads;
  /** Tasks one by one, too. */
  readonly withTasks: boolean;
}

const unknown = '-';

export function overviewJson(look: Look): object {
  const { snapshot } = look;
  return {
    cluster: look.cluster,
    leader: snapshot.leader?.coordinator ?? null,
    leaderLeaseLeftMs: snapshot.leader?.leaseLeftMs ?? null,
    tasks: Object.fromEntries(countStates(snapshot)),
    ...ratesJson(totalOf(look)),
    workers: snapshot.workers.map((view) => ({
      worker: view.member.worker,
      state: view.state,
      cordoned: view.member.cordoned === true,
      ...countUnits(view),
      hasTold: !look.loads.silent.has(view.member.worker),
      ...loadJson(look.loads.workers.get(view.member.worker)),
      ...ratesJson(
        sumOf(
          look,
          tasksOf(snapshot).filter((task) => view.units.includes(task.unit)),
        ),
      ),
    })),
    connectors: [...snapshot.connectors.values()].map((view) => ({
      connector: view.record.name,
      type: view.record.type,
      state: view.connector.state,
      tasks: view.tasks.length,
      tasksThere: tasksThere(view),
      ...ratesJson(sumOf(look, view.tasks)),
      ...(look.withTasks && {
        each: view.tasks.map((task) => ({
          task: task.task,
          state: task.state,
          worker: task.worker ?? null,
          ...ratesJson(sumOf(look, [task])),
        })),
      }),
    })),
  };
}

export function overviewText(look: Look, io: Pick<Io, 'columns' | 'isColored'>): string {
  return [
    heading(look),
    formatTable(
      [
        'WORKER',
        'STATE',
        'TASKS',
        'IN/S',
        'OUT/S',
        'BYTES/S',
        'CPU',
        'MEM',
        'DELAY',
        'BEAT',
        'NOTE',
      ],
      workerRows(look),
      io,
    ),
    formatTable(
      ['CONNECTOR', 'TYPE', 'STATE', 'TASKS', 'IN/S', 'OUT/S', 'BYTES/S', 'LAG', 'ERRORS', 'NOTE'],
      connectorRows(look),
      io,
    ),
    ...(look.withTasks
      ? [
          formatTable(
            ['TASK', 'STATE', 'WORKER', 'IN/S', 'OUT/S', 'BYTES/S', 'LAG', 'ERRORS'],
            taskRows(look),
            io,
          ),
        ]
      : []),
  ].join('\n\n');
}

function heading(look: Look): string {
  const { cluster, snapshot } = look;
  const total = totalOf(look);
  const states = countStates(snapshot).map(([state, count]) => `${count} ${state}`);
  const { leader } = snapshot;
  const leads = leader
    ? `${leader.coordinator} leads (${formatShortAge(leader.leaseLeftMs)} of its lease left)`
    : 'NO COORDINATOR LEADS';
  return [
    `cluster ${cluster}: ${leads}, ${snapshot.workers.length} workers, ${snapshot.connectors.size} connectors`,
    `tasks: ${states.join(', ') || 'none'}`,
    `records: ${rateText(total.recordsIn)} in/s, ${rateText(total.recordsOut)} out/s, ${bytesText(total.bytes)}/s`,
  ].join('\n');
}

function workerRows(look: Look): Cell[][] {
  const { snapshot, loads } = look;
  const views = snapshot.workers.toSorted((a, b) => badnessOfWorker(b) - badnessOfWorker(a));
  const tasks = tasksOf(snapshot);
  return views.map((view) => {
    const owned = new Set(view.units);
    const rates = sumOf(
      look,
      tasks.filter((task) => owned.has(task.unit)),
    );
    const { worker } = view.member;
    const load = loads.workers.get(worker);
    return [
      worker,
      workerStateCell(view),
      String(countUnits(view).tasks),
      rateText(rates.recordsIn),
      rateText(rates.recordsOut),
      bytesText(rates.bytes),
      load ? load.cpu_cores.toFixed(2) : unknown,
      bytesText(load?.rss_bytes),
      load ? `${delayOf(load).toFixed(1)}ms` : unknown,
      formatShortAge(view.beatAgeMs),
      loads.silent.has(worker) ? 'has told nothing for a while' : '',
    ];
  });
}

/** Abnormal first, then what moves most. */
function connectorRows(look: Look): Cell[][] {
  const rated = [...look.snapshot.connectors.values()].map((view) => ({
    view,
    rates: sumOf(look, view.tasks),
  }));
  return rated
    .sort(
      (a, b) =>
        badnessOfConnector(b.view) - badnessOfConnector(a.view) ||
        (b.rates.recordsOut ?? 0) - (a.rates.recordsOut ?? 0),
    )
    .map(({ view, rates }) => [
      view.record.name,
      view.record.type,
      stateCell(view.connector),
      `${tasksThere(view)}/${view.tasks.length}`,
      ...rateCells(rates),
      noteOfConnector(view, look.nowMs),
    ]);
}

function taskRows(look: Look): Cell[][] {
  return tasksOf(look.snapshot)
    .sort((a, b) => badnessOf(b) - badnessOf(a))
    .map((task) => [
      `${task.connector}/${task.task ?? ''}`,
      stateCell(task),
      task.worker ?? unknown,
      ...rateCells(sumOf(look, [task])),
    ]);
}

function rateCells({ recordsIn, recordsOut, bytes, lag, errors }: TaskRates): Cell[] {
  return [
    rateText(recordsIn),
    rateText(recordsOut),
    bytesText(bytes),
    lag === undefined ? unknown : String(lag),
    errors > 0 ? { text: String(errors), tone: 'warn' } : '0',
  ];
}

function tasksOf({ connectors }: ClusterSnapshot): UnitView[] {
  return [...connectors.values()].flatMap(({ tasks }: ConnectorView) => tasks);
}

function totalOf(look: Look): TaskRates {
  return sumOf(look, tasksOf(look.snapshot));
}

function sumOf({ loads }: Look, tasks: readonly UnitView[]): TaskRates {
  return sumRates(tasks.flatMap(({ unit }) => loads.rates.get(unit) ?? []));
}

/** Of the executor that is latest. */
function delayOf({ executors }: WorkerLoad): number {
  return Math.max(0, ...executors.map((each) => each.event_loop_delay_ms));
}

function loadJson(load: WorkerLoad | undefined): object {
  return {
    cpuCores: load?.cpu_cores ?? null,
    rssBytes: load?.rss_bytes ?? null,
    eventLoopDelayMs: load ? delayOf(load) : null,
  };
}

function countStates(snapshot: ClusterSnapshot): [RunState, number][] {
  const counts = new Map<RunState, number>();
  for (const { state } of tasksOf(snapshot)) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

function ratesJson(rates: TaskRates): object {
  return {
    recordsInPerSecond: rates.recordsIn ?? null,
    recordsOutPerSecond: rates.recordsOut ?? null,
    bytesPerSecond: rates.bytes ?? null,
    errors: rates.errors,
    lag: rates.lag ?? null,
  };
}

/** `0`, `0.4`, `12`, `1 234`. */
function rateText(rate: number | undefined): string {
  if (rate === undefined) return unknown;
  if (rate > 0 && rate < 10) return rate.toFixed(1);
  return String(Math.round(rate)).replace(/\B(?=(\d{3})+$)/g, ' ');
}

function bytesText(bytes: number | undefined): string {
  return bytes === undefined ? unknown : formatBytes(Math.round(bytes));
}
