/** All that is not as it was asked for, the worst first, with where to look and why. Pure. */
import type { LiveView } from '@sluice/rest-api/live';
import { connectorPath, tasksPath } from '../paths.ts';
import { isAbnormal, sortRows, taskRows } from './task-rows.ts';

export interface Problem {
  readonly key: string;
  readonly state: string;
  readonly name: string;
  readonly to: string;
  readonly text: string;
}

export function problemsOf(view: LiveView): Problem[] {
  const workers = Object.entries(view.workers)
    .filter(([, { state }]) => state === 'lost' || state === 'dead')
    .map(([name, { state }]) => ({
      key: `worker/${name}`,
      state,
      name,
      to: '/workers',
      text: state === 'lost' ? 'no beat of it comes' : 'declared dead; its tasks move',
    }));
  const connectors = Object.entries(view.units)
    .filter(
      ([, { task, state }]) => task === null && (state === 'FAILED' || state === 'RESTARTING'),
    )
    .map(([key, { connector, state, error, reason }]) => ({
      key,
      state,
      name: connector,
      to: connectorPath(connector),
      text: error ?? reason ?? 'the connector itself, not a task of it',
    }));
  const tasks = sortRows(
    taskRows(view).filter(({ shown }) => isAbnormal(shown)),
    'urgency',
  ).map(({ id, shown, connector, task, error, reason }) => ({
    key: id,
    state: shown,
    name: `${connector}/${task}`,
    to: tasksPath({ state: shown, task: `${connector}/${task}` }),
    text: error ?? reason ?? '',
  }));
  return [...workers, ...connectors, ...tasks];
}
