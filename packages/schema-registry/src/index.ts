export { schemaRegistryConverters } from './plugins.ts';
export { SchemaRegistryError, SchemaRegistryUnavailableError } from './registry/registry-errors.ts';
