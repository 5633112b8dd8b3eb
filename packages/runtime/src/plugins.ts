/** `@sluice/runtime/plugins`: what finds and loads plugins, for processes that run none of their tasks and start often. */
export { LazyPlugins } from './lazy-plugins.ts';
export { shareConnectorApi } from './plugin-resolution.ts';
