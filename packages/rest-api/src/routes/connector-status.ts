/** `/connectors/{name}/status` and `/tasks`: what runs where. Read from the store, never refused. */
import type { UnitView } from '@sluice/coordination';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import { connectorStateInfo, taskId, taskState } from '../entities.ts';
import { parameter, resource } from '../resource.ts';

export function registerConnectorStatus(app: FastifyInstance, cluster: ClusterAccess): void {
  resource(app, '/connectors/:name/status', {
    GET: async (request) => {
      const name = parameter(request, 'name');
      const view = await cluster.connector(name, `No status found for connector ${name}`);
      const { plugins } = view;
      return connectorStateInfo(view, { plugins });
    },
  });

  resource(app, '/connectors/:name/tasks', {
    GET: async (request) => {
      const name = parameter(request, 'name');
      const { tasks } = await cluster.connector(name, `Connector ${name} not found`);
      const configs = await cluster.taskConfigs(name);
      return tasks.map((view) => ({
        id: taskId(name, view),
        config: configs[view.task ?? 0] ?? {},
      }));
    },
  });

  resource(app, '/connectors/:name/tasks/:task/status', {
    GET: async (request) => {
      const name = parameter(request, 'name');
      const notFound = `No status found for task ${name}-${parameter(request, 'task')}`;
      const { tasks, record, plugins } = await cluster.connector(name, notFound);
      return taskState(findTask(request, tasks, notFound), record, plugins);
    },
  });
}

/** @throws ApiError 404 with this message, also for what is no number. */
export function findTask(
  request: FastifyRequest,
  tasks: readonly UnitView[],
  notFound: string,
): UnitView {
  const text = parameter(request, 'task');
  const found = tasks.find(({ task }) => String(task) === text);
  if (!found) throw new ApiError(404, notFound);
  return found;
}
