/** How Kafka's own clients reach Kafka, in the words of their configuration, as Sluice's settings. Pure. */

type Properties = Readonly<Record<string, string>>;

interface ClientSettings {
  /** With passwords. */
  readonly env: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

const prefix = /^(producer|consumer|admin)\./;
const connection = /^(bootstrap\.servers$|security\.protocol$|sasl\.|ssl\.)/;
const pemOnly =
  'only PEM files are read: convert the store (openssl pkcs12 -in store.p12 -out store.pem) and set the type to PEM';

/** Also the keys that a worker hands on to clients of connectors. */
export function isClientKey(key: string): boolean {
  return prefix.test(key) || connection.test(key);
}

export function clientSettings(properties: Properties): ClientSettings {
  const env: Record<string, string> = {};
  const problems: string[] = [];
  const set: Readonly<Record<string, (value: string) => void>> = {
    'security.protocol': (value) => void (env['KAFKA_SECURITY_PROTOCOL'] = value),
    'sasl.mechanism': (value) => void (env['KAFKA_SASL_MECHANISM'] = value),
    'sasl.jaas.config': (value) => readJaas(value, env, problems),
    'ssl.endpoint.identification.algorithm': (value) =>
      // Empty is Kafka's word for none.
      void (env['KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM'] = value.trim() || 'none'),
    'ssl.truststore.location': (value) => void (env['KAFKA_SSL_CA_LOCATION'] = value),
    'ssl.keystore.location': (value) => {
      // One file holds both.
      env['KAFKA_SSL_CERTIFICATE_LOCATION'] = value;
      env['KAFKA_SSL_KEY_LOCATION'] = value;
    },
    'ssl.key.password': (value) => void (env['KAFKA_SSL_KEY_PASSWORD'] = value),
    'ssl.truststore.type': () => {},
    'ssl.keystore.type': () => {},
    'producer.compression.type': (value) => void (env['KAFKA_COMPRESSION_TYPE'] = value),
  };
  for (const store of ['ssl.truststore', 'ssl.keystore']) {
    const type = properties[`${store}.type`]?.trim() ?? 'JKS';
    if (properties[`${store}.location`] !== undefined && type.toUpperCase() !== 'PEM') {
      problems.push(`${store}.location is of the type ${type}: ${pemOnly}`);
    }
  }
  for (const [key, value] of Object.entries(properties)) {
    const apply = set[key];
    if (apply) apply(value);
    else if (!repeatsWorker(key, value, properties)) problems.push(refusalOf(key));
  }
  return { env, problems };
}

/** Files say `producer.security.protocol` and so on beside the worker's own; all clients are one here. */
function repeatsWorker(key: string, value: string, properties: Properties): boolean {
  const own = key.replace(prefix, '');
  return own !== key && connection.test(own) && properties[own] === value;
}

function refusalOf(key: string): string {
  const own = key.replace(prefix, '');
  return own !== key && connection.test(own)
    ? `${key} differs from ${own}: all clients of one process connect in the same way, so write it as ${own}`
    : `${key} is not supported: leave it out`;
}

/** Of a user with a password. The text itself is never shown. */
function readJaas(text: string, env: Record<string, string>, problems: string[]): void {
  const isKnown = /\b(PlainLoginModule|ScramLoginModule)\b/.test(text);
  const username = /\busername\s*=\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  const password = /\bpassword\s*=\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  if (!isKnown || username === undefined || password === undefined) {
    problems.push(
      'sasl.jaas.config must be a PlainLoginModule or ScramLoginModule with username="…" and password="…"; ' +
        'for OAUTHBEARER leave it out and set KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL and its like',
    );
    return;
  }
  env['KAFKA_SASL_USERNAME'] = username.replace(/\\(.)/g, '$1');
  env['KAFKA_SASL_PASSWORD'] = password.replace(/\\(.)/g, '$1');
}
