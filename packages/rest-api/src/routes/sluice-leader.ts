/** `/sluice/leader`: which coordinator leads, and for how long yet; null while none does. And what all have agreed on. */
import type { LeaderSeen } from '@sluice/coordination';
import type { FastifyInstance } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import { resource } from '../resource.ts';

export function registerSluiceLeader(app: FastifyInstance, cluster: ClusterAccess): void {
  resource(app, '/sluice/leader', {
    GET: async () => {
      const { leader, protocol } = await cluster.snapshot();
      return { leader: leader ? leaderBody(leader) : null, protocol: protocol ?? null };
    },
  });
}

function leaderBody({ coordinator, epoch, leaseLeftMs }: LeaderSeen): object {
  return { coordinator, epoch, lease_left_ms: Math.round(leaseLeftMs) };
}
