import { SluiceError } from '@sluice/kernel';
import { describe, expect, test } from 'vitest';

import { readProperties } from '../src/definitions/read-documents.ts';
import { inWordsOfFile } from '../src/standalone/words-of-file.ts';
import {
  readWorkerProperties,
  type StandaloneSettings,
} from '../src/standalone/worker-properties.ts';

async function read(text: string): Promise<StandaloneSettings> {
  return readWorkerProperties(readProperties(text, 'worker.properties'));
}

describe('the worker file of the standalone mode', () => {
  test("Kafka's own connect-standalone.properties means settings", async () => {
    const { env, offsetFile, notes, problems } = await read(`
      bootstrap.servers=localhost:9092
      key.converter=org.apache.kafka.connect.json.JsonConverter
      value.converter=org.apache.kafka.connect.json.JsonConverter
      key.converter.schemas.enable=true
      value.converter.schemas.enable=true
      offset.storage.file.filename=/tmp/connect.offsets
      # Flush much faster than normal, which is useful for testing/debugging
      offset.flush.interval.ms=10000
      plugin.path=libs/connect-file-4.3.1.jar
    `);
    expect(problems).toEqual([]);
    expect(offsetFile).toBe('/tmp/connect.offsets');
    expect(env).toEqual({
      KAFKA_BROKERS: 'localhost:9092',
      SLUICE_KEY_CONVERTER: 'org.apache.kafka.connect.json.JsonConverter',
      SLUICE_KEY_CONVERTER_SCHEMAS_ENABLE: 'true',
      SLUICE_OFFSET_FLUSH_INTERVAL_MS: '10000',
      SLUICE_VALUE_CONVERTER: 'org.apache.kafka.connect.json.JsonConverter',
      SLUICE_VALUE_CONVERTER_SCHEMAS_ENABLE: 'true',
    });
    expect(notes).toEqual([expect.stringMatching(/libs\/connect-file-4.3.1.jar is not loaded/)]);
  });

  test('headers of answers and the listener of admin endpoints are those of coordinators', async () => {
    const { env, problems } = await read(
      'response.http.headers.config=set X-Frame-Options:DENY\nadmin.listeners=http://127.0.0.1:8085',
    );
    expect(problems).toEqual([]);
    expect(env).toMatchObject({
      SLUICE_RESPONSE_HTTP_HEADERS_CONFIG: 'set X-Frame-Options:DENY',
      SLUICE_ADMIN_LISTENERS: 'http://127.0.0.1:8085',
    });
    expect((await read('admin.listeners=')).env).toMatchObject({ SLUICE_ADMIN_LISTENERS: 'none' });
  });

  test('a plugin path may have modules and directories of packages', async () => {
    const { env, notes } = await read('plugin.path=/opt/plugins, ./clock.ts,./node_modules');
    expect(env).toMatchObject({
      SLUICE_PLUGINS: './clock.ts',
      SLUICE_PLUGIN_PATH: '/opt/plugins,./node_modules',
    });
    expect(notes).toEqual([]);
  });

  test.each([
    ['http://:8090', 'http://127.0.0.1:8090'],
    ['HTTP://127.0.0.1:8090', 'http://127.0.0.1:8090'],
    ['http://[::1]:8090', 'http://[::1]:8090'],
    ['http://0.0.0.0', 'http://0.0.0.0:8083'],
    ['http://:8083, http://10.0.0.1:8084/', 'http://127.0.0.1:8083,http://10.0.0.1:8084'],
  ])('listens on %s', async (listeners, env) => {
    expect(await read(`listeners=${listeners}`)).toMatchObject({
      env: { SLUICE_LISTENERS: env },
      problems: [],
    });
  });

  test('without listeners it listens where the environment says', async () => {
    expect((await read('')).env).toEqual({});
  });

  const store = 'ssl.keystore.type=PEM\nssl.keystore.location=/etc/rest.pem\n';
  const itsTls = { SLUICE_TLS_CERTIFICATE: '/etc/rest.pem', SLUICE_TLS_KEY: '/etc/rest.pem' };

  test('listens with TLS by keys of its own, beside those of clients', async () => {
    const { env, problems } = await read(`
      listeners=https://:8443,http://:8083
      listeners.https.ssl.keystore.type=PEM
      listeners.https.ssl.keystore.location=/etc/rest.pem
      listeners.https.ssl.key.password=s3cret
      listeners.https.ssl.truststore.type=pem
      listeners.https.ssl.truststore.location=/etc/clients.pem
      listeners.https.ssl.client.auth=requested
      listeners.https.ssl.enabled.protocols=TLSv1.2,TLSv1.3
      security.protocol=SSL
      ssl.truststore.type=PEM
      ssl.truststore.location=/etc/kafka-ca.pem
    `);
    expect(problems).toEqual([]);
    expect(env).toEqual({
      ...itsTls,
      SLUICE_LISTENERS: 'https://127.0.0.1:8443,http://127.0.0.1:8083',
      SLUICE_TLS_KEY_PASSWORD: 's3cret',
      SLUICE_TLS_CLIENT_CA: '/etc/clients.pem',
      SLUICE_TLS_CLIENT_AUTH: 'requested',
      KAFKA_SECURITY_PROTOCOL: 'SSL',
      KAFKA_SSL_CA_LOCATION: '/etc/kafka-ca.pem',
    });
  });

  test('keys without a prefix are those of both, and of the listener alone where clients do not encrypt', async () => {
    const listener = { ...itsTls, SLUICE_LISTENERS: 'https://127.0.0.1:8443' };
    const alone = await read(`listeners=https://:8443\n${store}`);
    expect(alone).toMatchObject({ env: listener, problems: [] });
    expect(Object.keys(alone.env).filter((name) => name.startsWith('KAFKA'))).toEqual([]);
    const both = await read(`listeners=https://:8443\nsecurity.protocol=SSL\n${store}`);
    expect(both).toMatchObject({
      env: { ...listener, KAFKA_SSL_KEY_LOCATION: '/etc/rest.pem' },
      problems: [],
    });
    const without = await read(`security.protocol=SSL\n${store}`);
    expect(Object.keys(without.env).filter((name) => name.startsWith('SLUICE_TLS'))).toEqual([]);
  });

  test('asks for certificates of clients only if the file says so, as Kafka Connect', async () => {
    const trust = 'ssl.truststore.type=PEM\nssl.truststore.location=/etc/clients.pem\n';
    const { env } = await read(`listeners=https://:8443\n${store}${trust}`);
    expect(env).toMatchObject({ SLUICE_TLS_CLIENT_AUTH: 'none' });
  });

  test.each([
    ['ssl.keystore.location=/etc/rest.jks', /^ssl.keystore.location is of the type JKS: .*keytool/],
    ['ssl.keystore.type=PKCS12\nssl.keystore.location=/etc/r.p12', /of the type PKCS12: .*openssl/],
    ['listeners.https.ssl.keystore.location=/r', /^listeners.https.ssl.keystore.location is of/],
    [
      `${store}ssl.keystore.password=x`,
      /^ssl.keystore.password is of a store, and PEM .*ssl.key.pa/,
    ],
    [`${store}ssl.client.auth=required`, /^ssl.client.auth needs ssl.truststore.location/],
    [`${store}ssl.client.auth=yes`, /must be one of none, requested, required/],
    [`${store}ssl.enabled.protocols=TLSv1.3`, /^ssl.enabled.protocols=TLSv1.3 is not supported/],
    ['listeners.https.ssl.provider=x', /^listeners.https.ssl.provider is not supported/],
  ])('with a listener with TLS, %s is refused by name', async (lines, problem) => {
    const { problems } = await read(`listeners=https://:8443\n${lines}`);
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });

  test.each([
    ['listeners=ftp://:21', /^listeners: "ftp:\/\/:21" is not supported/],
    [
      'listeners.https.ssl.keystore.location=/etc/rest.pem',
      /has no listener: write listeners=https/,
    ],
    ['rest.port=8083', /rest.port is no key of Kafka Connect any more: write listeners=/],
    ['group.id=connect', /group.id belongs to Kafka Connect's distributed mode/],
    ['config.storage.topic=configs', /distributed mode/],
    ['rest.extension.classes=com.acme.Auth', /^rest.extension.classes is not supported: leave it/],
    ['topic.creation.enable=false', /topic.creation.enable=false .* only true is/],
    ['no.such.key=1', /^no.such.key is not supported/],
    ['producer.linger.ms=5', /^producer.linger.ms is not supported: leave it out/],
    ['ssl.truststore.location=/etc/trust.jks', /of the type JKS: only PEM files are read/],
    ['sasl.jaas.config=com.acme.Login required;', /sasl.jaas.config must be a PlainLoginModule/],
  ])('%s is refused by name', async (line, problem) => {
    const { problems } = await read(line);
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });

  test('has config providers as workers have', async () => {
    const { env, problems } = await read(`
      config.providers=file,my-env
      config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider
      config.providers.file.param.allowed.paths=/run/secrets
      config.providers.my-env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider
    `);
    expect(problems).toEqual([]);
    expect(env).toMatchObject({
      SLUICE_CONFIG_PROVIDERS: 'file,my-env',
      SLUICE_CONFIG_PROVIDERS_FILE_CLASS:
        'org.apache.kafka.common.config.provider.FileConfigProvider',
      SLUICE_CONFIG_PROVIDERS_FILE_PARAM_ALLOWED_PATHS: '/run/secrets',
      SLUICE_CONFIG_PROVIDERS_MY__ENV_CLASS:
        'org.apache.kafka.common.config.provider.EnvVarConfigProvider',
    });
  });

  test('connects to Kafka as its clients do', async () => {
    const { env, problems } = await read(String.raw`
      bootstrap.servers=broker:9093
      security.protocol=SASL_SSL
      sasl.mechanism=SCRAM-SHA-512
      sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
        username="orders" password="s\\"cret";
      ssl.truststore.type=PEM
      ssl.truststore.location=/etc/ca.pem
      ssl.endpoint.identification.algorithm=
      producer.security.protocol=SASL_SSL
      consumer.security.protocol=SASL_SSL
      producer.compression.type=lz4
    `);
    expect(problems).toEqual([]);
    expect(env).toMatchObject({
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'orders',
      KAFKA_SASL_PASSWORD: 's"cret',
      KAFKA_SSL_CA_LOCATION: '/etc/ca.pem',
      KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: 'none',
      KAFKA_COMPRESSION_TYPE: 'lz4',
    });
  });

  test('a client that would connect otherwise is refused', async () => {
    const { problems } = await read('producer.bootstrap.servers=other:9092');
    expect(problems).toEqual([
      expect.stringMatching(/^producer.bootstrap.servers differs from bootstrap.servers/),
    ]);
  });

  test('no problem repeats a password', async () => {
    const { problems } = await read(
      'sasl.jaas.config=com.acme.Login required username="u" password="hunter2";',
    );
    expect(problems.join('\n')).not.toContain('hunter2');
  });
});

test('errors of the coordinator and the worker name the keys that stand in the file', async () => {
  const { env, keys, problems } = await read(`
    bootstrap.servers=localhost:9092
    listeners=https://:8443
    admin.listeners=https://:8444
    ssl.keystore.type=PEM
    ssl.keystore.location=/etc/rest.pem
    listeners.https.ssl.keystore.type=PEM
    listeners.https.ssl.keystore.location=/etc/own.pem
    security.protocol=SASL_SSL
    sasl.jaas.config=PlainLoginModule required username="a" password="b";
    offset.flush.interval.ms=soon
    task.shutdown.graceful.timeout.ms=5000
    plugin.path=./clock.ts,/opt/plugins
    value.converter.schemas.enable=false
    config.providers=env
    producer.compression.type=gzip
  `);
  expect(problems).toEqual([]);
  // Each setting has a key.
  expect(Object.keys(env).filter((name) => !keys.has(name))).toEqual([]);
  const told = (text: string): unknown =>
    inWordsOfFile(new SluiceError('config.invalid', text, { details: { a: 1 } }), keys);
  expect(told('SLUICE_OFFSET_FLUSH_INTERVAL_MS=soon must be a number')).toMatchObject({
    code: 'config.invalid',
    message: 'offset.flush.interval.ms=soon must be a number',
    details: { a: 1 },
  });
  expect(
    told('set SLUICE_LISTENERS to another port; SLUICE_TLS_KEY; KAFKA_SSL_KEY_LOCATION'),
  ).toMatchObject({
    message:
      'set listeners to another port; listeners.https.ssl.keystore.location; ssl.keystore.location',
  });
  // Those that the file does not make are the environment's.
  expect(told('SLUICE_AUTH_FILE is not there')).toMatchObject({
    message: 'SLUICE_AUTH_FILE is not there',
  });
});
