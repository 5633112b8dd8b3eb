/** `/connector-plugins`: what a definition may name, the keys of each, and what is wrong with a configuration. */
import type { PluginInfo } from '@sluice/coordination';
import type { FastifyInstance } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import type { DefinitionChecks } from '../code-validation.ts';
import { configInfos, frameworkKeys, withoutRules } from '../config-infos.ts';
import { findPlugin, pluginInfo } from '../entities.ts';
import { booleanQuery, parameter, resource } from '../resource.ts';
import { configSchema } from '../schemas.ts';
import { withSecretsOfNamesake } from '../secret-config.ts';
import { validated } from '../validation.ts';

export function registerPlugins(
  app: FastifyInstance,
  cluster: ClusterAccess,
  { parts, validator }: DefinitionChecks,
): void {
  const plugins = async (): Promise<PluginInfo[]> => {
    const announced = (await cluster.snapshot()).plugins;
    return [...announced.filter(({ error }) => error === undefined), ...parts.builtIn];
  };

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
      const found = findPlugin(await plugins(), name);
      if (!found) throw new ApiError(404, `Unknown plugin ${name}.`);
      return [...found.configKeys, ...frameworkKeys(found)].map(withoutRules);
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
      const plugin = connector(await plugins(), className);
      return configInfos(plugin, config, parts, await validator.validate(plugin, config));
    },
  });
}

/** @throws ApiError as for a definition that names such a class. */
function connector(plugins: readonly PluginInfo[], className: string): PluginInfo {
  const found = findPlugin(plugins, className);
  if (found && isConnector(found)) return found;
  if (found) throw new ApiError(400, `"${className}" is a ${found.type}, not a connector`);
  const available = plugins.filter(isConnector).map((each) => each.class);
  throw new ApiError(
    400,
    `Failed to find any class that implements Connector and which name matches ${className}, available connectors are: ${available.join(', ') || 'none (no worker has announced any: start one)'}`,
  );
}

function isConnector({ type }: PluginInfo): boolean {
  return type === 'source' || type === 'sink';
}

function withoutSuffix(name: string): string {
  return name.replace(/(?<=.)Connector$/, '');
}
