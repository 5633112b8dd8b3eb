import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, type ConnectorConfig, defineConfig } from '@sluice/connector-api';
import { converterPlugins, findConverter } from '@sluice/converters';
import { makeOwnedFolder } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { schemaRegistryConverters } from '../src/index.ts';
import { type RegistryAccess, registryAccess } from '../src/registry/registry-access.ts';
import { registryShape } from '../src/registry/registry-keys.ts';
import { classes, converterOf } from './registry-suite.ts';

function access(config: ConnectorConfig): RegistryAccess {
  const all = { 'schema.registry.url': 'http://registry:8081', ...config };
  return registryAccess(defineConfig(registryShape).parse(all), all);
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

describe('access', () => {
  test('several URLs, with paths, without slashes at the end', () => {
    const { urls } = access({
      'schema.registry.url': 'http://one:8081/, https://two/apis/ccompat/v7/',
    });
    expect(urls).toEqual(['http://one:8081', 'https://two/apis/ccompat/v7']);
  });

  test('user and password of the URL are sent, and stay out of the URL', () => {
    const { urls, headers } = access({ 'schema.registry.url': 'http://me:p%40ss@registry:8081' });
    expect(urls).toEqual(['http://registry:8081']);
    expect(headers).toEqual({ authorization: basic('me:p@ss') });
  });

  test('USER_INFO, tokens and headers of the user', () => {
    expect(
      access({
        'basic.auth.credentials.source': 'USER_INFO',
        'basic.auth.user.info': 'me:secret',
        'request.header.X-Team': 'orders',
      }).headers,
    ).toEqual({ authorization: basic('me:secret'), 'X-Team': 'orders' });
    expect(access({ 'bearer.auth.token': 'abc' }).headers).toEqual({ authorization: 'Bearer abc' });
  });

  test('a truststore and a keystore of PEM files', () => {
    const file = join(makeOwnedFolder('registry'), 'store.pem');
    writeFileSync(file, 'PEM');
    const { tls } = access({
      'schema.registry.ssl.truststore.type': 'PEM',
      'schema.registry.ssl.truststore.location': file,
      'schema.registry.ssl.keystore.type': 'PEM',
      'schema.registry.ssl.keystore.location': file,
      'schema.registry.ssl.endpoint.identification.algorithm': '',
    });
    expect(tls).toEqual({ ca: 'PEM', cert: 'PEM', key: 'PEM', checksNames: false });
  });

  test.each<[ConnectorConfig, string]>([
    [{ 'schema.registry.url': 'registry:8081' }, 'schema.registry.url'],
    [{ 'basic.auth.credentials.source': 'SASL_INHERIT' }, 'SASL_INHERIT is not supported'],
    [{ 'basic.auth.credentials.source': 'USER_INFO' }, 'basic.auth.user.info'],
    [{ 'bearer.auth.credentials.source': 'OAUTHBEARER' }, 'bearer.auth.credentials.source'],
    [{ 'schema.registry.ssl.truststore.location': '/no/such/file' }, 'truststore.type'],
    [{ 'schema.registry.ssl.keystore.type': 'JKS' }, 'only PEM is supported'],
  ])('%j is refused', (config, message) => {
    expect(() => access(config)).toThrow(ConfigError);
    expect(() => access(config)).toThrow(message);
  });
});

describe('converters', () => {
  test.each(Object.values(classes))('%s is found by its class and aliases', (className) => {
    const all = [...converterPlugins, ...schemaRegistryConverters];
    const simple = className.slice(className.lastIndexOf('.') + 1);
    for (const name of [className, simple, simple.replace(/Converter$/, '')])
      expect(findConverter(name, 'converter', all)?.class).toBe(className);
    expect(findConverter(className, 'header_converter', all)).toBeUndefined();
  });

  test.each([
    ['use.schema.id', '5'],
    ['generalized.sum.type.support', 'true'],
    [
      'value.schema.id.serializer',
      'io.confluent.kafka.serializers.schema.id.HeaderSchemaIdSerializer',
    ],
    ['proxy.host', 'proxy'],
    ['bearer.auth.issuer.endpoint.url', 'http://issuer'],
    ['rule.executors', 'encrypt'],
    ['schema.registry.ssl.protocol', 'TLSv1.1'],
  ])('%s is refused by name', (key, value) => {
    const config = { 'schema.registry.url': 'http://registry:8081', [key]: value };
    expect(() => converterOf(classes.Avro, config)).toThrow(
      `Configuration ${key} is not supported`,
    );
  });

  test('what asks for nothing is taken', () => {
    const config = {
      'schema.registry.url': 'http://registry:8081',
      'use.schema.id': '-1',
      'generalized.sum.type.support': 'false',
      'json.schema.spec.version': 'draft_7',
      'schemas.enable': 'true',
    };
    for (const className of Object.values(classes))
      expect(converterOf(className, config)).toBeDefined();
  });

  test('a registry must be named', () => {
    expect(() => converterOf(classes.Avro, {})).toThrow('"schema.registry.url"');
  });
});
