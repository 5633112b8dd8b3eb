/** Registers the methods of one url; the others answer 405 instead of "not found". */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { ApiError } from './api-error.ts';

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export type Method = (typeof methods)[number];

export function resource(
  app: FastifyInstance,
  url: string,
  handlers: Partial<Record<Method, Handler>>,
): void {
  const allowed = Object.keys(handlers).join(', ');
  for (const method of methods) {
    const handler = handlers[method] ?? refuse(method, allowed);
    app.route({ method, url, handler });
  }
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
