/** What converters of a preview ask a registry, and that they change nothing there. */
import { schemas, structSchema } from '@sluice/connector-api';
import { createConverter } from '@sluice/converters';
import { expect, test } from 'vitest';
import { previewingConverters, type UnregisteredSchema } from '../src/index.ts';
import { write } from './converters-under-test.ts';
import { PlayedRegistry } from './played-registry.ts';
import { classes } from './registry-suite.ts';

const order = structSchema({ id: schemas.int64 }, { name: 'com.acme.Order' });

function previewing(className: string, url: string, told: UnregisteredSchema[] = []) {
  const plugins = previewingConverters((schema) => told.push(schema));
  return createConverter(className, { 'schema.registry.url': url }, 'value', plugins);
}

test.each(Object.values(classes))('%s registers nothing, and says what it would', async (name) => {
  const registry = new PlayedRegistry();
  await using server = await registry.listen();
  const told: UnregisteredSchema[] = [];
  const converter = previewing(name, server.url, told);
  const bytes = await write(converter, order, { id: 1n });
  expect(bytes?.readUInt32BE(1)).toBe(0);
  await write(converter, structSchema({ id: schemas.int64 }, { name: 'com.acme.Order' }), {
    id: 2n,
  });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ subject: 'orders-value' });
  expect(told[0]?.schema).toContain('Order');
  expect(registry.requests).not.toContain('POST /subjects/orders-value/versions');
  expect(registry.answer('GET', '/subjects', undefined).body).toEqual([]);
});

test('a schema that is registered is written with its id', async () => {
  const registry = new PlayedRegistry();
  await using server = await registry.listen();
  const told: UnregisteredSchema[] = [];
  await write(previewing(classes.Avro, server.url, told), order, { id: 1n });
  const [unregistered] = told;
  registry.answer('POST', '/subjects/orders-value/versions', unregistered);
  const again: UnregisteredSchema[] = [];
  const bytes = await write(previewing(classes.Avro, server.url, again), order, { id: 1n });
  expect(bytes?.readUInt32BE(1)).toBe(1);
  expect(again).toEqual([]);
});

test('one that the registry would refuse is refused', async () => {
  const registry = new PlayedRegistry();
  registry.refuse = () => 'reader field is missing';
  await using server = await registry.listen();
  await expect(write(previewing(classes.Avro, server.url), order, { id: 1n })).rejects.toThrow(
    'would refuse this schema, which is not compatible with the latest of subject "orders-value": reader field is missing',
  );
});
