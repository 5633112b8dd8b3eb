/** `/sluice/tasks`: everything that can be owned, connectors too, with why it is where it is. */
import type { ClusterSnapshot, UnitView } from '@sluice/coordination';
import type { FastifyInstance } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import { attemptsMaxOf } from '../live/describe-view.ts';
import { resource } from '../resource.ts';
import { tasksQuerySchema } from '../schemas.ts';
import type { UnitInfo } from '../shapes.ts';
import { validated } from '../validation.ts';

export function registerSluiceTasks(app: FastifyInstance, cluster: ClusterAccess): void {
  resource(app, '/sluice/tasks', {
    GET: async (request) => {
      const wanted = validated(tasksQuerySchema, request.query, 'query');
      const snapshot = await cluster.snapshot();
      return allUnits(snapshot)
        .filter(
          ({ connector, worker, state }) =>
            (wanted.connector === undefined || connector === wanted.connector) &&
            (wanted.worker === undefined || worker === wanted.worker) &&
            (wanted.state === undefined || state === wanted.state),
        )
        .map((view) => unitBody(view, snapshot));
    },
  });
}

function allUnits({ connectors }: ClusterSnapshot): UnitView[] {
  return Array.from(connectors.values()).flatMap(({ connector, tasks }) => [connector, ...tasks]);
}

function unitBody(view: UnitView, { connectors, units }: ClusterSnapshot): UnitInfo {
  const connector = connectors.get(view.connector);
  return {
    id: view.unit,
    kind: view.task === undefined ? 'connector' : 'task',
    connector: view.connector,
    task: view.task ?? null,
    state: view.state,
    ownership: units.get(view.unit)?.state ?? null,
    worker: view.worker ?? null,
    worker_id: view.workerId,
    fence: view.fence,
    since_ms: view.sinceMs ?? null,
    attempts: view.attempts,
    attempts_max: connector ? attemptsMaxOf(connector) : null,
    next_retry_at_ms: view.nextRetryAtMs ?? null,
    executor: view.executor ?? null,
    stalled: view.stalled,
    reason: view.reason ?? null,
    trace: view.trace ?? null,
  };
}
