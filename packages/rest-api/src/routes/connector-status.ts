/** `/connectors/{name}/status` and `/tasks`: what runs where. Read from the store, never refused. */
import type { UnitView } from '@sluice/coordination';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import type { ConfigParts } from '../config-infos.ts';
import { connectorStateInfo, taskId, taskState } from '../entities.ts';
import { parameter, resource } from '../resource.ts';
import { shownTo } from '../secret-config.ts';

export function registerConnectorStatus(
  app: FastifyInstance,
  cluster: ClusterAccess,
  parts: ConfigParts,
): void {
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
      const notFound = `Connector ${name} not found`;
      const { plugins, record, tasks } = await cluster.connector(name, notFound);
      const configs = await cluster.taskConfigs(name);
      return tasks.map((view) => ({
        id: taskId(name, view),
        config: shownTo(request, configs[view.task ?? 0] ?? {}, plugins, parts, record.config),
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
