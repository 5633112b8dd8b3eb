/**
 * Where the REST API listens, and with which certificate, in the words of Kafka Connect's worker file. Pure.
 *
 * TLS of a listener is set by the keys that begin with `listeners.https.`; without any of them by the same keys without that
 * prefix, which Kafka's clients read as well.
 */

type Properties = Readonly<Record<string, string>>;

export interface ListenerSettings {
  readonly env: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
  /** Keys that say something of a listener, and nothing of a client of Kafka. */
  readonly keys: ReadonlySet<string>;
}

const prefix = 'listeners.https.';
const portDefault = 8_083;
const portEncryptedDefault = 8_443;
const convert =
  'only PEM files are read: convert it (openssl pkcs12 -in store.p12 -nodes -out store.pem; a JKS store first: ' +
  'keytool -importkeystore -srckeystore store.jks -destkeystore store.p12 -deststoretype PKCS12) and set the type to PEM';
const protocols: ReadonlySet<string> = new Set(['TLSV1.2', 'TLSV1.3']);

export function listenerSettings(properties: Properties): ListenerSettings {
  const { listeners = '' } = properties;
  const problems: string[] = [];
  const addresses = listeners
    .split(',')
    .flatMap((text) => (text.trim() === '' ? [] : [readListener(text.trim(), problems)]));
  const env: Record<string, string> = {};
  if (addresses.length > 0) env['SLUICE_LISTENERS'] = addresses.join(',');
  const prefixed = Object.keys(properties).filter((key) => key.startsWith(prefix));
  const isEncrypted = /https:/i.test(`${listeners},${properties['admin.listeners'] ?? ''}`);
  if (!isEncrypted) {
    for (const key of prefixed) {
      problems.push(`${key} has no listener: write listeners=https://…, or leave it out`);
    }
    return { env, problems, keys: new Set(['listeners', ...prefixed]) };
  }
  const own = prefixed.length > 0 ? prefix : '';
  const tls = new Map(
    Object.entries(properties).flatMap(([key, value]): [string, string][] =>
      key.startsWith(`${own}ssl.`) ? [[key.slice(own.length), value.trim()]] : [],
    ),
  );
  for (const key of prefixed) {
    if (!key.startsWith(`${prefix}ssl.`)) problems.push(`${key} is not supported: leave it out`);
  }
  Object.assign(env, readTls(tls, own, problems));
  // Without a prefix they are the clients' as well, if those encrypt.
  const isClients = own === '' && /SSL/i.test(properties['security.protocol'] ?? '');
  const alone = [...tls.keys()].filter((key) => !isClients || key === 'ssl.client.auth');
  return {
    env,
    problems,
    keys: new Set(['listeners', ...prefixed, ...(own === '' ? alone : [])]),
  };
}

/** A host that is left out is the loopback: Sluice listens elsewhere only where it is told to. */
function readListener(text: string, problems: string[]): string {
  const [, scheme = '', host = '', port] =
    /^(https?):\/\/(\[[^\]]+\]|[^:/,\s]*)(?::(\d{1,5}))?\/?$/i.exec(text) ?? [];
  if (scheme === '') {
    problems.push(
      `listeners: "${text}" is not supported: write http://127.0.0.1:${portDefault}, or https://127.0.0.1:${portEncryptedDefault}`,
    );
  }
  return `${scheme.toLowerCase()}://${host || '127.0.0.1'}:${port ?? portDefault}`;
}

function readTls(
  keys: ReadonlyMap<string, string>,
  own: string,
  problems: string[],
): Record<string, string> {
  const env: Record<string, string> = {};
  const named = (key: string): string => own + key;
  for (const [key, value] of keys) {
    switch (key) {
      case 'ssl.keystore.location':
        checkType('ssl.keystore');
        // One file holds both.
        env['SLUICE_TLS_CERTIFICATE'] = value;
        env['SLUICE_TLS_KEY'] = value;
        break;
      case 'ssl.truststore.location':
        checkType('ssl.truststore');
        env['SLUICE_TLS_CLIENT_CA'] = value;
        break;
      case 'ssl.key.password':
        env['SLUICE_TLS_KEY_PASSWORD'] = value;
        break;
      case 'ssl.keystore.password':
      case 'ssl.truststore.password':
        problems.push(
          `${named(key)} is of a store, and PEM files have none: leave it out; the password of an encrypted key is ${named('ssl.key.password')}`,
        );
        break;
      case 'ssl.client.auth':
        if (!['none', 'requested', 'required'].includes(value)) {
          problems.push(`${named(key)}=${value} must be one of none, requested, required`);
        }
        break;
      case 'ssl.enabled.protocols':
      case 'ssl.protocol':
        checkProtocols(key, value);
        break;
      case 'ssl.keystore.type':
      case 'ssl.truststore.type':
        break;
      default:
        // Of a client of Kafka, if it is not the listener's alone.
        if (own !== '') problems.push(`${named(key)} is not supported: leave it out`);
    }
  }
  // Kafka Connect asks for no certificate unless it is told to.
  if (env['SLUICE_TLS_CLIENT_CA'] !== undefined) {
    env['SLUICE_TLS_CLIENT_AUTH'] = keys.get('ssl.client.auth') ?? 'none';
  } else if (['requested', 'required'].includes(keys.get('ssl.client.auth') ?? '')) {
    problems.push(
      `${named('ssl.client.auth')} needs ${named('ssl.truststore.location')}: a PEM file with who signs clients' certificates`,
    );
  }
  return env;

  function checkType(store: string): void {
    const type = keys.get(`${store}.type`) ?? 'JKS';
    if (type.toUpperCase() === 'PEM') return;
    problems.push(`${named(store)}.location is of the type ${type}: ${convert}`);
  }

  function checkProtocols(key: string, value: string): void {
    const asked = value.toUpperCase().split(/\s*,\s*/);
    const isAll = key === 'ssl.protocol' || asked.length === protocols.size;
    if (isAll && asked.every((each) => protocols.has(each))) return;
    problems.push(`${named(key)}=${value} is not supported, TLSv1.2 and TLSv1.3 are: leave it out`);
  }
}
