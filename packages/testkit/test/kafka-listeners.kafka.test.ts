/** One broker with a listener of each kind; kafkajs, as the client that Sluice uses, says who gets in. */
import type { ConnectionOptions } from 'node:tls';
import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KafkaHandle, makeCertificate, startKafka, unsecuredToken } from '../src/index.ts';

const authority = makeCertificate(Date.now(), { name: 'authority' });
const server = makeCertificate(Date.now(), { name: 'broker', authority });
const client = makeCertificate(Date.now(), { name: 'client', authority });
const stranger = makeCertificate(Date.now(), { name: 'stranger' });

let kafka: KafkaHandle;

beforeAll(async () => {
  kafka = await startKafka({
    listeners: {
      tls: { tls: server },
      mutual: { tls: server, clientAuthority: authority.certificate },
      sasl: { sasl: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] },
      both: { tls: server, sasl: ['SCRAM-SHA-512'] },
    },
    users: { alice: 'wonder land', bob: 'builder' },
  });
});

afterAll(async () => {
  await kafka?.stop();
});

/** Creates a topic through the listener, so that more than a greeting gets through. */
async function use(
  listener: string,
  { ssl, sasl }: { ssl?: ConnectionOptions; sasl?: SASLOptions },
): Promise<boolean> {
  const admin = new Kafka({
    brokers: [...kafka.listener(listener)],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    connectionTimeout: 5_000,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  }).admin();
  try {
    await admin.connect();
    return await admin.createTopics({ topics: [{ topic: `from-${listener}-${Math.random()}` }] });
  } finally {
    await admin.disconnect();
  }
}

function oauth(token: string): SASLOptions {
  return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: token }) };
}

test('a listener with TLS serves who trusts its certificate, and nobody else talks to it', async () => {
  expect(await use('tls', { ssl: { ca: authority.certificate } })).toBe(true);
  await expect(use('tls', { ssl: { ca: stranger.certificate } })).rejects.toThrow(/certificate/);
  await expect(use('tls', {})).rejects.toThrow();
});

test('a listener that asks for a certificate refuses clients with none, or one of a stranger', async () => {
  const ca = authority.certificate;
  const withCertificate = (own: typeof client): { ssl: ConnectionOptions } => ({
    ssl: { ca, cert: own.certificate, key: own.key },
  });
  expect(await use('mutual', withCertificate(client))).toBe(true);
  await expect(use('mutual', { ssl: { ca } })).rejects.toThrow();
  await expect(use('mutual', withCertificate(stranger))).rejects.toThrow();
});

test.for(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
  '%s takes each user with its password, and refuses a wrong one',
  async (mechanism) => {
    expect(
      await use('sasl', { sasl: { mechanism, username: 'alice', password: 'wonder land' } }),
    ).toBe(true);
    expect(await use('sasl', { sasl: { mechanism, username: 'bob', password: 'builder' } })).toBe(
      true,
    );
    await expect(
      use('sasl', { sasl: { mechanism, username: 'alice', password: 'builder' } }),
    ).rejects.toThrow(/authentication/i);
    await expect(
      use('sasl', { sasl: { mechanism, username: 'carol', password: 'builder' } }),
    ).rejects.toThrow(/authentication/i);
  },
);

test('OAUTHBEARER takes a token that is valid now, and refuses one that has expired', async () => {
  const nowMs = Date.now();
  const valid = oauth(unsecuredToken('alice', nowMs));
  const expired = oauth(unsecuredToken('alice', nowMs - 7_200_000));
  expect(await use('sasl', { sasl: valid })).toBe(true);
  // kafkajs does not wait for the reason: it sees that the broker ends the connection.
  await expect(use('sasl', { sasl: expired })).rejects.toThrow(/Closed connection|authentication/i);
  expect(await use('sasl', { sasl: valid })).toBe(true);
});

test('a listener with TLS and SASL wants both', async () => {
  const ssl = { ca: authority.certificate };
  const sasl = (password: string): SASLOptions => ({
    mechanism: 'scram-sha-512',
    username: 'bob',
    password,
  });
  expect(await use('both', { ssl, sasl: sasl('builder') })).toBe(true);
  await expect(use('both', { ssl, sasl: sasl('wrong') })).rejects.toThrow(/authentication/i);
  await expect(use('both', { ssl })).rejects.toThrow();
});
