/** `/sluice/lag`: how far each partition of a sink is behind. Kafka Connect's answer about offsets has no room for it. */
import type { FastifyInstance } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import type { OffsetStore } from '../offset-store.ts';
import { resource } from '../resource.ts';
import { lagQuerySchema } from '../schemas.ts';
import type { LagAnswer } from '../shapes.ts';
import { validated } from '../validation.ts';

export function registerSluiceLag(
  app: FastifyInstance,
  cluster: ClusterAccess,
  offsets: OffsetStore,
): void {
  resource(app, '/sluice/lag', {
    GET: async (request): Promise<LagAnswer> => {
      const { connector } = validated(lagQuerySchema, request.query, 'query');
      const { record } = await cluster.connector(connector, `Connector ${connector} not found`);
      if (record.type !== 'sink') {
        throw new ApiError(
          400,
          `Connector ${connector} is no sink: only a sink has partitions of topics to be behind in`,
        );
      }
      const { group, partitions } = await cluster.limited(offsets.lag(record));
      const lags = partitions.flatMap(({ lag }) => lag ?? []);
      return {
        connector,
        group,
        lag: lags.length === 0 ? null : lags.reduce((sum, lag) => sum + lag, 0),
        partitions,
      };
    },
  });
}
