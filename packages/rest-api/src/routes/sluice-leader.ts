/** `/sluice/leader`: which coordinator leads, null while none does; and what all have agreed on. */
import type { FastifyInstance } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import { resource } from '../resource.ts';

export function registerSluiceLeader(app: FastifyInstance, cluster: ClusterAccess): void {
  resource(app, '/sluice/leader', {
    GET: async () => {
      const { leader, protocol } = await cluster.snapshot();
      return { leader: leader ?? null, protocol: protocol ?? null };
    },
  });
}
