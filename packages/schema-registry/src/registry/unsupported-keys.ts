/** Confluent's keys that are known but not supported: ignoring one would do something else than was asked for. */
import { ConfigError, type ConnectorConfig } from '@sluice/connector-api';

/** Keys with a meaning that is not supported: the values that ask for nothing. Others are refused. */
const harmless: Readonly<Record<string, readonly string[]>> = {
  'generalized.sum.type.support': ['false'],
  'use.schema.id': ['', '-1'],
  'use.schema.guid': [''],
  'id.compatibility.strict': ['true'],
  'use.latest.with.metadata': [''],
  'propagate.schema.tags': ['false'],
  'schema.format': [''],
  'schema.registry.url.randomize': ['false'],
  'context.name.strategy': ['', 'io.confluent.kafka.serializers.context.nullcontextnamestrategy'],
  'key.schema.id.serializer': ['io.confluent.kafka.serializers.schema.id.prefixschemaidserializer'],
  'value.schema.id.serializer': [
    'io.confluent.kafka.serializers.schema.id.prefixschemaidserializer',
  ],
  'rule.executors': [''],
  'rule.actions': [''],
  'schema.backup.enabled': ['false'],
  'schema.reflection': ['false'],
  'avro.reflection.allow.null': ['false'],
  'proxy.host': [''],
  'proxy.port': ['', '-1'],
  'discard.type.doc.default': ['false'],
  'preserve.additional.properties': ['false'],
  'wrapper.for.raw.primitives': ['true'],
  'optional.for.proto2': ['true'],
  'flatten.unions': ['false'],
  'generate.struct.for.nulls': ['false'],
  'int.for.enums': ['false'],
  'json.write.dates.iso8601': ['false'],
  'json.schema.spec.version': ['draft_7'],
  'reference.subject.name.strategy': [
    'io.confluent.kafka.serializers.subject.defaultreferencesubjectnamestrategy',
  ],
};

const refusedPrefixes = [
  'bearer.auth.',
  'rule.executors.',
  'rule.actions.',
  'schema.registry.ssl.',
];

/** @throws ConfigError that names every key that would be ignored otherwise */
export function assertSupportedKeys(config: ConnectorConfig, known: ReadonlySet<string>): void {
  const problems = Object.entries(config).flatMap(([key, value]) => {
    if (known.has(key)) return [];
    const allowed = harmless[key];
    const isRefused = allowed
      ? !allowed.includes(value.trim().toLowerCase())
      : refusedPrefixes.some((prefix) => key.startsWith(prefix));
    return isRefused ? [unsupported(key)] : [];
  });
  if (problems.length > 0) throw new ConfigError(problems);
}

function unsupported(key: string): { key: string; message: string } {
  return { key, message: `Configuration ${key} is not supported with this value: remove it` };
}
