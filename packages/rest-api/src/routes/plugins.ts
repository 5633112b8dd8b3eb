import type { FastifyInstance } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import { pluginInfo } from '../entities.ts';
import { booleanQuery, resource } from '../resource.ts';

export function registerPlugins(app: FastifyInstance, cluster: ClusterAccess): void {
  resource(app, '/connector-plugins', {
    GET: async (request) => {
      const connectorsOnly = booleanQuery(request, 'connectorsOnly', true);
      const { plugins } = await cluster.snapshot();
      return plugins
        .filter(({ error }) => error === undefined)
        .filter(({ type }) => !connectorsOnly || type === 'source' || type === 'sink')
        .map(pluginInfo);
    },
  });
}
