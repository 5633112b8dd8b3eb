/** `/connectors/{name}/config`: read, create or replace, change some keys. */
import type { FastifyInstance } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import { appliedConnectorInfo, type ConnectorInfo } from '../entities.ts';
import { parameter, resource } from '../resource.ts';
import { configPatchSchema, configSchema, namedDefinition } from '../schemas.ts';
import { validated } from '../validation.ts';
import { locationOf } from './connectors.ts';

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
        reply.status(201).header('location', locationOf(request, name));
      }
      return appliedConnectorInfo(applied.record, config);
    },
    PATCH: async (request) => {
      const name = parameter(request, 'name');
      const patch = validated(configPatchSchema, request.body, 'connector configuration patch');
      return patchConfig(cluster, name, patch);
    },
  });
}

/** Tries while others change the same connector between our reading and our writing. */
const patchTriesMax = 10;

/** Nobody else's change in between is undone: what was read is written only over itself. */
async function patchConfig(
  cluster: ClusterAccess,
  name: string,
  patch: Readonly<Record<string, string | null>>,
): Promise<ConnectorInfo> {
  const notFound = `Connector ${name} not found`;
  for (let attempt = 1; ; attempt++) {
    const { record } = await cluster.connector(name, notFound);
    const definition = namedDefinition(name, patched(record.config, patch));
    const { version: expectedVersion, uid: expectedUid } = record;
    try {
      const { connectors } = await cluster.submit(
        {
          op: 'apply',
          definitions: [definition],
          mode: 'update',
          expectedVersion,
          expectedUid,
        },
        { notFound },
      );
      const [applied] = connectors;
      if (applied) return appliedConnectorInfo(applied.record, definition.config);
      throw new ApiError(500, `Connector ${name} was applied, but not reported`);
    } catch (error) {
      const movedOn =
        error instanceof ApiError && error.extra.code === 'connector.version_conflict';
      if (!movedOn || attempt === patchTriesMax) throw error;
    }
  }
}

function patched(
  config: Readonly<Record<string, string>>,
  patch: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const merged = Object.entries({ ...config, ...patch });
  return Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== null));
}
