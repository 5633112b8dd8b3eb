import type { FastifyInstance } from 'fastify';

import { type OpenApiDocument, openApiDocument, type ServedRoute } from '../openapi.ts';
import { resource } from '../resource.ts';

/** Routes that are registered after this as well. */
export function registerOpenApi(app: FastifyInstance, info: { version: string }): void {
  const served: ServedRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    const isServed = config?.isServed === true && typeof method === 'string' && method !== 'HEAD';
    if (isServed) served.push({ method, url });
  });
  let document: OpenApiDocument | undefined;
  resource(app, '/openapi.json', {
    GET: async () => (document ??= openApiDocument(served, info)),
  });
}
