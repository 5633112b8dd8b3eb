/** The keys that all converters with a Schema Registry share, under Confluent's names. */
import { boolean, type ConfigOf, int, list, password, string } from '@sluice/connector-api';

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

/** The strategy that a parsed class name stands for. */
export function strategyOf(className: string): SubjectNameStrategy {
  const found = strategyNames.find((name) => className === `${strategyPackage}${name}`);
  if (!found) throw new TypeError(`no subject name strategy: ${className}`);
  return found;
}
