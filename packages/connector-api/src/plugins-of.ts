/** Finds the plugins that a module exports, and says exactly what is wrong with a module that has none. */
import { ConnectError } from './errors.ts';
import type { Plugin } from './plugin.ts';

/**
 * The plugins of an imported module: its default export (one, or an array), or its export `plugins`.
 * @throws ConnectError that says what the module has instead, or which part of a plugin is malformed.
 */
export function pluginsOf(moduleNamespace: unknown): Plugin[] {
  const exported = exportedBy(moduleNamespace);
  const found = Array.isArray(exported) ? (exported as unknown[]) : [exported];
  if (found.length === 0) throw new ConnectError('the module exports an empty list of plugins');
  return found.map((candidate, index) => {
    const problem = malformation(candidate);
    if (problem === undefined) return candidate as Plugin;
    const which = found.length > 1 ? `plugin ${String(index + 1)} of ${String(found.length)}` : '';
    throw new ConnectError(`${which || 'the exported plugin'}${nameOf(candidate)} ${problem}`);
  });
}

function exportedBy(moduleNamespace: unknown): unknown {
  if (isRecord(moduleNamespace)) {
    if (moduleNamespace['plugins'] !== undefined) return moduleNamespace['plugins'];
    if (moduleNamespace['default'] !== undefined) return moduleNamespace['default'];
    const names = Object.keys(moduleNamespace);
    throw new ConnectError(
      `the module exports no connector: it needs "export default defineSource({ … })", or defineSink, defineTransform, ` +
        `definePredicate, defineConverter, or "export const plugins = [ … ]"; it exports ${names.length > 0 ? names.join(', ') : 'nothing'}`,
    );
  }
  throw new ConnectError('not a module');
}

/** By type: what it is made with, and its functions. */
const shapes: Readonly<Record<Plugin['type'], readonly string[]>> = {
  source: ['createConnector', 'createTask'],
  sink: ['createConnector', 'createTask'],
  transformation: ['create'],
  predicate: ['create'],
  converter: ['create'],
};

function malformation(candidate: unknown): string | undefined {
  if (typeof candidate === 'function')
    return 'is a function: export the result of defineSource({ … }) or defineSink({ … })';
  if (!isRecord(candidate))
    return `is ${candidate === null ? 'null' : typeof candidate}, not a connector`;
  const { type } = candidate;
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type))
    return 'has no type "source" or "sink": make it with defineSource({ … }) or defineSink({ … })';
  for (const name of ['class', 'version']) {
    if (typeof candidate[name] !== 'string' || candidate[name] === '') return `has no ${name}`;
  }
  if (!Array.isArray(candidate['aliases'])) return 'has no list of aliases';
  if (type === 'converter') {
    if (!Array.isArray(candidate['types'])) return 'has no list of types';
    if (!Array.isArray(candidate['configKeys'])) return 'has no list of configKeys';
  } else {
    const configDef = candidate['configDef'];
    if (!isRecord(configDef) || !Array.isArray(configDef['keys']))
      return 'has no configDef with a list of keys';
  }
  for (const name of shapes[type as Plugin['type']]) {
    if (typeof candidate[name] !== 'function') return `has a ${name} that is not a function`;
  }
  for (const name of ['validate', 'alterOffsets'] as const) {
    if (candidate[name] !== undefined && typeof candidate[name] !== 'function')
      return `has ${name === 'validate' ? 'a' : 'an'} ${name} that is not a function`;
  }
  return undefined;
}

function nameOf(candidate: unknown): string {
  return isRecord(candidate) && typeof candidate['class'] === 'string' && candidate['class'] !== ''
    ? ` (${candidate['class']})`
    : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
