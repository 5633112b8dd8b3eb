/** What a worker's executors are told of its plugins: which there are, and where their code is. Structured-clonable. */
import type { PluginModule } from './plugin-module.ts';
import type { PluginDescription } from './plugin-registry.ts';

export interface PluginIndexEntry extends Omit<PluginDescription, 'configKeys'> {
  readonly module: PluginModule;
}

export type PluginIndex = readonly PluginIndexEntry[];
