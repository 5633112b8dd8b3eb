import { expect, test } from 'vitest';

import { operations } from '../src/openapi-operations.ts';
import { apiUnderTest } from './api-under-test.ts';

interface Described {
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Record<string, object>;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Record<string, Record<string, Described>>;
}

async function document(): Promise<Document> {
  const response = await apiUnderTest().call('GET /openapi.json');
  expect(response.statusCode).toBe(200);
  return response.json<Document>();
}

test('every operation that is served is described, and no other', async () => {
  const { openapi, info, paths } = await document();
  expect(openapi).toBe('3.1.0');
  expect(info.version).toBe('4.1.0');
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    ),
  );
  expect(served.toSorted()).toEqual(Object.keys(operations).toSorted());
  for (const methods of Object.values(paths)) {
    for (const { summary, responses } of Object.values(methods)) {
      expect(summary).toBeTruthy();
      expect(responses).toHaveProperty('default');
    }
  }
});

test('parameters and bodies are those that are checked', async () => {
  const { paths } = await document();
  const events = paths['/sluice/events']?.['get'];
  expect(events?.parameters).toContainEqual(
    expect.objectContaining({ name: 'limit', in: 'query', schema: expect.anything() as object }),
  );
  const config = paths['/connectors/{name}/config']?.['put'];
  expect(config?.parameters).toEqual([
    { name: 'name', in: 'path', required: true, schema: { type: 'string' } },
  ]);
  expect(config?.requestBody?.content['application/json']?.schema).toMatchObject({
    type: 'object',
    additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
  });
  const offsets = paths['/connectors/{name}/offsets']?.['patch'];
  expect(JSON.stringify(offsets?.requestBody)).toContain('"partition"');
});
