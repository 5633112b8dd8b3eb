/** `/sluice/errors`: what has failed, put together by what went wrong. */
import { failureGroups } from '@sluice/coordination';
import type { FastifyInstance } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import { resource } from '../resource.ts';
import type { ErrorGroup } from '../shapes.ts';

export function registerSluiceErrors(app: FastifyInstance, cluster: ClusterAccess): void {
  resource(app, '/sluice/errors', {
    GET: async (): Promise<ErrorGroup[]> =>
      failureGroups(await cluster.snapshot()).map(({ firstMs, lastMs, ...group }) => ({
        ...group,
        first_ms: firstMs ?? null,
        last_ms: lastMs ?? null,
      })),
  });
}
