export type { ConfigProvider } from './config-provider.ts';
export {
  ConfigResolver,
  type ResolveConfig,
  type ResolvedConfig,
  resolveNothing,
} from './resolve-config.ts';
export { withReferences } from './with-references.ts';
