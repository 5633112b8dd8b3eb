/** `/connectors/{name}/config`: read, create or replace, change some keys. */
import type { ConnectorConfig } from '@sluice/connector-api';
import type { PluginInfo } from '@sluice/coordination';
import type { FastifyInstance } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import type { DefinitionChecks } from '../code-validation.ts';
import { appliedConnectorInfo } from '../entities.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import { parameter, resource } from '../resource.ts';
import { configPatchSchema, configSchema, namedDefinition } from '../schemas.ts';
import { mayBeShown, shownTo, withStoredSecrets } from '../secret-config.ts';
import type { ConnectorInfo } from '../shapes.ts';
import { secretKeysOf } from '../shown-config.ts';
import { validated } from '../validation.ts';
import { locationOf } from './connectors.ts';

export function registerConnectorConfigs(
  app: FastifyInstance,
  cluster: ClusterAccess,
  { parts, validator }: DefinitionChecks,
): void {
  resource(app, '/connectors/:name/config', {
    GET: async (request) => {
      const name = parameter(request, 'name');
      const { plugins, record } = await cluster.connector(name, `Connector ${name} not found`);
      return shownTo(request, record.config, plugins, parts);
    },
    PUT: async (request, reply) => {
      const name = parameter(request, 'name');
      const config = validated(configSchema, request.body, 'connector configuration');
      const plugins = await cluster.plugins(config['connector.class'] ?? '');
      const show = (written: ConnectorConfig) => shownTo(request, written, plugins, parts);
      if (mayBeShown(config) && (await cluster.snapshot()).connectors.has(name))
        return rewrite(name, show, (stored) => withStored(config, stored, plugins));
      const definition = namedDefinition(name, withStored(config, undefined, plugins));
      await validator.assertValid([definition]);
      const { connectors } = await cluster.submit({
        op: 'apply',
        definitions: [definition],
        mode: 'upsert',
      });
      const [applied] = connectors;
      if (!applied) throw new ApiError(500, `Connector ${name} was applied, but not reported`);
      if (applied.outcome === 'created') {
        reply.status(201).header('location', locationOf(request, name));
      }
      return appliedConnectorInfo(applied.record, show(definition.config));
    },
    PATCH: async (request) => {
      const name = parameter(request, 'name');
      const patch = validated(configPatchSchema, request.body, 'connector configuration patch');
      const { plugins } = await cluster.connector(name, `Connector ${name} not found`);
      const show = (written: ConnectorConfig) => shownTo(request, written, plugins, parts);
      return rewrite(name, show, (stored) => withStored(patched(stored, patch), stored, plugins));
    },
  });

  /** What a mask stands for, in its place. */
  function withStored(
    config: ConnectorConfig,
    stored: ConnectorConfig | undefined,
    plugins: readonly PluginInfo[],
  ): Record<string, string> {
    if (!mayBeShown(config)) return { ...config };
    return withStoredSecrets(config, stored, secretKeysOf(config, plugins, parts));
  }

  const turns = new OneAtATime();

  /** Nobody else's change in between is undone: what was read is written only over itself. */
  async function rewrite(...change: Parameters<typeof rewriteNow>): Promise<ConnectorInfo> {
    const [name] = change;
    return await turns.run(
      name,
      (before) => cluster.limited(before),
      () => rewriteNow(...change),
    );
  }

  async function rewriteNow(
    name: string,
    show: (config: ConnectorConfig) => ConnectorConfig,
    change: (stored: ConnectorConfig) => Record<string, string>,
  ): Promise<ConnectorInfo> {
    const notFound = `Connector ${name} not found`;
    for (let attempt = 1; ; attempt++) {
      const { record } = await cluster.connector(name, notFound);
      const definition = namedDefinition(name, change(record.config));
      const { version: expectedVersion, uid: expectedUid } = record;
      await validator.assertValid([definition]);
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
        if (applied) return appliedConnectorInfo(applied.record, show(definition.config));
        throw new ApiError(500, `Connector ${name} was applied, but not reported`);
      } catch (error) {
        const movedOn =
          error instanceof ApiError && error.extra.code === 'connector.version_conflict';
        if (!movedOn || attempt === triesMax) throw error;
      }
    }
  }
}

/** Tries while others change the same connector between our reading and our writing, through other processes. */
const triesMax = 10;

function patched(
  config: Readonly<Record<string, string>>,
  patch: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const merged = Object.entries({ ...config, ...patch });
  return Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== null));
}
