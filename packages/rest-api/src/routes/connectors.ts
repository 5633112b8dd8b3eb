/** `/connectors` and `/connectors/{name}`: list, create, read, delete. */
import type { ConnectorView, PluginInfo } from '@sluice/coordination';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import { appliedConnectorInfo, connectorInfo, connectorStateInfo } from '../entities.ts';
import { parameter, queryValues, resource } from '../resource.ts';
import { createConnectorSchema } from '../schemas.ts';
import { validated } from '../validation.ts';

export function registerConnectors(app: FastifyInstance, cluster: ClusterAccess): void {
  resource(app, '/connectors', {
    GET: async (request) => {
      const { connectors, plugins } = await cluster.snapshot();
      const expansions = queryValues(request, 'expand');
      if (expansions.length === 0) return [...connectors.keys()];
      return Object.fromEntries(
        Array.from(connectors, ([name, view]) => [name, expanded(view, plugins, expansions)]),
      );
    },
    POST: async (request, reply) => {
      const definition = validated(createConnectorSchema, request.body, 'connector definition');
      const { connectors } = await cluster.submit({
        op: 'apply',
        definitions: [definition],
        mode: 'create',
      });
      const info = connectors
        .map(({ record }) => appliedConnectorInfo(record, definition.config))
        .at(0);
      return reply.status(201).header('location', locationOf(request, definition.name)).send(info);
    },
  });

  resource(app, '/connectors/:name', {
    GET: async (request) => {
      const name = parameter(request, 'name');
      return connectorInfo(await cluster.connector(name, `Connector ${name} not found`));
    },
    DELETE: async (request, reply) => {
      const connector = parameter(request, 'name');
      const notFound = `Connector ${connector} not found`;
      await cluster.submit({ op: 'delete', connector }, { notFound });
      return reply.status(204).send();
    },
  });
}

/** Absolute, as Kafka Connect's: clients take it as it is. */
export function locationOf({ host, protocol }: FastifyRequest, name: string): string {
  return `${protocol}://${host}/connectors/${encodeURIComponent(name)}`;
}

/** Expansions that are not known are ignored, as Kafka Connect does. */
function expanded(
  view: ConnectorView,
  plugins: readonly PluginInfo[],
  expansions: readonly string[],
): object {
  return {
    ...(expansions.includes('status') && { status: connectorStateInfo(view, { plugins }) }),
    ...(expansions.includes('info') && { info: connectorInfo(view) }),
  };
}
