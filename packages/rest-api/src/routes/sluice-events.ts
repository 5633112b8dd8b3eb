import type { FastifyInstance } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import { resource } from '../resource.ts';
import { eventsQuerySchema } from '../schemas.ts';
import { validated } from '../validation.ts';

export function registerSluiceEvents(app: FastifyInstance, cluster: ClusterAccess): void {
  resource(app, '/sluice/events', {
    GET: async (request) => {
      const { limit } = validated(eventsQuerySchema, request.query, 'query');
      const events = await cluster.events(limit);
      return events.map(({ id, atMs, type, message, facts }) => ({
        id,
        at_ms: atMs,
        type,
        message,
        facts,
      }));
    },
  });
}
