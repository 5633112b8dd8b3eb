/**
 * Libraries that only some converters need: an executor that has none of them does not load them. They are
 * CommonJS, and so can be loaded when a converter is made or used, without a promise.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Who calls it says what the library is. */
export function lazily(name: string): () => unknown {
  let library: unknown;
  return () => {
    library ??= require(name);
    return library;
  };
}
