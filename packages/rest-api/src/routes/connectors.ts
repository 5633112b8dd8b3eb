/** `/connectors` and `/connectors/{name}`: list, create, read, delete. */
import type { ConnectorConfig } from '@sluice/connector-api';
import type { ConnectorView, PluginInfo } from '@sluice/coordination';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import type { DefinitionChecks } from '../code-validation.ts';
import { appliedConnectorInfo, connectorInfo, connectorStateInfo } from '../entities.ts';
import { parameter, queryValues, resource } from '../resource.ts';
import { createConnectorSchema } from '../schemas.ts';
import { shownTo, withStoredSecrets } from '../secret-config.ts';
import { secretKeysOf } from '../shown-config.ts';
import { validated } from '../validation.ts';

export function registerConnectors(
  app: FastifyInstance,
  cluster: ClusterAccess,
  { parts, validator }: DefinitionChecks,
): void {
  resource(app, '/connectors', {
    GET: async (request) => {
      const { connectors, plugins } = await cluster.snapshot();
      const show = (config: ConnectorConfig) => shownTo(request, config, plugins, parts);
      const expansions = queryValues(request, 'expand');
      if (expansions.length === 0) return [...connectors.keys()];
      return Object.fromEntries(
        Array.from(connectors, ([name, view]) => [
          name,
          expanded(view, { plugins, expansions, show }),
        ]),
      );
    },
    POST: async (request, reply) => {
      const definition = validated(createConnectorSchema, request.body, 'connector definition');
      const plugins = await cluster.plugins(definition.config['connector.class'] ?? '');
      const isSecret = secretKeysOf(definition.config, plugins, parts);
      // It is new: nothing is stored that a mask could stand for.
      withStoredSecrets(definition.config, undefined, isSecret);
      await validator.assertValid([definition]);
      const { connectors } = await cluster.submit({
        op: 'apply',
        definitions: [definition],
        mode: 'create',
      });
      const info = connectors
        .map(({ record }) =>
          appliedConnectorInfo(record, shownTo(request, definition.config, plugins, parts)),
        )
        .at(0);
      return reply.status(201).header('location', locationOf(request, definition.name)).send(info);
    },
  });

  resource(app, '/connectors/:name', {
    GET: async (request) => {
      const name = parameter(request, 'name');
      const found = await cluster.connector(name, `Connector ${name} not found`);
      return connectorInfo(found, (config) => shownTo(request, config, found.plugins, parts));
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
  {
    expansions,
    plugins,
    show,
  }: {
    readonly plugins: readonly PluginInfo[];
    readonly expansions: readonly string[];
    readonly show: (config: ConnectorConfig) => ConnectorConfig;
  },
): object {
  return {
    ...(expansions.includes('status') && { status: connectorStateInfo(view, { plugins }) }),
    ...(expansions.includes('info') && { info: connectorInfo(view, show) }),
  };
}
