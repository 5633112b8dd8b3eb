import { SluiceError } from '@sluice/kernel';
import { newIdentity, newTopicName, records } from '@sluice/record-log/conformance';
import {
  type KafkaHandle,
  kafkaTool,
  makeCertificate,
  startKafka,
  unsecuredToken,
} from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { KafkaLog, type KafkaLogOptions, type KafkaSasl } from '../src/index.ts';
import { TcpProxy } from './tcp-proxy.ts';

const authority = makeCertificate(Date.now(), { name: 'authority' });
const broker = makeCertificate(Date.now(), { name: 'broker', authority });
const client = makeCertificate(Date.now(), { name: 'client', authority });
const stranger = makeCertificate(Date.now(), { name: 'stranger' });

const username = 'sluice';
const password = 'correct horse';
const wrong = 'battery staple';
/** Half a second on an idle machine, or the limit of a connection; who tries again as with a broker that is away has 10 s. */
const refusedWithinMs = 9_000;

let kafka: KafkaHandle;

beforeAll(async () => {
  kafka = await startKafka({
    listeners: {
      tls: { tls: broker },
      mutual: { tls: broker, clientAuthority: authority.certificate },
      sasl: { sasl: ['PLAIN', 'SCRAM-SHA-256', 'OAUTHBEARER'] },
      both: { tls: broker, sasl: ['PLAIN', 'SCRAM-SHA-512'] },
    },
    users: { [username]: password, rotated: password },
  });
});
afterAll(() => kafka?.stop());

const ca = authority.certificate;
const plain: KafkaSasl = { mechanism: 'PLAIN', username, password };

function logOf(listener: string | undefined, options: Partial<KafkaLogOptions> = {}): KafkaLog {
  return new KafkaLog({
    brokers: listener === undefined ? kafka.brokers : kafka.listener(listener),
    cluster: 'security',
    clientId: 'security-test',
    connectTimeoutMs: 3_000,
    ...options,
  });
}

/** It is let in, and its records are taken. */
async function assertServed(log: KafkaLog): Promise<void> {
  try {
    await log.start();
    const topic = newTopicName();
    const writer = await log.openWriter(newIdentity());
    await writer.produce([{ topic, records: records(1) }]);
    expect(await log.topics.watermarks([{ topic, partition: 0 }])).toEqual([{ low: 0, high: 1 }]);
  } finally {
    await log.stop();
  }
}

/** What `start` is refused with, in time, and without a password in it. */
async function refusalOf(log: KafkaLog): Promise<SluiceError> {
  const beganMs = performance.now();
  try {
    await log.start();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    expect(performance.now() - beganMs).toBeLessThan(refusedWithinMs);
    const all = JSON.stringify([error.message, error.details, String(error.cause)]);
    for (const secret of [password, wrong]) expect(all).not.toContain(secret);
    return error;
  } finally {
    log.destroy();
  }
  throw new Error('it was not refused');
}

test.for<KafkaSasl['mechanism']>(['PLAIN', 'SCRAM-SHA-256', 'OAUTHBEARER'])(
  'records pass over SASL_PLAINTEXT with %s',
  async (mechanism) => {
    const sasl: KafkaSasl =
      mechanism === 'OAUTHBEARER'
        ? { mechanism, token: async () => unsecuredToken(username, Date.now()) }
        : { mechanism, username, password };
    await assertServed(logOf('sasl', { sasl }));
  },
);

test.for(['PLAIN', 'SCRAM-SHA-512'] as const)(
  'records pass over SASL_SSL with %s',
  async (mechanism) => {
    await assertServed(logOf('both', { tls: { ca }, sasl: { mechanism, username, password } }));
  },
);

test('records pass over TLS by a private authority, and with a certificate of the client', async () => {
  await assertServed(logOf('tls', { tls: { ca } }));
  const { certificate: cert, key } = client;
  await assertServed(logOf('mutual', { tls: { ca, cert, key } }));
});

test.for(['PLAIN', 'SCRAM-SHA-256'] as const)(
  'a wrong password for %s is told with its remedy',
  async (mechanism) => {
    const error = await refusalOf(
      logOf('sasl', { sasl: { mechanism, username, password: wrong } }),
    );
    expect(error).toMatchObject({ code: 'log.forbidden', retriable: false });
    expect(error.message).toMatch(mechanism);
    expect(error.message).toMatch(/check user and password/);
  },
);

test('a password that is changed meanwhile is told at the next connection', async () => {
  const log = logOf('both', {
    tls: { ca },
    sasl: { mechanism: 'SCRAM-SHA-512', username: 'rotated', password },
  });
  await log.start();
  const writer = await log.openWriter(newIdentity());
  const topic = newTopicName();
  await writer.produce([{ topic, records: records(1) }]);
  const change = ['--entity-type', 'users', '--entity-name', 'rotated', '--alter', '--add-config'];
  await kafkaTool(kafka, 'kafka-configs', [...change, `SCRAM-SHA-512=[password=${wrong}]`]);
  log.disconnect();
  const beganMs = performance.now();
  await expect(writer.produce([{ topic, records: records(1) }])).rejects.toMatchObject({
    code: 'log.forbidden',
    message: expect.stringMatching(/SCRAM-SHA-512.*check user and password/),
  });
  expect(performance.now() - beganMs).toBeLessThan(refusedWithinMs);
  log.destroy();
});

test('a token that the broker does not take is told apart from one that was not obtained', async () => {
  const expired = unsecuredToken(username, Date.now() - 7_200_000);
  const refused = await refusalOf(
    logOf('sasl', { sasl: { mechanism: 'OAUTHBEARER', token: async () => expired } }),
  );
  expect(refused).toMatchObject({ code: 'log.forbidden' });
  expect(refused.message).toMatch(/OAUTHBEARER.*does not take the token/);
  const token = async (): Promise<string> => {
    throw new Error('the token endpoint answered 503');
  };
  const none = await refusalOf(logOf('sasl', { sasl: { mechanism: 'OAUTHBEARER', token } }));
  expect(none).toMatchObject({ code: 'log.unreachable', retriable: true });
  expect(none.message).toMatch(/no OAUTHBEARER token.*answered 503.*check the token endpoint/);
});

test('a mechanism that the listener does not offer is told', async () => {
  const error = await refusalOf(
    logOf('sasl', { sasl: { mechanism: 'SCRAM-SHA-512', username, password } }),
  );
  expect(error).toMatchObject({ code: 'log.forbidden' });
  expect(error.message).toMatch(/SCRAM-SHA-512.*sasl\.enabled\.mechanisms/);
});

test('a certificate of another authority is not trusted, and the option is named', async () => {
  const error = await refusalOf(logOf('tls', { tls: { ca: stranger.certificate } }));
  expect(error).toMatchObject({ code: 'log.unreachable' });
  expect(error.message).toMatch(/not trusted.*KAFKA_SSL_CA_LOCATION/);
  expect((await refusalOf(logOf('tls', { tls: {} }))).message).toMatch(
    /not trusted.*KAFKA_SSL_CA_LOCATION/,
  );
});

test('a broker that is called by another name than its certificate says is refused, unless names are not checked', async () => {
  const [target = ''] = kafka.listener('tls');
  await using proxy = await new TcpProxy('127.0.0.2', target).start();
  const brokers = [proxy.address];
  const error = await refusalOf(logOf('tls', { brokers, tls: { ca } }));
  expect(error.message).toMatch(/certificate is for another name.*connect by a name/);
  await assertServed(logOf('tls', { brokers, tls: { ca, checkHostname: false } }));
});

test('a listener that asks for a certificate of the client is told', async () => {
  const without = await refusalOf(logOf('mutual', { tls: { ca } }));
  expect(without.message).toMatch(
    /wants a certificate of the client.*KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION/,
  );
  const { certificate: cert, key } = stranger;
  const unknown = await refusalOf(logOf('mutual', { tls: { ca, cert, key } }));
  expect(unknown.message).toMatch(/wants a certificate of the client that it trusts/);
});

test('who speaks TLS where there is none, or none where there is, is told which port to take', async () => {
  const encrypted = await refusalOf(logOf(undefined, { tls: { ca } }));
  expect(encrypted).toMatchObject({ code: 'log.unreachable' });
  expect(encrypted.message).toMatch(/SSL or SASL_SSL/);
  const open = await refusalOf(logOf('tls'));
  expect(open).toMatchObject({ code: 'log.unreachable' });
  expect(open.message).toMatch(/whether it wants TLS/);
});

test('who leaves SASL out, or says it where there is none, is told', async () => {
  const without = await refusalOf(logOf('sasl'));
  expect(without.message).toMatch(/whether its listener wants SASL/);
  const needless = await refusalOf(logOf(undefined, { sasl: plain }));
  expect(needless).toMatchObject({ code: 'log.forbidden' });
  expect(needless.message).toMatch(/takes no SASL/);
});

test('a port where nobody listens is told at once, with the address', async () => {
  const error = await refusalOf(logOf(undefined, { brokers: ['127.0.0.1:1'] }));
  expect(error).toMatchObject({ code: 'log.unreachable', retriable: true });
  expect(error.message).toMatch(/127\.0\.0\.1:1.*ECONNREFUSED/);
});
