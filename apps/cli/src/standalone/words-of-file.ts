/**
 * Errors of a coordinator or a worker name settings as the environment has them. Whoever wrote a worker file finds what to
 * mend by the keys that stand there. Pure.
 */
import { SluiceError, settingName } from '@sluice/kernel';

type Properties = Readonly<Record<string, string>>;

/** Where a setting is not called as its key is; of several keys the first that the file has. */
const renamed: Readonly<Record<string, readonly string[]>> = {
  KAFKA_BROKERS: ['bootstrap.servers'],
  KAFKA_COMPRESSION_TYPE: ['producer.compression.type'],
  KAFKA_SASL_PASSWORD: ['sasl.jaas.config'],
  KAFKA_SASL_USERNAME: ['sasl.jaas.config'],
  KAFKA_SSL_CA_LOCATION: ['ssl.truststore.location'],
  KAFKA_SSL_CERTIFICATE_LOCATION: ['ssl.keystore.location'],
  KAFKA_SSL_KEY_LOCATION: ['ssl.keystore.location'],
  SLUICE_PLUGINS: ['plugin.path'],
  SLUICE_STOP_GRACE_MS: ['task.shutdown.graceful.timeout.ms'],
  SLUICE_TLS_CERTIFICATE: ofListener('ssl.keystore.location'),
  SLUICE_TLS_CLIENT_AUTH: ofListener('ssl.client.auth'),
  SLUICE_TLS_CLIENT_CA: ofListener('ssl.truststore.location'),
  SLUICE_TLS_KEY: ofListener('ssl.keystore.location'),
  SLUICE_TLS_KEY_PASSWORD: ofListener('ssl.key.password'),
};

function ofListener(key: string): readonly string[] {
  return [`listeners.https.${key}`, key];
}

/** The key behind each setting that the file makes. Settings that it does not make keep their names. */
export function keysOfSettings(properties: Properties, env: Properties): Map<string, string> {
  const keys = Object.keys(properties);
  return new Map(
    Object.keys(env).flatMap((name): [string, string][] => {
      const key =
        renamed[name]?.find((each) => properties[each] !== undefined) ??
        keys.find((each) => name.replace(/^(SLUICE|KAFKA)_/, '') === settingName(each));
      return key === undefined ? [] : [[name, key]];
    }),
  );
}

/** The error in the words of the file; what is no operating error stays as it is. */
export function inWordsOfFile(error: unknown, keys: ReadonlyMap<string, string>): unknown {
  if (!(error instanceof SluiceError)) return error;
  const { code, message, details } = error;
  const told = message.replace(/\b(SLUICE|KAFKA)_[A-Z\d_]+/g, (name) => keys.get(name) ?? name);
  return told === message ? error : new SluiceError(code, told, { details, cause: error });
}
