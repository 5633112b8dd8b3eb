/** `/sluice/leader`: which coordinator leads; null while none does. */
import type { FastifyInstance } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import { resource } from '../resource.ts';

export function registerSluiceLeader(app: FastifyInstance, cluster: ClusterAccess): void {
  resource(app, '/sluice/leader', {
    GET: async () => ({ leader: (await cluster.snapshot()).leader ?? null }),
  });
}
