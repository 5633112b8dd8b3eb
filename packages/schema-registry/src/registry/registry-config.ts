/** The keys that all converters with a Schema Registry share, under Confluent's names, and what they mean. */
import { readFileSync } from 'node:fs';
import {
  boolean,
  ConfigError,
  type ConfigOf,
  type ConnectorConfig,
  int,
  list,
  password,
  string,
} from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import type { TlsOptions } from './rest-client.ts';

const strategyNames = [
  'TopicNameStrategy',
  'RecordNameStrategy',
  'TopicRecordNameStrategy',
] as const;
export type SubjectNameStrategy = (typeof strategyNames)[number];
const strategyPackage = 'io.confluent.kafka.serializers.subject.';
const strategyClasses = strategyNames.map((name) => `${strategyPackage}${name}`) as [
  string,
  ...string[],
];

const subjectStrategy = (of: string) =>
  string()
    .oneOf(...strategyClasses)
    .default(`${strategyPackage}TopicNameStrategy`)
    .group('Subjects')
    .doc(`Under which subject the schema of a ${of} is registered and looked for.`);

export const registryShape = {
  'schema.registry.url': list()
    .nonEmpty()
    .importance('high')
    .group('Schema Registry')
    .doc(
      'URLs of the instances of the registry; one that does not answer is followed by the next.',
    ),
  'auto.register.schemas': boolean()
    .default(true)
    .group('Schema Registry')
    .doc('Whether schemas are registered; if not, they must be registered already.'),
  'use.latest.version': boolean()
    .default(false)
    .importance('low')
    .group('Schema Registry')
    .doc('Write with the newest version of the subject. Only without auto.register.schemas.'),
  'latest.compatibility.strict': boolean()
    .default(true)
    .importance('low')
    .group('Schema Registry')
    .doc(
      'With use.latest.version: refuse records whose schema the newest version cannot stand for.',
    ),
  'latest.cache.ttl.sec': int()
    .default(-1)
    .min(-1)
    .importance('low')
    .group('Schema Registry')
    .doc('How long the newest version of a subject is remembered; -1: for ever.'),
  'normalize.schemas': boolean()
    .default(false)
    .importance('low')
    .group('Schema Registry')
    .doc('Let the registry take schemas that differ in insignificant order for the same.'),
  'key.subject.name.strategy': subjectStrategy('key'),
  'value.subject.name.strategy': subjectStrategy('value'),
  'schemas.cache.config': int()
    .default(1000)
    .min(1)
    .importance('low')
    .group('Schemas')
    .doc('How many converted schemas are remembered.'),
  'max.schemas.per.subject': int()
    .default(1000)
    .min(1)
    .importance('low')
    .group('Schemas')
    .doc('How many schemas, ids and versions of the registry are remembered, each.'),
  'ignore.default.for.nullables': boolean()
    .default(false)
    .group('Schemas')
    .doc('Whether a null stays null where its schema is optional and has a default.'),
  'basic.auth.credentials.source': string()
    .default('URL')
    .group('Security')
    .doc('Where user and password come from: URL (user:password@host), or USER_INFO.'),
  'basic.auth.user.info': password()
    .optional()
    .group('Security')
    .doc('user:password, with basic.auth.credentials.source=USER_INFO.'),
  'bearer.auth.credentials.source': string()
    .default('STATIC_TOKEN')
    .group('Security')
    .doc('Where the token comes from: STATIC_TOKEN, which is bearer.auth.token.'),
  'bearer.auth.token': password()
    .optional()
    .group('Security')
    .doc('Sent as Authorization: Bearer.'),
  'schema.registry.ssl.truststore.type': pem('The type of the truststore: PEM.'),
  'schema.registry.ssl.truststore.location': string()
    .optional()
    .group('Security')
    .doc(
      'File of certificates (PEM) of the authorities that are trusted instead of the usual ones.',
    ),
  'schema.registry.ssl.truststore.certificates': password()
    .optional()
    .group('Security')
    .doc('The certificates themselves, instead of a file.'),
  'schema.registry.ssl.keystore.type': pem('The type of the keystore: PEM.'),
  'schema.registry.ssl.keystore.location': string()
    .optional()
    .group('Security')
    .doc("File (PEM) with the client's certificate chain and key."),
  'schema.registry.ssl.keystore.certificate.chain': password()
    .optional()
    .group('Security')
    .doc("The client's certificate chain itself, instead of a file."),
  'schema.registry.ssl.keystore.key': password()
    .optional()
    .group('Security')
    .doc("The client's private key itself (PEM), with the certificate chain."),
  'schema.registry.ssl.key.password': password()
    .optional()
    .group('Security')
    .doc('What the private key is encrypted with.'),
  'schema.registry.ssl.endpoint.identification.algorithm': string()
    .default('https')
    .importance('low')
    .group('Security')
    .doc("https: the certificate must be for the registry's name. Empty: for any name."),
  'http.connect.timeout.ms': int()
    .default(60_000)
    .min(1)
    .importance('low')
    .group('Requests')
    .doc('How long an instance may take to accept a connection.'),
  'http.read.timeout.ms': int()
    .default(60_000)
    .min(1)
    .importance('low')
    .group('Requests')
    .doc('How long an instance may take to answer.'),
  'max.retries': int()
    .default(3)
    .min(0)
    .importance('low')
    .group('Requests')
    .doc('How often all instances are asked again when none answers.'),
  'retries.wait.ms': int()
    .default(1_000)
    .min(0)
    .importance('low')
    .group('Requests')
    .doc('Back-off before the first time; it doubles.'),
  'retries.max.wait.ms': int()
    .default(20_000)
    .min(0)
    .importance('low')
    .group('Requests')
    .doc('The longest back-off.'),
};

function pem(documentation: string) {
  return string().optional().group('Security').doc(documentation);
}

export type RegistryConfig = ConfigOf<typeof registryShape>;

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

/** What `schema.registry.url` and the keys of security say about a connection. */
export interface RegistryAccess {
  readonly urls: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
}

const headerPrefix = 'request.header.';

/** @throws ConfigError */
export function registryAccess(parsed: RegistryConfig, config: ConnectorConfig): RegistryAccess {
  const urls = parsed['schema.registry.url'].map((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol))
      throw invalid('schema.registry.url', 'each must be a URL with http:// or https://');
    return url;
  });
  const added = Object.entries(config).flatMap(([key, value]) =>
    key.startsWith(headerPrefix) ? [[key.slice(headerPrefix.length), value]] : [],
  );
  return {
    urls: urls.map((url) => `${url.origin}${url.pathname.replace(/\/+$/, '')}`),
    headers: {
      ...(Object.fromEntries(added) as Record<string, string>),
      ...authorization(parsed, urls),
    },
    tls: tlsOptions(parsed),
  };
}

function authorization(parsed: RegistryConfig, urls: readonly URL[]): Record<string, string> {
  const token = parsed['bearer.auth.token']?.reveal();
  const tokenSource = parsed['bearer.auth.credentials.source'];
  if (tokenSource !== 'STATIC_TOKEN')
    throw invalid(
      'bearer.auth.credentials.source',
      `${tokenSource} is not supported; use STATIC_TOKEN with bearer.auth.token`,
    );
  const userInfo = basicUserInfo(parsed, urls);
  if (token && userInfo)
    throw invalid(
      'bearer.auth.token',
      'there are basic credentials, too: only one of them is sent',
    );
  if (token) return { authorization: `Bearer ${token}` };
  return userInfo ? { authorization: `Basic ${Buffer.from(userInfo).toString('base64')}` } : {};
}

function basicUserInfo(parsed: RegistryConfig, urls: readonly URL[]): string | undefined {
  const source = parsed['basic.auth.credentials.source'];
  const key = 'basic.auth.credentials.source';
  switch (source) {
    case 'URL': {
      const withUser = urls.find((url) => url.username !== '');
      return withUser
        ? `${decodeURIComponent(withUser.username)}:${decodeURIComponent(withUser.password)}`
        : undefined;
    }
    case 'USER_INFO': {
      const info = parsed['basic.auth.user.info']?.reveal() ?? '';
      if (!info.includes(':'))
        throw invalid('basic.auth.user.info', 'it must be user:password with USER_INFO');
      return info;
    }
    case 'SASL_INHERIT':
      throw invalid(key, 'SASL_INHERIT is not supported; use USER_INFO with basic.auth.user.info');
    default:
      throw invalid(key, `"${source}" is none of URL, USER_INFO`);
  }
}

function tlsOptions(parsed: RegistryConfig): TlsOptions {
  for (const name of ['truststore', 'keystore'] as const) {
    const key = `schema.registry.ssl.${name}.type` as const;
    const type = parsed[key] ?? 'PEM';
    const isUsed = ['location', 'certificates', 'certificate.chain'].some(
      (part) =>
        `schema.registry.ssl.${name}.${part}` in parsed &&
        parsed[`schema.registry.ssl.${name}.${part}` as keyof RegistryConfig] !== undefined,
    );
    if (type.toUpperCase() !== 'PEM' || (isUsed && parsed[key] === undefined))
      throw invalid(
        key,
        'only PEM is supported: set it to PEM, and convert the store with keytool or openssl',
      );
  }
  const checksNames = parsed['schema.registry.ssl.endpoint.identification.algorithm'] !== '';
  const ca =
    parsed['schema.registry.ssl.truststore.certificates']?.reveal() ??
    fileOf('schema.registry.ssl.truststore.location', parsed);
  const keyFile = fileOf('schema.registry.ssl.keystore.location', parsed);
  const cert = parsed['schema.registry.ssl.keystore.certificate.chain']?.reveal() ?? keyFile;
  const key = parsed['schema.registry.ssl.keystore.key']?.reveal() ?? keyFile;
  const passphrase = parsed['schema.registry.ssl.key.password']?.reveal();
  return {
    checksNames,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function fileOf(
  key: 'schema.registry.ssl.truststore.location' | 'schema.registry.ssl.keystore.location',
  parsed: RegistryConfig,
): string | undefined {
  const path = parsed[key];
  if (path === undefined || path === '') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(key, `the file cannot be read: ${toError(error).message}`);
  }
}

function invalid(key: string, why: string): ConfigError {
  return new ConfigError([{ key, message: `Invalid value for configuration ${key}: ${why}` }]);
}

/** The strategy that a parsed class name stands for. */
export function strategyOf(className: string): SubjectNameStrategy {
  const found = strategyNames.find((name) => className === `${strategyPackage}${name}`);
  if (!found) throw new TypeError(`no subject name strategy: ${className}`);
  return found;
}
