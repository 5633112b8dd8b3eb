/** Lets plugin modules that have no `node_modules` above them find the connector API that we run with. */
import { registerHooks } from 'node:module';

let isInstalled = false;

/** For this thread; once. Whatever a module finds by itself wins. */
export function shareConnectorApi(): void {
  if (isInstalled) return;
  isInstalled = true;
  registerHooks({
    resolve: (specifier, context, next) => {
      try {
        return next(specifier, context);
      } catch (error) {
        if (!specifier.startsWith('@sluice/')) throw error;
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}
