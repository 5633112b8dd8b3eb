/**
 * What the converters rely on a registry for, as the same tests on a played one and on a real one: what is proved
 * with the played one holds for as much as is tested here.
 */
import type { ConnectorConfig, Converter, ConverterRole, Schema } from '@sluice/connector-api';
import {
  Decimal,
  decimalSchema,
  schemas,
  structSchema,
  timestampSchema,
} from '@sluice/connector-api';
import { newShortId } from '@sluice/kernel';
import { describe, expect, test } from 'vitest';
import { schemaRegistryConverters } from '../src/index.ts';
import { RegistryClient } from '../src/registry/registry-client.ts';
import { RestClient } from '../src/registry/rest-client.ts';
import { read, write } from './converters-under-test.ts';

export const classes = {
  Avro: 'io.confluent.connect.avro.AvroConverter',
  Protobuf: 'io.confluent.connect.protobuf.ProtobufConverter',
  JSON: 'io.confluent.connect.json.JsonSchemaConverter',
} as const;

export function converterOf(
  className: string,
  config: ConnectorConfig,
  role: ConverterRole = 'value',
): Converter {
  const plugin = schemaRegistryConverters.find((each) => each.class === className);
  if (!plugin) throw new Error(`no converter ${className}`);
  return plugin.create(config, role);
}

export function clientOf(url: string): RegistryClient {
  const rest = new RestClient({
    urls: [url],
    headers: {},
    tls: { checksNames: true },
    connectTimeoutMs: 5_000,
    readTimeoutMs: 20_000,
    maxRetries: 0,
    retryWaitMs: 1,
    retryMaxWaitMs: 1,
  });
  return new RegistryClient({
    send: (request) => rest.send(request),
    cachedSchemasMax: 100,
    latestTtlMs: -1,
    normalizes: false,
  });
}

export const orderSchema: Schema = structSchema(
  {
    id: schemas.int64,
    name: schemas.optionalString,
    price: decimalSchema(2),
    at: timestampSchema,
    small: schemas.int8,
    tags: { type: 'array', items: schemas.string },
    counts: { type: 'map', keys: schemas.string, values: schemas.int32 },
    nested: structSchema({ flag: schemas.boolean }, { name: 'Nested' }),
  },
  { name: 'com.acme.Order' },
);

export const order = {
  id: 2n ** 60n,
  name: 'größe',
  price: new Decimal(1250n, 2),
  at: new Date(1_700_000_000_123),
  small: -5,
  tags: ['a', 'b'],
  counts: { one: 1 },
  nested: { flag: true },
};

/** `url` is known when the tests run. */
export function describeRegistry(url: () => string): void {
  const unique = (): string => `topic-${newShortId()}`;

  describe.each(Object.entries(classes))('%s', (_name, className) => {
    test('a record is written with a registered schema, and read by another converter', async () => {
      const topic = unique();
      const config = { 'schema.registry.url': url() };
      const bytes = await write(converterOf(className, config), orderSchema, order, topic);
      expect(bytes?.[0]).toBe(0);
      const again = await read(converterOf(className, config), bytes, topic);
      expect(again.value).toEqual(order);
      expect(again.schema?.version).toBe(1);
      expect(again.schema?.fields?.map(({ field }) => field)).toEqual(Object.keys(order));
    });

    test('the same schema has the same id in every converter and for keys, too', async () => {
      const topic = unique();
      const config = { 'schema.registry.url': url() };
      const first = await write(converterOf(className, config), orderSchema, order, topic);
      const second = await write(converterOf(className, config), orderSchema, order, topic);
      const key = await write(converterOf(className, config, 'key'), orderSchema, order, topic);
      expect(second).toEqual(first);
      expect(key).toEqual(first);
    });

    test('without auto.register.schemas a schema that is not there is refused', async () => {
      const topic = unique();
      const config = { 'schema.registry.url': url(), 'auto.register.schemas': 'false' };
      await expect(
        write(converterOf(className, config), orderSchema, order, topic),
      ).rejects.toThrow(/error code: 40401/);
    });

    test('without auto.register.schemas one that is there is found', async () => {
      const topic = unique();
      const config = { 'schema.registry.url': url() };
      const bytes = await write(converterOf(className, config), orderSchema, order, topic);
      const lookup = converterOf(className, { ...config, 'auto.register.schemas': 'false' });
      expect(await write(lookup, orderSchema, order, topic)).toEqual(bytes);
    });

    test('an id that nobody has is a failure of the record', async () => {
      const converter = converterOf(className, { 'schema.registry.url': url() });
      const bytes = Buffer.from([0, 0x7f, 0xff, 0xff, 0x01, 0, 0]);
      await expect(read(converter, bytes)).rejects.toThrow(/error code: 40403/);
    });
  });

  test('references are resolved, through each other', async () => {
    const topic = unique();
    const client = clientOf(url());
    const [inner, middle] = [`${topic}-inner`, `${topic}-middle`];
    await client.register(inner, {
      schemaType: 'AVRO',
      schema: '{"type":"enum","name":"Color","namespace":"com.acme","symbols":["RED","GREEN"]}',
      references: [],
    });
    await client.register(middle, {
      schemaType: 'AVRO',
      schema:
        '{"type":"record","name":"Paint","namespace":"com.acme","fields":[{"name":"color","type":"com.acme.Color"}]}',
      references: [{ name: 'com.acme.Color', subject: inner, version: 1 }],
    });
    const id = await client.register(`${topic}-value`, {
      schemaType: 'AVRO',
      schema:
        '{"type":"record","name":"House","namespace":"com.acme","fields":[{"name":"paint","type":"com.acme.Paint"}]}',
      references: [{ name: 'com.acme.Paint', subject: middle, version: 1 }],
    });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(id, 1);
    const converter = converterOf(classes.Avro, { 'schema.registry.url': url() });
    const { value } = await read(converter, Buffer.concat([prefix, Buffer.from([2])]), topic);
    expect(value).toEqual({ paint: { color: 'GREEN' } });
  });

  test('use.latest.version writes by the schema that the subject has', async () => {
    const topic = unique();
    const client = clientOf(url());
    await client.register(`${topic}-value`, {
      schemaType: 'AVRO',
      schema:
        '{"type":"record","name":"Order","namespace":"com.acme","fields":[{"name":"state","type":"string","default":"new"},{"name":"id","type":"long"}]}',
      references: [],
    });
    const converter = converterOf(classes.Avro, {
      'schema.registry.url': url(),
      'auto.register.schemas': 'false',
      'use.latest.version': 'true',
    });
    const schema = structSchema({ id: schemas.int64 }, { name: 'com.acme.Order' });
    const { value } = await read(
      converter,
      await write(converter, schema, { id: 7 }, topic),
      topic,
    );
    expect(value).toEqual({ state: 'new', id: 7 });
  });

  test('the client tells the compatibility level', async () => {
    expect(await clientOf(url()).compatibilityLevel()).toMatch(/^(NONE|BACKWARD)$/);
  });
}
