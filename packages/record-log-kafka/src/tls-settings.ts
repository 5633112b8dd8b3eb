/** The settings of encrypted connections: paths of files in PEM, looked into so that what is wrong is told at start. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { type SettingsReader, toError } from '@sluice/kernel';

import { fileProblem } from './file-problem.ts';

export interface KafkaTlsSettings {
  readonly caLocation?: string;
  readonly certificateLocation?: string;
  readonly keyLocation?: string;
  readonly keyPassword?: string;
  readonly checkHostname: boolean;
}

const names = {
  ca: 'KAFKA_SSL_CA_LOCATION',
  certificate: 'KAFKA_SSL_CERTIFICATE_LOCATION',
  key: 'KAFKA_SSL_KEY_LOCATION',
  password: 'KAFKA_SSL_KEY_PASSWORD',
  algorithm: 'KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM',
} as const;

export function readTls(reader: SettingsReader, protocol: string): KafkaTlsSettings | undefined {
  const caLocation = reader.optional(names.ca);
  const certificateLocation = reader.optional(names.certificate);
  const keyLocation = reader.optional(names.key);
  const keyPassword = reader.optional(names.password);
  // As librdkafka: an empty value, which is Kafka's word for it, is what compose files make of a missing one.
  const algorithm = reader.oneOf(names.algorithm, ['https', 'none'], 'https');
  const given = Object.values(names).filter((name) => reader.optional(name) !== undefined);
  if (protocol !== 'SSL' && protocol !== 'SASL_SSL') {
    if (given.length > 0) {
      reader.problem(
        `${given.join(', ')} would not be used: KAFKA_SECURITY_PROTOCOL is ${protocol}, which encrypts nothing; set it to SSL, or SASL_SSL with users`,
      );
    }
    return undefined;
  }
  inspect(reader, names.ca, caLocation, (pem) => new X509Certificate(pem));
  const certificate = inspect(
    reader,
    names.certificate,
    certificateLocation,
    (pem) => new X509Certificate(pem),
  );
  const key = inspect(reader, names.key, keyLocation, (pem) => keyIn(pem, keyPassword));
  checkPair(reader, { certificateLocation, keyLocation, keyPassword, certificate, key });
  return {
    checkHostname: algorithm === 'https',
    ...(caLocation === undefined ? {} : { caLocation }),
    ...(certificateLocation === undefined ? {} : { certificateLocation }),
    ...(keyLocation === undefined ? {} : { keyLocation }),
    ...(keyPassword === undefined ? {} : { keyPassword }),
  };
}

interface Pair {
  readonly certificateLocation: string | undefined;
  readonly keyLocation: string | undefined;
  readonly keyPassword: string | undefined;
  readonly certificate: X509Certificate | undefined;
  readonly key: KeyObject | undefined;
}

function checkPair(reader: SettingsReader, pair: Pair): void {
  const { certificateLocation, keyLocation, keyPassword, certificate, key } = pair;
  if (certificateLocation !== undefined && keyLocation === undefined) {
    reader.problem(`${names.certificate} is set without ${names.key}: a client needs both`);
  }
  if (keyLocation !== undefined && certificateLocation === undefined) {
    reader.problem(`${names.key} is set without ${names.certificate}: a client needs both`);
  }
  if (keyPassword !== undefined && keyLocation === undefined) {
    reader.problem(`${names.password} is set without ${names.key}: name the key, too`);
  }
  if (certificate && key && !certificate.checkPrivateKey(key)) {
    reader.problem(
      `${names.key} is not the key of the certificate in ${names.certificate}: name files that belong together`,
    );
  }
}

/** What is in the file, as `parse` makes it; a problem if that cannot be done. */
function inspect<Content>(
  reader: SettingsReader,
  name: string,
  path: string | undefined,
  parse: (pem: string) => Content,
): Content | undefined {
  if (path === undefined) return undefined;
  const problem = fileProblem(path);
  if (problem !== undefined) {
    reader.problem(`${name}=${path} ${problem}: name a file in PEM that this process may read`);
    return undefined;
  }
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    reader.problem(
      `${name}=${path} cannot be used (${toError(error).message}): it must be in PEM; keytool and openssl convert a keystore`,
    );
    return undefined;
  }
}

function keyIn(pem: string, password: string | undefined): KeyObject {
  if (password === undefined && /^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new Error(`it is encrypted, and ${names.password} is not set`);
  }
  return createPrivateKey({
    key: pem,
    ...(password === undefined ? {} : { passphrase: password }),
  });
}
