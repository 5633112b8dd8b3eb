/**
 * Imports plugin modules and takes plugins out of them. One bad module never keeps the others from
 * being used: it becomes a failure with a message for the operator.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { type Plugin, pluginsOf } from '@sluice/connector-api';
import { hasCode, systemClock, toError } from '@sluice/kernel';

import { fileUrlOf, moduleOf, type PluginModule } from './plugin-module.ts';
import { type PluginFailure, PluginRegistry } from './plugin-registry.ts';
import { keepState, shareConnectorApi } from './plugin-resolution.ts';

export interface LoadPluginsOptions {
  /** For one module: a top-level await may never end. Default 30 000. */
  readonly importLimitMs?: number;
  /** Where relative paths and packages are looked for. Default: the working directory. */
  readonly baseDirectory?: string;
}

/** Of one module in a scan, which has a thread for itself. */
export const scanLimitMsDefault = 20_000;
/** What a scan has taken is there to be run, also by a thread that has more to do. */
export const importLimitMsDefault = 1.5 * scanLimitMsDefault;

/**
 * @param modules file URLs, absolute or relative paths (`./clock.ts`), or names of installed packages.
 * @example
 *   const plugins = await loadPlugins(['@sluice/connector-file', './clock.ts']);
 *   for (const { error } of plugins.failures) logger.error({}, error);
 */
export async function loadPlugins(
  modules: readonly (string | PluginModule)[],
  options: LoadPluginsOptions = {},
): Promise<PluginRegistry> {
  const plugins = new Map<string, { plugin: Plugin; name: string }>();
  const failures: PluginFailure[] = [];
  const distinct = new Map(modules.map((each) => [moduleOf(each).specifier, moduleOf(each)]));
  for (const module of distinct.values()) {
    const found = await importPlugins(module, options);
    if (!Array.isArray(found)) {
      failures.push(found);
      continue;
    }
    for (const plugin of found) {
      const key = identityOf(plugin);
      const known = plugins.get(key);
      if (!known) plugins.set(key, { plugin, name: module.name });
      else if (known.plugin !== plugin) failures.push(duplicate(plugin, module, known.name));
    }
  }
  return new PluginRegistry(
    [...plugins.values()].map(({ plugin }) => plugin),
    failures,
  );
}

/** One class may be there in several versions, but not as a source and as a sink. */
export function identityOf({
  class: className,
  type,
  version,
}: {
  readonly class: string;
  readonly type: string;
  readonly version: string;
}): string {
  const kind = type === 'source' || type === 'sink' ? 'connector' : type;
  return `${kind} ${className} ${version}`;
}

export function duplicate(
  { class: className, version }: { readonly class: string; readonly version: string },
  { name, specifier }: PluginModule,
  used: string,
): PluginFailure {
  return {
    specifier,
    error:
      `plugin class '${className}' ${version} of ${name} is also defined by ${used}, ` +
      'which is used: give one of them another class or version, or remove one of the modules',
  };
}

/** Never rejects. */
export async function importPlugins(
  module: PluginModule,
  options: LoadPluginsOptions = {},
): Promise<Plugin[] | PluginFailure> {
  const { specifier, name, root } = module;
  const failure = (what: string): PluginFailure => ({
    specifier,
    error: `plugin module ${name} ${what}`,
  });
  const limitMs = options.importLimitMs ?? importLimitMsDefault;
  shareConnectorApi();
  if (root !== undefined) keepState(specifier, root);
  let imported: { readonly module: unknown } | { readonly isLate: true };
  try {
    imported = await Promise.race([
      importFrom(specifier, options.baseDirectory ?? process.cwd()).then((namespace) => ({
        module: namespace,
      })),
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
  const url = fileUrlOf(specifier, baseDirectory);
  if (url !== undefined) return import(url);
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
