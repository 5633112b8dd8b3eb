/** The suite of the played registry, and what only a real one decides, on Apicurio Registry. */
import { schemas, structSchema } from '@sluice/connector-api';
import { newShortId } from '@sluice/kernel';
import { type Apicurio, findApicurio, startApicurio } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SchemaRegistryError } from '../src/index.ts';
import { write } from './converters-under-test.ts';
import { classes, clientOf, converterOf, describeRegistry } from './registry-suite.ts';

// 142 MB, which `npm run registry` gets and `npm test` does not.
describe.skipIf(findApicurio() === undefined)('on Apicurio Registry', () => {
  let registry: Apicurio;
  beforeAll(async () => {
    registry = await startApicurio();
  }, 180_000);
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
  });

  describeRegistry(() => registry.url);

  test('a schema that is not compatible is refused, with subject and reason', async () => {
    const topic = `topic-${newShortId()}`;
    const converter = converterOf(classes.Avro, { 'schema.registry.url': registry.url });
    await write(
      converter,
      structSchema({ id: schemas.int64 }, { name: 'Order' }),
      { id: 1 },
      topic,
    );
    const level = { compatibility: 'BACKWARD' };
    await fetch(`${registry.url}/config/${topic}-value`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(level),
    });
    const other = structSchema({ id: schemas.int64, name: schemas.string }, { name: 'Order' });
    const failing = write(converter, other, { id: 1, name: 'x' }, topic);
    await expect(failing).rejects.toThrow(new RegExp(`${topic}-value.*error code: 409`, 's'));
    await expect(failing).rejects.toHaveProperty('cause', expect.any(SchemaRegistryError));
    const compatibility = await clientOf(registry.url).compatibility(`${topic}-value`, {
      schemaType: 'AVRO',
      schema: '{"type":"string"}',
      references: [],
    });
    expect(compatibility.isCompatible).toBe(false);
  });

  test('what is no schema is refused', async () => {
    const registering = clientOf(registry.url).register(`subject-${newShortId()}`, {
      schemaType: 'AVRO',
      schema: '{"type":"nothing"}',
      references: [],
    });
    await expect(registering).rejects.toMatchObject({ status: 422 });
  });
});
