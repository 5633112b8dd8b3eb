/** `/connectors/{name}/config`: read, create or replace. */
import type { FastifyInstance } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import { appliedConnectorInfo } from '../entities.ts';
import { parameter, resource } from '../resource.ts';
import { configSchema, namedDefinition } from '../schemas.ts';
import { validated } from '../validation.ts';
import { connectorPath } from './connectors.ts';

export function registerConnectorConfigs(app: FastifyInstance, cluster: ClusterAccess): void {
  resource(app, '/connectors/:name/config', {
    GET: async (request) => {
      const name = parameter(request, 'name');
      const { record } = await cluster.connector(name, `Connector ${name} not found`);
      return record.config;
    },
    PUT: async (request, reply) => {
      const name = parameter(request, 'name');
      const config = validated(configSchema, request.body, 'connector configuration');
      const { connectors } = await cluster.submit({
        op: 'apply',
        definitions: [namedDefinition(name, config)],
        mode: 'upsert',
      });
      const [applied] = connectors;
      if (!applied) throw new ApiError(500, `Connector ${name} was applied, but not reported`);
      if (applied.outcome === 'created') {
        reply.status(201).header('location', connectorPath(name));
      }
      return appliedConnectorInfo(applied.record, config);
    },
  });
}
