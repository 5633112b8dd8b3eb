/** What `get` and `describe` show of the cluster: one reading of a snapshot for tables and for JSON. */
import type {
  ClusterSnapshot,
  ConnectorView,
  PluginInfo,
  RunState,
  UnitView,
  WorkerView,
} from '@sluice/coordination';

import { formatAge } from './format/age.ts';
import type { Cell, Tone } from './format/table.ts';

/** Abnormal first. A stalled unit is worse than one that waits. */
const badness: Readonly<Record<RunState, number>> = {
  FAILED: 5,
  UNASSIGNED: 3,
  RESTARTING: 2,
  PAUSED: 1,
  STOPPED: 1,
  RUNNING: 0,
};
const stalledBadness = 4;

export function badnessOf(unit: UnitView): number {
  return unit.stalled ? stalledBadness : badness[unit.state];
}

export function badnessOfConnector({ connector, tasks }: ConnectorView): number {
  return Math.max(badnessOf(connector), ...tasks.map(badnessOf));
}

const workerBadness = { dead: 3, lost: 3, draining: 1, up: 0 } as const;

export function badnessOfWorker({ state, member }: WorkerView): number {
  return Math.max(workerBadness[state], member.cordoned ? workerBadness.draining : 0);
}

export function stateCell(unit: UnitView): Cell {
  return { text: stateText(unit), tone: toneOf(unit) };
}

export function stateText({ state, stalled }: UnitView): string {
  return stalled ? `${state}, stalled` : state;
}

function toneOf(unit: UnitView): Tone {
  if (unit.stalled || unit.state === 'FAILED') return 'bad';
  if (unit.state === 'UNASSIGNED' || unit.state === 'RESTARTING') return 'warn';
  return unit.state === 'RUNNING' ? 'good' : 'plain';
}

export function workerStateCell(view: WorkerView): Cell {
  const { state, member } = view;
  const isCalm = state === 'up' || state === 'draining';
  const tone = state === 'up' && !member.cordoned ? 'good' : isCalm ? 'warn' : 'bad';
  return { text: workerStateText(view), tone };
}

export function workerStateText({ state, member }: WorkerView): string {
  return member.cordoned ? `${state}, cordoned` : state;
}

/** Why it is as it is, in one line: the reason, the next retry, or the first line of the trace. */
export function noteOf(unit: UnitView, nowMs: number): string {
  const notes: string[] = [];
  if (unit.reason !== undefined) notes.push(unit.reason);
  if (unit.nextRetryAtMs !== undefined) {
    notes.push(`start ${unit.attempts + 1} in ${formatAge(unit.nextRetryAtMs - nowMs)}`);
  }
  const firstLine = unit.trace?.trim().split('\n')[0];
  if (firstLine !== undefined) notes.push(firstLine);
  return notes.join('; ');
}

/** Of the connector or of its worst task. */
export function noteOfConnector(view: ConnectorView, nowMs: number): string {
  const [worst] = [view.connector, ...view.tasks].toSorted((a, b) => badnessOf(b) - badnessOf(a));
  if (!worst || badnessOf(worst) <= badness.PAUSED) return '';
  const note = noteOf(worst, nowMs);
  if (worst.task === undefined) return note;
  return `task ${worst.task} ${stateText(worst)}${note === '' ? '' : `: ${note}`}`;
}

export function ageOf(sinceMs: number | undefined, nowMs: number): string {
  return sinceMs === undefined ? '-' : formatAge(nowMs - sinceMs);
}

/** Tasks in the state that they are to be in, of all. */
export function tasksThere({ record, tasks }: ConnectorView): number {
  const wanted = record.targetState === 'PAUSED' ? 'PAUSED' : 'RUNNING';
  return tasks.filter((task) => task.state === wanted && !task.stalled).length;
}

export function countUnits({ units }: WorkerView): { tasks: number; connectors: number } {
  const tasks = units.filter((unit) => unit.startsWith('task/')).length;
  return { tasks, connectors: units.length - tasks };
}

export function brokenPlugins(view: WorkerView): readonly PluginInfo[] {
  return view.member.plugins.filter((plugin) => plugin.error !== undefined);
}

/** `orders/3` → its view. */
export function findTask(snapshot: ClusterSnapshot, name: string): UnitView | undefined {
  const slash = name.lastIndexOf('/');
  const number = name.slice(slash + 1);
  if (slash < 1 || !/^\d+$/.test(number)) return undefined;
  const view = snapshot.connectors.get(name.slice(0, slash));
  return view?.tasks.find((task) => task.task === Number(number));
}

export function unitJson(unit: UnitView): object {
  const { unit: id, task, state, stalled, worker, workerId, fence, sinceMs, attempts } = unit;
  return {
    unit: id,
    connector: unit.connector,
    ...(task !== undefined && { task }),
    state,
    stalled,
    worker: worker ?? null,
    workerId,
    fence,
    since: isoTime(sinceMs),
    attempts,
    ...(unit.nextRetryAtMs !== undefined && { nextRetryAt: isoTime(unit.nextRetryAtMs) }),
    ...(unit.executor !== undefined && { executor: unit.executor }),
    ...(unit.reason !== undefined && { reason: unit.reason }),
    ...(unit.trace !== undefined && { trace: unit.trace }),
  };
}

/** Without the configuration, which may hold secrets. */
export function connectorJson({ record, connector, tasks }: ConnectorView): object {
  return {
    name: record.name,
    type: record.type,
    class: record.config['connector.class'] ?? '',
    state: connector.state,
    targetState: record.targetState,
    version: record.version,
    uid: record.uid,
    createdAt: isoTime(record.createdAtMs),
    worker: connector.worker ?? null,
    ...(connector.reason !== undefined && { reason: connector.reason }),
    ...(connector.trace !== undefined && { trace: connector.trace }),
    tasks: tasks.map(unitJson),
  };
}

export function workerJson(view: WorkerView): object {
  const { worker, incarnation, slot, pid, host, address } = view.member;
  return {
    worker,
    incarnation,
    state: view.state,
    cordoned: view.member.cordoned === true,
    slot,
    pid,
    host,
    address,
    beatAgeMs: Number.isFinite(view.beatAgeMs) ? Math.round(view.beatAgeMs) : null,
    ...countUnits(view),
    units: view.units,
    brokenPlugins: brokenPlugins(view).map((plugin) => ({
      class: plugin.class,
      error: plugin.error,
    })),
  };
}

export function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
