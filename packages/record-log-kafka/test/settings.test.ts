import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SettingsReader } from '@sluice/kernel';
import { makeCertificate } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type KafkaSettings, kafkaLogOptions, readKafkaSettings } from '../src/index.ts';

const brokers = 'kafka-1:9092, [::1]:9093';
const password = 'hunter2-hunter2';
let folder: string;
let files: Record<'certificate' | 'key' | 'other' | 'token', string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-kafka-settings-'));
  const own = makeCertificate(Date.now());
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  files = {
    certificate: file('certificate.pem', own.certificate),
    key: file('key.pem', own.key),
    other: file('other.pem', makeCertificate(Date.now()).key),
    token: file('token', 'abc.def\n'),
  };
});

afterAll(() => rmSync(folder, { recursive: true }));

test('without KAFKA_BROKERS there is no log on Kafka', () => {
  expect(read({})).toBeUndefined();
  expect(read({ KAFKA_BROKERS: ' ' })).toBeUndefined();
});

test('brokers alone are enough', () => {
  const settings = read({ KAFKA_BROKERS: brokers });
  expect(settings).toEqual({ brokers: ['kafka-1:9092', '[::1]:9093'], compression: 'none' });
});

test('all settings are plain data, that survives being sent to a thread', () => {
  const settings = read({
    KAFKA_BROKERS: brokers,
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    KAFKA_SASL_USERNAME: 'sluice',
    KAFKA_SASL_PASSWORD: password,
    KAFKA_SSL_CA_LOCATION: files.certificate,
    KAFKA_SSL_CERTIFICATE_LOCATION: files.certificate,
    KAFKA_SSL_KEY_LOCATION: files.key,
    KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: 'none',
    KAFKA_COMPRESSION_TYPE: 'zstd',
    KAFKA_REPLICATION_FACTOR: '3',
    KAFKA_DEFAULT_PARTITIONS: '6',
    SLUICE_OFFSET_STORAGE_TOPIC: 'connect-offsets',
    SLUICE_CONFIG_STORAGE_TOPIC: 'sluice-configs',
  });
  expect(settings).toEqual({
    brokers: ['kafka-1:9092', '[::1]:9093'],
    tls: {
      checkHostname: false,
      caLocation: files.certificate,
      certificateLocation: files.certificate,
      keyLocation: files.key,
    },
    sasl: { mechanism: 'SCRAM-SHA-512', username: 'sluice', password },
    compression: 'zstd',
    replicationFactor: 3,
    defaultPartitions: 6,
    offsetStorageTopic: 'connect-offsets',
    configStorageTopic: 'sluice-configs',
  });
  expect(structuredClone(settings)).toEqual(settings);
});

test('the log gets the contents of the files, and a token when it asks for one', async () => {
  const settings = read({
    KAFKA_BROKERS: brokers,
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SASL_MECHANISM: 'OAUTHBEARER',
    KAFKA_SASL_OAUTHBEARER_TOKEN_FILE: files.token,
    KAFKA_SSL_CA_LOCATION: files.certificate,
    SLUICE_CONFIG_STORAGE_TOPIC: 'sluice-configs',
  });
  if (!settings) throw new Error('there must be settings');
  const options = kafkaLogOptions(settings, { cluster: 'orders', clientId: 'worker-1' });
  expect(options).toMatchObject({
    cluster: 'orders',
    clientId: 'worker-1',
    configStorageTopic: 'sluice-configs',
    tls: { checkHostname: true, ca: expect.stringContaining('BEGIN CERTIFICATE') },
  });
  if (options.sasl?.mechanism !== 'OAUTHBEARER') throw new Error('it must be OAUTHBEARER');
  expect(await options.sasl.token()).toBe('abc.def');
  writeFileSync(files.token, 'ghi.jkl');
  expect(await options.sasl.token()).toBe('ghi.jkl');
});

test('a file that went away since is named', () => {
  const settings: KafkaSettings = {
    brokers: ['kafka:9092'],
    tls: { checkHostname: true, caLocation: join(folder, 'gone.pem') },
  };
  expect(() => kafkaLogOptions(settings, { cluster: 'c', clientId: 'w' })).toThrow(
    /^KAFKA_SSL_CA_LOCATION=.*gone\.pem cannot be read/,
  );
});

describe('what is wrong is named with its remedy, all at once', () => {
  const sasl = { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'PLAIN' };
  const oauth = { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'OAUTHBEARER' };
  const ssl = { KAFKA_SECURITY_PROTOCOL: 'SSL' };
  const endpoint = 'KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL';

  test.each<[string, Record<string, string>, RegExp]>([
    ['a broker without port', { KAFKA_BROKERS: 'kafka' }, /'kafka' has no port: write kafka:9092/],
    [
      'a broker as a URL',
      { KAFKA_BROKERS: 'SSL://me:hunter2@kafka:9092' },
      /'SSL:\/\/kafka:9092' is a URL: write KAFKA_BROKERS=host:9092/,
    ],
    [
      'a port that there is not',
      { KAFKA_BROKERS: 'kafka:99999' },
      /'kafka:99999' is not host:port/,
    ],
    ['an unknown protocol', { KAFKA_SECURITY_PROTOCOL: 'TLS' }, /TLS is not one of PLAINTEXT, SSL/],
    [
      'a protocol with users, without mechanism',
      { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' },
      /KAFKA_SASL_MECHANISM is not set: set it to one of PLAIN, SCRAM/,
    ],
    [
      'a mechanism of Java',
      { ...sasl, KAFKA_SASL_MECHANISM: 'GSSAPI' },
      /GSSAPI is not one of PLAIN/,
    ],
    [
      'a mechanism without user',
      sasl,
      /MECHANISM is PLAIN, so set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, too/,
    ],
    [
      'a user without password',
      { ...sasl, KAFKA_SASL_USERNAME: 'me' },
      /so set KAFKA_SASL_PASSWORD, too/,
    ],
    [
      'a mechanism without a protocol that has users',
      { KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_USERNAME: 'me', KAFKA_SASL_PASSWORD: password },
      /KAFKA_SECURITY_PROTOCOL is PLAINTEXT, which has no users: set it to SASL_SSL/,
    ],
    [
      'a user without mechanism',
      { KAFKA_SASL_USERNAME: 'me' },
      /KAFKA_SASL_USERNAME would not be used/,
    ],
    ['no token', oauth, /there is no token: set KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL, .*FILE/],
    [
      'half of an endpoint',
      { ...oauth, [endpoint]: 'https://login/token' },
      /so set KAFKA_SASL_OAUTHBEARER_CLIENT_ID and KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET, too/,
    ],
    [
      'an endpoint that is no URL',
      {
        ...oauth,
        [endpoint]: 'https://me:hunter2@login/token',
        KAFKA_SASL_OAUTHBEARER_CLIENT_ID: 'me',
        KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET: password,
      },
      /ENDPOINT_URL must be a URL with https/,
    ],
    [
      'a token file that is not there',
      { ...oauth, KAFKA_SASL_OAUTHBEARER_TOKEN_FILE: '/nowhere/token' },
      /TOKEN_FILE=\/nowhere\/token does not exist/,
    ],
    [
      'a certificate that is not there',
      { ...ssl, KAFKA_SSL_CA_LOCATION: '/nowhere/ca.pem' },
      /KAFKA_SSL_CA_LOCATION=\/nowhere\/ca\.pem does not exist: name a file in PEM/,
    ],
    [
      'certificates without a protocol that encrypts',
      { KAFKA_SSL_CA_LOCATION: '/nowhere/ca.pem' },
      /KAFKA_SSL_CA_LOCATION would not be used: KAFKA_SECURITY_PROTOCOL is PLAINTEXT/,
    ],
    [
      'a name of Java for the algorithm',
      {
        ...ssl,
        KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: 'HTTP',
      },
      /HTTP is not one of https, none/,
    ],
    [
      'a compression that there is not',
      { KAFKA_COMPRESSION_TYPE: 'br' },
      /br is not one of none, gzip/,
    ],
    ['a replication of nothing', { KAFKA_REPLICATION_FACTOR: '0' }, /REPLICATION_FACTOR=0 is not/],
    [
      'a topic name that Kafka refuses',
      { SLUICE_OFFSET_STORAGE_TOPIC: 'my offsets' },
      /SLUICE_OFFSET_STORAGE_TOPIC: topic name 'my offsets' is not valid/,
    ],
    [
      'one topic for two things',
      { SLUICE_OFFSET_STORAGE_TOPIC: 'same', SLUICE_CONFIG_STORAGE_TOPIC: 'same' },
      /must be different topics/,
    ],
  ])('%s', (_title, environment, expected) => {
    const problem = problemsIn({ KAFKA_BROKERS: brokers, ...environment });
    expect(problem).toMatch(expected);
    expect(problem).not.toContain(password);
    expect(problem).not.toContain('hunter2');
  });

  test('a file that is no certificate, and a key of another certificate', () => {
    const notPem = { ...ssl, KAFKA_SSL_CA_LOCATION: files.token };
    expect(problemsIn({ KAFKA_BROKERS: brokers, ...notPem })).toMatch(
      /KAFKA_SSL_CA_LOCATION=.*token cannot be used \(.*must be in PEM/,
    );
    const others = {
      ...ssl,
      KAFKA_SSL_CERTIFICATE_LOCATION: files.certificate,
      KAFKA_SSL_KEY_LOCATION: files.other,
    };
    expect(problemsIn({ KAFKA_BROKERS: brokers, ...others })).toContain('is not the key of');
    const half = { ...ssl, KAFKA_SSL_KEY_LOCATION: files.key };
    expect(problemsIn({ KAFKA_BROKERS: brokers, ...half })).toContain(
      'KAFKA_SSL_KEY_LOCATION is set without KAFKA_SSL_CERTIFICATE_LOCATION',
    );
  });

  test('a way to connect, but no brokers', () => {
    expect(problemsIn({ KAFKA_SASL_USERNAME: 'me', KAFKA_SASL_PASSWORD: password })).toBe(
      'KAFKA_BROKERS is not set, but KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD: name brokers as KAFKA_BROKERS=host:9092, or unset the rest for a log on Redis',
    );
  });

  test('several at once', () => {
    const wrong = { KAFKA_BROKERS: 'a,b', KAFKA_COMPRESSION_TYPE: 'br', ...sasl };
    expect(problemsIn(wrong).split('\n')).toHaveLength(4);
  });
});

function read(environment: Record<string, string>): KafkaSettings | undefined {
  const reader = new SettingsReader(environment);
  const settings = readKafkaSettings(reader);
  reader.check();
  return settings;
}

function problemsIn(environment: Record<string, string>): string {
  try {
    read(environment);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it must be refused');
}
