/** What is asked of a connector that exists: pause, resume, stop, restart; and restart of one task. */
import type { ConnectorView, TargetState, UnitView } from '@sluice/coordination';
import type { FastifyInstance } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import { connectorStateInfo } from '../entities.ts';
import { booleanQuery, type Handler, parameter, resource } from '../resource.ts';
import { findTask } from './connector-status.ts';

export function registerConnectorActions(app: FastifyInstance, cluster: ClusterAccess): void {
  const target =
    (state: TargetState, status: 202 | 204): Handler =>
    async (request, reply) => {
      const connector = parameter(request, 'name');
      const notFound = `Unknown connector ${connector}`;
      await cluster.submit({ op: 'target', connector, state }, { notFound });
      return reply.status(status).send();
    };
  resource(app, '/connectors/:name/pause', { PUT: target('PAUSED', 202) });
  resource(app, '/connectors/:name/resume', { PUT: target('STARTED', 202) });
  resource(app, '/connectors/:name/stop', { PUT: target('STOPPED', 204) });

  resource(app, '/connectors/:name/restart', {
    POST: async (request, reply) => {
      const connector = parameter(request, 'name');
      const includeTasks = booleanQuery(request, 'includeTasks');
      const onlyFailed = booleanQuery(request, 'onlyFailed');
      const notFound = `Unknown connector: ${connector}`;
      const before = await cluster.connector(connector, notFound);
      const done = await cluster.submit(
        { op: 'restart', connector, includeTasks, onlyFailed },
        { notFound },
      );
      if (!includeTasks && !onlyFailed) return reply.status(204).send();
      const restarted = new Set(
        done.units ?? plannedRestarts(before, { includeTasks, onlyFailed }),
      );
      const info = connectorStateInfo(before, {
        plugins: before.plugins,
        isRestarting: ({ unit }) => restarted.has(unit),
      });
      return reply.status(202).send(info);
    },
  });

  resource(app, '/connectors/:name/tasks/:task/restart', {
    POST: async (request, reply) => {
      const connector = parameter(request, 'name');
      const notFound = `Unknown task: ${connector}-${parameter(request, 'task')}`;
      const { tasks } = await cluster.connector(connector, `Unknown connector: ${connector}`);
      const { task } = findTask(request, tasks, notFound);
      await cluster.submit(
        { op: 'restart', connector, ...(task !== undefined && { task }) },
        { notFound },
      );
      return reply.status(204).send();
    },
  });
}

function plannedRestarts(
  { connector, tasks }: ConnectorView,
  { includeTasks, onlyFailed }: { includeTasks: boolean; onlyFailed: boolean },
): string[] {
  const candidates: readonly UnitView[] = includeTasks ? [connector, ...tasks] : [connector];
  return candidates
    .filter(({ state }) => !onlyFailed || state === 'FAILED')
    .map(({ unit }) => unit);
}
