export { previewingConverters, schemaRegistryConverters } from './plugins.ts';
export type { UnregisteredSchema } from './registry/read-only-client.ts';
export { SchemaRegistryError, SchemaRegistryUnavailableError } from './registry/registry-errors.ts';
