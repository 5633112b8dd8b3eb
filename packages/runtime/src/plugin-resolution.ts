/**
 * How plugin modules find what they import.
 *
 * Each package finds its dependencies from where it lies, so that two versions of one never meet. A package that was
 * replaced where it lies would be mixed with what this thread has loaded of it before: the state that a package is in
 * is therefore part of the URL of each of its modules, as a query.
 */
import { registerHooks } from 'node:module';

const stateParameter = 'sluice-package-state';

/** By state: where the package is. */
const roots = new Map<string, string>();
let isInstalled = false;

/**
 * For this thread; once. Lets modules that have no `node_modules` above them find the connector API that we run with.
 * Whatever a module finds by itself wins.
 */
export function shareConnectorApi(): void {
  if (isInstalled) return;
  isInstalled = true;
  registerHooks({
    resolve: (specifier, context, next) => {
      try {
        const resolved = next(specifier, context);
        const url = inSameState(resolved.url, context.parentURL, context.conditions);
        return url === resolved.url ? resolved : { ...resolved, url };
      } catch (error) {
        if (!specifier.startsWith('@sluice/')) throw error;
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}

/** A file of a package in a state of it. */
export function urlInState(url: string, state: string): string {
  const stated = new URL(url);
  stated.searchParams.set(stateParameter, state);
  return stated.href;
}

/** From here on, what a module of that package in that state imports of its own package is of that state, too. */
export function keepState(url: string, root: string): void {
  const state = new URL(url).searchParams.get(stateParameter);
  if (state !== null) roots.set(state, root);
}

function inSameState(
  url: string,
  parentUrl: string | undefined,
  conditions: readonly string[],
): string {
  if (!parentUrl?.includes(stateParameter) || !url.startsWith('file:')) return url;
  // CommonJS modules are known by their path alone.
  if (!conditions.includes('import')) return url;
  const state = new URL(parentUrl).searchParams.get(stateParameter);
  const root = state === null ? undefined : roots.get(state);
  return state !== null && root !== undefined && url.startsWith(root)
    ? urlInState(url, state)
    : url;
}
