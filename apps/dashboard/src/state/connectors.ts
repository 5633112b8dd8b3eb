/** Connectors as one row each, with a health that is made of all their tasks. Pure. */
import type { LiveConnector, LiveUnit, LiveView } from '@sluice/rest-api/live';
import {
  collate,
  isAbnormal,
  type ShownState,
  type TaskRow,
  taskRows,
  urgencyOf,
} from './task-rows.ts';

/**
 * unhealthy: it, or all of its tasks, failed. degraded: some did, or are on their way. The others are as the user asked.
 */
export type Health = 'unhealthy' | 'degraded' | 'healthy' | 'paused' | 'stopped';

const order: readonly Health[] = ['unhealthy', 'degraded', 'healthy', 'paused', 'stopped'];

export interface ConnectorRow extends LiveConnector {
  readonly name: string;
  readonly health: Health;
  /** Of the connector itself; undefined before anybody told. */
  readonly own: LiveUnit | undefined;
  readonly tasks: readonly TaskRow[];
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly lag: number | null;
  /** The worst of what its tasks say, for a line beside it. */
  readonly problem: string | null;
}

export function connectorRows(view: LiveView): ConnectorRow[] {
  const tasksOf = Map.groupBy(taskRows(view), ({ connector }) => connector);
  return Object.entries(view.connectors)
    .map(([name, connector]) => connectorRow(name, connector, view, tasksOf.get(name) ?? []))
    .toSorted(
      (a, b) => order.indexOf(a.health) - order.indexOf(b.health) || collate(a.name, b.name),
    );
}

export function connectorRow(
  name: string,
  connector: LiveConnector,
  view: LiveView,
  given: readonly TaskRow[],
): ConnectorRow {
  const tasks = given.toSorted((a, b) => a.task - b.task);
  const own = view.units[`connector/${name}`];
  const lags = tasks.flatMap(({ load }) => load?.lag_records ?? []);
  const worst = tasks.toSorted((a, b) => urgencyOf(a.shown) - urgencyOf(b.shown))[0];
  // Without an error, as of one that no worker can run, or that stalls.
  const isWrong = worst !== undefined && isAbnormal(worst.shown);
  return {
    ...connector,
    name,
    own,
    tasks,
    health: healthOf(connector, own, tasks),
    recordsIn: sum(tasks, 'records_in'),
    recordsOut: sum(tasks, 'records_out'),
    lag: lags.length === 0 ? null : lags.reduce((total, lag) => total + lag, 0),
    problem: own?.error ?? worst?.error ?? (isWrong ? worst.reason : null),
  };
}

function healthOf(
  { target_state: target }: LiveConnector,
  own: LiveUnit | undefined,
  tasks: readonly TaskRow[],
): Health {
  const isFailed = ({ shown }: { readonly shown: ShownState }): boolean => shown === 'FAILED';
  if (own?.state === 'FAILED') return 'unhealthy';
  if (tasks.length > 0 && tasks.every(isFailed)) return 'unhealthy';
  if (tasks.some(isFailed)) return 'degraded';
  if (target === 'STOPPED') return 'stopped';
  if (target === 'PAUSED') return 'paused';
  const isWell = own?.state === 'RUNNING' && tasks.every(({ shown }) => shown === 'RUNNING');
  return isWell && tasks.length > 0 ? 'healthy' : 'degraded';
}

function sum(tasks: readonly TaskRow[], key: 'records_in' | 'records_out'): number {
  return tasks.reduce((total, { load }) => total + (load?.[key] ?? 0), 0);
}

/** The last part of a class's name: `io.debezium…PostgresConnector` is long. */
export function shortClass(name: string): string {
  return name.split('.').at(-1) ?? name;
}
