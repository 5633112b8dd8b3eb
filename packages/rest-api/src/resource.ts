/** Registers the methods of one url; the others answer 405 instead of "not found", and OPTIONS which there are. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { ApiError } from './api-error.ts';
import { type Operation, operations } from './openapi-operations.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Not one of the methods that a resource refuses. */
    isServed?: boolean;
  }
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export type Method = (typeof methods)[number];

export function resource(
  app: FastifyInstance,
  url: string,
  handlers: Partial<Record<Method, Handler>>,
): void {
  const allowed = Object.keys(handlers).join(', ');
  const role = 'viewer';
  const options = optionsOf(handlers);
  app.route({
    method: 'OPTIONS',
    url,
    config: { role },
    handler: async (_request, reply) =>
      reply.header('allow', options).type('text/plain').send(options),
  });
  for (const method of methods) {
    const served = handlers[method];
    const handler = served ?? refuse(method, allowed);
    const operation = served && operationOf(method, url);
    const config = {
      isServed: served !== undefined,
      role: operation?.role ?? role,
      ...(operation?.action !== undefined && { action: operation.action }),
    };
    app.route({ method, url, handler, config });
  }
}

/** @throws if it is not described, and so nothing says who may. */
function operationOf(method: Method, url: string): Operation {
  const operation = operations[`${method} ${url}`];
  if (!operation) throw new Error(`no operation is described for ${method} ${url}`);
  return operation;
}

/** As Kafka Connect lists them: HEAD goes with GET. */
function optionsOf(handlers: Partial<Record<Method, Handler>>): string {
  const listed = Object.keys(handlers).flatMap((method) =>
    method === 'GET' ? ['GET', 'HEAD'] : [method],
  );
  return [...listed, 'OPTIONS'].join(', ');
}

function refuse(method: Method, allowed: string): Handler {
  return async () => {
    throw new ApiError(405, `HTTP 405 Method Not Allowed: ${method}; use ${allowed}`, {
      headers: { allow: allowed },
    });
  };
}

/** A decoded part of the path. */
export function parameter(request: FastifyRequest, name: string): string {
  return (request.params as Record<string, string | undefined>)[name] ?? '';
}

/** As Java's Boolean.valueOf: `true` in any case is true, all else is false. */
export function booleanQuery(request: FastifyRequest, name: string, absent = false): boolean {
  const value = queryValues(request, name).at(-1);
  return value === undefined ? absent : value.toLowerCase() === 'true';
}

/** All values of a query parameter that may be repeated. */
export function queryValues(request: FastifyRequest, name: string): readonly string[] {
  const value = (request.query as Record<string, string | string[] | undefined>)[name];
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
