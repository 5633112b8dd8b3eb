/**
 * Imports plugin modules and takes connectors out of them. One bad module never keeps the others from
 * being used: it becomes a failure with a message for the operator.
 */
import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { type ConnectorPlugin, pluginsOf } from '@sluice/connector-api';
import { hasCode, systemClock, toError } from '@sluice/kernel';

import { type PluginFailure, PluginRegistry } from './plugin-registry.ts';
import { shareConnectorApi } from './plugin-resolution.ts';

export interface LoadPluginsOptions {
  /** For one module: a top-level await may never end. Default 10 000. */
  readonly importLimitMs?: number;
  /** Where relative paths and packages are looked for. Default: the working directory. */
  readonly baseDirectory?: string;
  /** Called before a module is imported, which may block this thread for ever. */
  readonly onImport?: (specifier: string) => void;
}

const importLimitMsDefault = 10_000;

/**
 * @param specifiers file URLs, absolute or relative paths (`./clock.ts`), or names of installed packages.
 * @example
 *   const plugins = await loadPlugins(['@sluice/connector-file', './clock.ts']);
 *   for (const { error } of plugins.failures) logger.error({}, error);
 */
export async function loadPlugins(
  specifiers: readonly string[],
  options: LoadPluginsOptions = {},
): Promise<PluginRegistry> {
  shareConnectorApi();
  const plugins = new Map<string, { plugin: ConnectorPlugin; specifier: string }>();
  const failures: PluginFailure[] = [];
  for (const specifier of new Set(specifiers)) {
    const found = await pluginsIn(specifier, options);
    if (!Array.isArray(found)) {
      failures.push(found);
      continue;
    }
    for (const plugin of found) {
      const known = plugins.get(plugin.class);
      if (!known) plugins.set(plugin.class, { plugin, specifier });
      else if (known.plugin !== plugin)
        failures.push({
          specifier,
          error:
            `plugin class '${plugin.class}' of ${specifier} is also defined by ${known.specifier}, ` +
            'which is used: give one of them another class, or remove one of the modules',
        });
    }
  }
  return new PluginRegistry(
    [...plugins.values()].map(({ plugin }) => plugin),
    failures,
  );
}

async function pluginsIn(
  specifier: string,
  options: LoadPluginsOptions,
): Promise<ConnectorPlugin[] | PluginFailure> {
  const failure = (what: string): PluginFailure => ({
    specifier,
    error: `plugin module ${specifier} ${what}`,
  });
  const limitMs = options.importLimitMs ?? importLimitMsDefault;
  options.onImport?.(specifier);
  let imported: { readonly module: unknown } | { readonly isLate: true };
  try {
    imported = await Promise.race([
      importFrom(specifier, options.baseDirectory ?? process.cwd()).then((module) => ({ module })),
      systemClock.sleep(limitMs).then(() => ({ isLate: true as const })),
    ]);
  } catch (error) {
    return failure(importProblem(error));
  }
  if ('isLate' in imported)
    return failure(
      `did not finish importing within ${limitMs} ms: move what it waits for from the top level into the connector's start`,
    );
  try {
    return pluginsOf(imported.module);
  } catch (error) {
    return failure(`is not usable: ${toError(error).message}`);
  }
}

function importProblem(thrown: unknown): string {
  const error = toError(thrown);
  if (hasCode(error, 'ERR_MODULE_NOT_FOUND') || hasCode(error, 'MODULE_NOT_FOUND'))
    return `cannot be found or imports something that cannot: ${error.message}. Check the path, or install the package where the worker is installed`;
  return `threw while it was imported: ${error.name}: ${error.message}. It must not do more than define its connectors`;
}

async function importFrom(specifier: string, baseDirectory: string): Promise<unknown> {
  if (specifier.startsWith('file:')) return import(specifier);
  if (isAbsolute(specifier)) return import(pathToFileURL(specifier).href);
  if (/^\.{1,2}[/\\]/.test(specifier))
    return import(pathToFileURL(join(baseDirectory, specifier)).href);
  try {
    return await import(specifier);
  } catch (error) {
    if (!hasCode(error, 'ERR_MODULE_NOT_FOUND')) throw error;
    // Not installed beside the runtime; perhaps beside the user's own project.
    const resolved = resolveFrom(specifier, baseDirectory);
    if (resolved === undefined) throw error;
    return import(pathToFileURL(resolved).href);
  }
}

function resolveFrom(specifier: string, directory: string): string | undefined {
  try {
    return createRequire(pathToFileURL(join(directory, 'package.json'))).resolve(specifier);
  } catch {
    return undefined;
  }
}
