/** `/connectors/{name}/topics`: which topics its tasks wrote to or read from. */
import type { FastifyInstance } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import { parameter, resource } from '../resource.ts';
import type { TopicsAnswer } from '../shapes.ts';

export interface TopicTracking {
  /** `topic.tracking.enable` */
  readonly isEnabled: boolean;
  /** `topic.tracking.allow.reset` */
  readonly allowsReset: boolean;
}

export function registerConnectorTopics(
  app: FastifyInstance,
  cluster: ClusterAccess,
  { isEnabled, allowsReset }: TopicTracking,
): void {
  const assertEnabled = (): void => {
    if (!isEnabled) throw new ApiError(403, 'Topic tracking is disabled.');
  };

  resource(app, '/connectors/:name/topics', {
    GET: async (request): Promise<TopicsAnswer> => {
      assertEnabled();
      const name = parameter(request, 'name');
      return { [name]: { topics: await cluster.topics(name) } };
    },
  });

  resource(app, '/connectors/:name/topics/reset', {
    PUT: async (request, reply) => {
      assertEnabled();
      if (!allowsReset) throw new ApiError(403, 'Topic tracking reset is disabled.');
      await cluster.forgetTopics(parameter(request, 'name'));
      return reply.status(202).send();
    },
  });
}
