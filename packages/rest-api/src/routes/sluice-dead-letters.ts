/**
 * `/sluice/dead-letters`: the queues of the connectors that are defined, what is in them, and replaying it. Other topics
 * are nobody's business here.
 */
import type { FastifyInstance } from 'fastify';

import { ApiError } from '../api-error.ts';
import { noteDryRun } from '../audit.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import type { DeadLetters } from '../dead-letters.ts';
import { resource } from '../resource.ts';
import { deadLettersQuerySchema, replaySchema } from '../schemas.ts';
import { validated } from '../validation.ts';

const topicKey = 'errors.deadletterqueue.topic.name';

export function registerSluiceDeadLetters(
  app: FastifyInstance,
  cluster: ClusterAccess,
  deadLetters: DeadLetters | undefined,
): void {
  /** Who writes to each. */
  const queues = async (): Promise<ReadonlyMap<string, string[]>> => {
    const found = new Map<string, string[]>();
    for (const { record } of (await cluster.snapshot()).connectors.values()) {
      const topic = (record.config[topicKey] ?? '').trim();
      if (topic !== '') found.set(topic, [...(found.get(topic) ?? []), record.name]);
    }
    return found;
  };
  const known = async (topic: string): Promise<DeadLetters> => {
    if (deadLetters && (await queues()).has(topic)) return deadLetters;
    throw new ApiError(
      404,
      `No connector has the dead letter queue ${topic}: ${topicKey} of its definition names one`,
    );
  };

  resource(app, '/sluice/dead-letters', {
    GET: async (request) => {
      const { topic, ...page } = validated(deadLettersQuerySchema, request.query, 'query');
      if (topic !== undefined) {
        return await cluster.limited((await known(topic)).newest({ topic, ...page }));
      }
      const users = await queues();
      const found = await cluster.limited(
        deadLetters?.queues([...users.keys()]) ?? Promise.resolve([]),
      );
      return {
        queues: found.map((queue) => ({ ...queue, connectors: users.get(queue.topic) ?? [] })),
      };
    },
  });

  resource(app, '/sluice/dead-letters/replay', {
    POST: async (request) => {
      const { dry_run: isDryRun, ...replay } = validated(replaySchema, request.body, 'replay');
      if (isDryRun) noteDryRun(request);
      if (replay.to === replay.topic) {
        throw new ApiError(
          400,
          `"to" is the queue itself: name another topic than ${replay.topic}`,
        );
      }
      return (await known(replay.topic)).replay({ ...replay, isDryRun });
    },
  });
}
