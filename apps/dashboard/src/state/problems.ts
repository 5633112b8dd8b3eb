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
  return [...clusterProblems(view), ...workers, ...connectors, ...tasks];
}

/** Without any of these nothing starts, and no task says so. */
function clusterProblems({ leader, workers }: LiveView): Problem[] {
  const isAnyUp = Object.values(workers).some(({ state }) => state === 'up');
  return [
    ...(leader
      ? []
      : [
          {
            key: 'leader',
            state: 'lost',
            name: 'no leader',
            to: '/events?type=leader',
            text: 'no coordinator leads: what is asked for waits',
          },
        ]),
    ...(isAnyUp
      ? []
      : [
          {
            key: 'workers',
            state: 'lost',
            name: 'no workers',
            to: '/workers',
            text: 'none is up: connectors wait until one joins',
          },
        ]),
  ];
}
