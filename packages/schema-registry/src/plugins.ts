/** The three converters as plugins, under Confluent's class names. */
import {
  aliasesOf,
  type ConfigKey,
  type ConnectorConfig,
  type ConverterPlugin,
  type ConverterRole,
  defineConfig,
} from '@sluice/connector-api';
import { avroFormat } from './avro/avro-format.ts';
import { avroShape } from './avro/avro-options.ts';
import { jsonSchemaShape } from './json-schema/json-options.ts';
import { jsonSchemaFormat } from './json-schema/json-schema-format.ts';
import { protobufShape } from './protobuf/proto-options.ts';
import { protobufFormat } from './protobuf/protobuf-format.ts';
import { ReadOnlyRegistryClient, type UnregisteredSchema } from './registry/read-only-client.ts';
import { registryAccess } from './registry/registry-access.ts';
import { RegistryClient, type RegistryClientOptions } from './registry/registry-client.ts';
import { type RegistryConfig, registryShape, strategyOf } from './registry/registry-keys.ts';
import { RestClient } from './registry/rest-client.ts';
import { assertSupportedKeys } from './registry/unsupported-keys.ts';
import { RegistryConverter } from './registry-converter.ts';
import type { SchemaFormat } from './schema-format.ts';

const avroConfig = defineConfig({ ...registryShape, ...avroShape });
const protobufConfig = defineConfig({ ...registryShape, ...protobufShape });
const jsonSchemaConfig = defineConfig({ ...registryShape, ...jsonSchemaShape });

/** How a converter talks to its registry. */
interface Access {
  readonly createClient: (options: RegistryClientOptions) => RegistryClient;
  /** Instead of what the definition says. */
  readonly limits?: { readonly maxRetries: number; readonly timeoutMs: number };
}

export const schemaRegistryConverters: readonly ConverterPlugin[] = pluginsWith({
  createClient: (options) => new RegistryClient(options),
});

/**
 * The same for a preview: schemas are looked up and not registered. One that would be is told, and its bytes have the id
 * 0. A registry that does not answer is not asked again.
 */
export function previewingConverters(
  onUnregistered: (schema: UnregisteredSchema) => void,
): readonly ConverterPlugin[] {
  return pluginsWith({
    createClient: (options) => new ReadOnlyRegistryClient(options, onUnregistered),
    limits: { maxRetries: 0, timeoutMs: 3_000 },
  });
}

function pluginsWith(access: Access): readonly ConverterPlugin[] {
  return [
    plugin(access, 'io.confluent.connect.avro.AvroConverter', avroConfig, (parsed) =>
      avroFormat({
        isEnhanced: parsed['enhanced.avro.schema.support'],
        scrubsNames: parsed['scrub.invalid.names'],
        hasMetaData: parsed['connect.meta.data'],
        allowsOptionalMapKeys: parsed['allow.optional.map.keys'],
        flattensSingletonUnions: parsed['flatten.singleton.unions'],
        keepsNulls: parsed['ignore.default.for.nullables'],
      }),
    ),
    plugin(access, 'io.confluent.connect.protobuf.ProtobufConverter', protobufConfig, (parsed) =>
      protobufFormat({
        isEnhanced: parsed['enhanced.protobuf.schema.support'],
        scrubsNames: parsed['scrub.invalid.names'],
        hasOptionalFields: parsed['optional.for.nullables'],
        hasWrappers: parsed['wrapper.for.nullables'],
        indexesUnions: parsed['generate.index.for.unions'],
        keepsNulls: parsed['ignore.default.for.nullables'],
      }),
    ),
    plugin(access, 'io.confluent.connect.json.JsonSchemaConverter', jsonSchemaConfig, (parsed) =>
      jsonSchemaFormat({
        validates: parsed['json.fail.invalid.schema'],
        allowsAdditionalProperties: parsed['object.additional.properties'],
        isOptionalUnlessRequired: parsed['use.optional.for.nonrequired'],
        decimalFormat: parsed['decimal.format'],
        ignoresModernDialects: parsed['ignore.modern.dialects'],
        flattensSingletonUnions: parsed['flatten.singleton.unions'],
        keepsNulls: parsed['ignore.default.for.nullables'],
      }),
    ),
  ];
}

interface Definition<Parsed> {
  readonly keys: readonly ConfigKey[];
  readonly parse: (config: ConnectorConfig) => Parsed;
}

function plugin<Parsed extends RegistryConfig>(
  access: Access,
  className: string,
  definition: Definition<Parsed>,
  formatOf: (parsed: Parsed) => SchemaFormat,
): ConverterPlugin {
  const simple = aliasesOf(className);
  const pruned = simple.map((name) => name.replace(/Converter$/, ''));
  const known = new Set(definition.keys.map(({ name }) => name));
  return {
    type: 'converter',
    class: className,
    aliases: [...new Set([...simple, ...pruned])],
    version: '1.0.0',
    types: ['converter'],
    configKeys: definition.keys,
    create: (config, role) => {
      assertSupportedKeys(config, known);
      const parsed = definition.parse(config);
      return converterOf(access, formatOf(parsed), parsed, config, role);
    },
  };
}

function converterOf(
  { createClient, limits }: Access,
  format: SchemaFormat,
  parsed: RegistryConfig,
  config: ConnectorConfig,
  role: ConverterRole,
): RegistryConverter {
  const rest = new RestClient({
    ...registryAccess(parsed, config),
    connectTimeoutMs: limits?.timeoutMs ?? parsed['http.connect.timeout.ms'],
    readTimeoutMs: limits?.timeoutMs ?? parsed['http.read.timeout.ms'],
    maxRetries: limits?.maxRetries ?? parsed['max.retries'],
    retryWaitMs: parsed['retries.wait.ms'],
    retryMaxWaitMs: parsed['retries.max.wait.ms'],
  });
  const ttlSeconds = parsed['latest.cache.ttl.sec'];
  const client = createClient({
    send: (request) => rest.send(request),
    cachedSchemasMax: parsed['max.schemas.per.subject'],
    latestTtlMs: ttlSeconds < 0 ? -1 : ttlSeconds * 1000,
    normalizes: parsed['normalize.schemas'],
  });
  const isKey = role === 'key';
  return new RegistryConverter({
    format,
    client,
    isKey,
    strategy: strategyOf(
      parsed[isKey ? 'key.subject.name.strategy' : 'value.subject.name.strategy'],
    ),
    ids: parsed['auto.register.schemas']
      ? 'register'
      : parsed['use.latest.version']
        ? 'latest'
        : 'lookup',
    isLatestStrict: parsed['latest.compatibility.strict'],
    cachedSchemasMax: parsed['schemas.cache.config'],
  });
}
