/** `/connector-plugins`: what a definition may name, the keys of each, and what is wrong with a configuration. */
import {
  type ConnectorConfig,
  newestInRange,
  parseVersionRange,
  versionNotFound,
} from '@sluice/connector-api';
import { type PluginInfo, unknownClassMessage } from '@sluice/coordination';
import type { FastifyInstance } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import type { DefinitionChecks } from '../code-validation.ts';
import { type ChosenPlugin, configInfos, frameworkKeys, withoutRules } from '../config-infos.ts';
import { findConnector, pluginInfo, versionsOf } from '../entities.ts';
import { booleanQuery, parameter, queryValues, resource } from '../resource.ts';
import { configSchema } from '../schemas.ts';
import { withSecretsOfNamesake } from '../secret-config.ts';
import { validated } from '../validation.ts';

export function registerPlugins(
  app: FastifyInstance,
  cluster: ClusterAccess,
  { parts, validator }: DefinitionChecks,
): void {
  const announced = async (): Promise<PluginInfo[]> =>
    (await cluster.snapshot()).plugins.filter(({ error }) => error === undefined);
  const plugins = async (): Promise<PluginInfo[]> => [...(await announced()), ...parts.builtIn];

  resource(app, '/connector-plugins', {
    GET: async (request) => {
      const connectorsOnly = booleanQuery(request, 'connectorsOnly', true);
      return (await plugins())
        .filter((plugin) => !connectorsOnly || isConnector(plugin))
        .map(pluginInfo);
    },
  });

  resource(app, '/connector-plugins/:plugin/config', {
    GET: async (request) => {
      const name = parameter(request, 'plugin');
      const [version = 'latest'] = queryValues(request, 'version');
      const wanted = parseVersionRange(version);
      if ('problem' in wanted)
        throw new ApiError(400, `Invalid version specification: ${version}: ${wanted.problem}`);
      const versions = versionsOf(await plugins(), name);
      if (versions.length === 0) throw new ApiError(404, `Unknown plugin ${name}.`);
      const found = newestInRange(versions, wanted.range);
      if (!found) throw new ApiError(400, versionNotFound(name, wanted.range, versions));
      return [...found.configKeys, ...frameworkKeys(found)].map((key) =>
        withoutRules(
          key.name === 'connector.plugin.version' ? { ...key, default_value: found.version } : key,
        ),
      );
    },
  });

  resource(app, '/connector-plugins/:plugin/config/validate', {
    PUT: async (request) => {
      const name = parameter(request, 'plugin');
      const given = validated(configSchema, request.body, 'connector configuration');
      const config = await withSecretsOfNamesake(given, cluster, parts);
      const className = config['connector.class'];
      if (className === undefined) {
        // Without the values, which Kafka Connect shows: there may be passwords among them.
        const keys = Object.keys(config).join(', ');
        throw new ApiError(400, `Connector config {${keys}} contains no connector type`);
      }
      if (!withoutSuffix(className).endsWith(withoutSuffix(name))) {
        throw new ApiError(
          400,
          `Included connector type ${className} does not match request type ${name}`,
        );
      }
      const known = await announced();
      const chosen = connector([...known, ...parts.builtIn], config);
      const byCode = await validator.validate(chosen, config, known);
      return configInfos(chosen, config, { announced: known, parts }, byCode);
    },
  });
}

/** @throws ApiError as for a definition that names such a class. */
function connector(plugins: readonly PluginInfo[], config: ConnectorConfig): ChosenPlugin {
  const { plugin, problems } = findConnector(plugins, config);
  if (plugin) return { plugin, problems };
  const className = config['connector.class'] ?? '';
  const [other] = versionsOf(plugins, className);
  if (other) throw new ApiError(400, `"${className}" is a ${other.type}, not a connector`);
  throw new ApiError(400, unknownClassMessage(className, plugins));
}

function isConnector({ type }: PluginInfo): boolean {
  return type === 'source' || type === 'sink';
}

function withoutSuffix(name: string): string {
  return name.replace(/(?<=.)Connector$/, '');
}
