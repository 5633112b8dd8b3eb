/**
 * Listeners that encrypt or ask who is there. Certificates are written as PEM files, which Kafka takes
 * since 2.7; users are given once for all listeners of a cluster.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from './certificate.ts';

export type KafkaMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER';

export interface KafkaListener {
  /** Encrypts, with this certificate. */
  readonly tls?: Certificate;
  /** PEM of who must have signed the client's certificate. Default: clients need none. */
  readonly clientAuthority?: string;
  /** Asks for one of these. `OAUTHBEARER` takes tokens that nobody signed: `unsecuredToken`. */
  readonly sasl?: readonly KafkaMechanism[];
}

export interface ListenerPlace {
  /** `listener.name.<name>.` */
  readonly prefix: string;
  readonly name: string;
  readonly listener: KafkaListener;
  readonly dir: string;
  readonly users: Readonly<Record<string, string>>;
}

export function protocolOf({ tls, sasl }: KafkaListener): string {
  if (sasl === undefined) return tls === undefined ? 'PLAINTEXT' : 'SSL';
  return tls === undefined ? 'SASL_PLAINTEXT' : 'SASL_SSL';
}

export function listenerSettings({
  prefix,
  name,
  listener,
  dir,
  users,
}: ListenerPlace): Record<string, string> {
  const { tls, clientAuthority, sasl } = listener;
  const settings: Record<string, string> = {};
  if (tls !== undefined) {
    const file = join(dir, `${name}.pem`);
    writeFileSync(file, tls.key + tls.certificate, { mode: 0o600 });
    settings['ssl.keystore.type'] = 'PEM';
    settings['ssl.keystore.location'] = file;
    settings['ssl.client.auth'] = clientAuthority === undefined ? 'none' : 'required';
  }
  if (clientAuthority !== undefined) {
    const file = join(dir, `${name}-clients.pem`);
    writeFileSync(file, clientAuthority);
    settings['ssl.truststore.type'] = 'PEM';
    settings['ssl.truststore.location'] = file;
  }
  if (sasl !== undefined) {
    settings['sasl.enabled.mechanisms'] = sasl.join(',');
    for (const mechanism of sasl) {
      settings[`${mechanism.toLowerCase()}.sasl.jaas.config`] = jaas(mechanism, users);
    }
  }
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`${prefix}${key}`, value]),
  );
}

/** What `kafka-storage format --add-scram` takes, for each user of each SCRAM mechanism that is in use. */
export function scramArguments(
  listeners: Readonly<Record<string, KafkaListener>>,
  users: Readonly<Record<string, string>>,
): string[] {
  const mechanisms = new Set(Object.values(listeners).flatMap(({ sasl }) => sasl ?? []));
  return [...mechanisms]
    .filter((mechanism) => mechanism.startsWith('SCRAM'))
    .flatMap((mechanism) =>
      Object.entries(users).flatMap(([user, password]) => [
        '--add-scram',
        `${mechanism}=[name=${user},password=${password}]`,
      ]),
    );
}

function jaas(mechanism: KafkaMechanism, users: Readonly<Record<string, string>>): string {
  const security = 'org.apache.kafka.common.security';
  switch (mechanism) {
    case 'PLAIN': {
      const passwords = Object.entries(users).map(
        ([user, password]) => `user_${user}="${password}"`,
      );
      return `${security}.plain.PlainLoginModule required ${passwords.join(' ')};`;
    }
    case 'OAUTHBEARER':
      return `${security}.oauthbearer.OAuthBearerLoginModule required;`;
    default:
      return `${security}.scram.ScramLoginModule required;`;
  }
}

/**
 * A token for a listener with OAUTHBEARER: signed by nobody, which Kafka's default validator for tests takes
 * if the name and the time are in order.
 */
export function unsecuredToken(user: string, nowMs: number, validMs = 3_600_000): string {
  const part = (content: object): string =>
    Buffer.from(JSON.stringify(content)).toString('base64url');
  const claims = {
    sub: user,
    iat: Math.floor(nowMs / 1_000),
    exp: Math.floor((nowMs + validMs) / 1_000),
  };
  return `${part({ alg: 'none' })}.${part(claims)}.`;
}
