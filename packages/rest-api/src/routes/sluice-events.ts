/** `/sluice/events`: what happened to the cluster, or step by step to what the query names, newest first. */
import { type EventHistory, isEventAskedFor } from '@sluice/coordination';
import type { FastifyInstance } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import { describeEvent } from '../live/describe-view.ts';
import { resource } from '../resource.ts';
import { eventsQuerySchema } from '../schemas.ts';
import { validated } from '../validation.ts';

/** Of the newest, where only those can be looked through. */
const lookedThroughMax = 1_000;

export function registerSluiceEvents(
  app: FastifyInstance,
  cluster: ClusterAccess,
  history: EventHistory | undefined,
): void {
  resource(app, '/sluice/events', {
    GET: async (request) => {
      const query = validated(eventsQuerySchema, request.query, 'query');
      if (history) return (await cluster.limited(history.read(query))).map(describeEvent);
      const events = await cluster.events(lookedThroughMax);
      const from = events.findIndex(({ id }) => id === query.before) + 1;
      const asked = events.slice(from).filter((event) => isEventAskedFor(event, query));
      return asked.slice(0, query.limit).map(describeEvent);
    },
  });
}
