/**
 * `/openapi.json`: the API as OpenAPI 3.1. Paths and methods are those that are served; bodies and queries are the
 * schemas that check them.
 */
import { z } from 'zod';

import { operations } from './openapi-operations.ts';

export interface ServedRoute {
  readonly method: string;
  /** `/connectors/:name` */
  readonly url: string;
}

type Json = Readonly<Record<string, unknown>>;

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Json;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: Json;
}

export function openApiDocument(
  routes: readonly ServedRoute[],
  { version }: { version: string },
): OpenApiDocument {
  const paths: Record<string, Record<string, Json>> = {};
  for (const { method, url } of routes) {
    const path = url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationObject(method, url) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version,
      description: "Kafka Connect's REST API, and what is new under /sluice.",
    },
    paths,
    components: { schemas: { ErrorMessage: errorMessage } },
  };
}

const errorMessage = {
  type: 'object',
  required: ['error_code', 'message'],
  properties: {
    error_code: { type: 'integer', description: 'The status' },
    message: { type: 'string' },
  },
};

function operationObject(method: string, url: string): Json {
  const { summary, role, body, query, status = 200 } = operations[`${method} ${url}`] ?? {};
  const parameters = [...pathParameters(url), ...(query ? queryParameters(query) : [])];
  const hasAnswer = status < 202;
  return {
    ...(summary !== undefined && { summary }),
    ...(role !== undefined && { 'x-sluice-role': role }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { content: { 'application/json': { schema: jsonSchema(body) } } } }),
    responses: {
      [status]: hasAnswer
        ? { description: 'The answer', content: { 'application/json': {} } }
        : { description: 'Done, or accepted' },
      default: {
        description: 'What is wrong',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/ErrorMessage' } } },
      },
    },
  };
}

function pathParameters(url: string): Json[] {
  return Array.from(url.matchAll(/:(\w+)/g), ([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodObject): Json[] {
  const { properties = {} } = jsonSchema(query) as { properties?: Record<string, Json> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
}

/** Of what is given, before it is transformed. */
function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  });
  return rest;
}
