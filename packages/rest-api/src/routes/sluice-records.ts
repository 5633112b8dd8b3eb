/**
 * `/sluice/records`: what is in a topic of a connector, as its converters read it. Other topics are nobody's business
 * here. Whoever may read may read this, as they may read dead letters: see docs/SECURITY.md.
 */
import type { FastifyInstance } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import { resource } from '../resource.ts';
import { recordsQuerySchema } from '../schemas.ts';
import type { TopicRecords } from '../topic-records.ts';
import { validated } from '../validation.ts';

export function registerSluiceRecords(
  app: FastifyInstance,
  cluster: ClusterAccess,
  records: TopicRecords | undefined,
): void {
  resource(app, '/sluice/records', {
    GET: async (request) => {
      const { connector, topic, ...page } = validated(recordsQuerySchema, request.query, 'query');
      const { record } = await cluster.connector(connector, `Connector ${connector} not found`);
      const { config } = record;
      const isDefined = definedTopics(config).includes(topic);
      if (!records || (!isDefined && !(await cluster.topics(connector)).includes(topic))) {
        throw new ApiError(
          404,
          `Connector ${connector} has no topic ${topic}: neither its definition names it, nor have its tasks used it`,
        );
      }
      return await cluster.limited(records.page({ connector, config, topic, ...page }));
    },
  });
}

/** Those of a sink; a source's are known once it has written to them. */
function definedTopics({ topics = '' }: Readonly<Record<string, string>>): string[] {
  return topics.split(',').map((topic) => topic.trim());
}
