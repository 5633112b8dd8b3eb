/** `/sluice/audit`: who changed what, a page at a time. */
import type { AuditTrail } from '@sluice/coordination';
import type { FastifyInstance } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import { resource } from '../resource.ts';
import { auditQuerySchema } from '../schemas.ts';
import { validated } from '../validation.ts';

export function registerSluiceAudit(
  app: FastifyInstance,
  cluster: ClusterAccess,
  trail: AuditTrail,
): void {
  resource(app, '/sluice/audit', {
    GET: async (request) => {
      const { since, until, ...query } = validated(auditQuerySchema, request.query, 'query');
      const page = await cluster.limited(trail.read({ ...query, sinceMs: since, untilMs: until }));
      return {
        entries: page.entries.map(({ atMs, ...entry }) => ({ at_ms: atMs, ...entry })),
        next: page.next,
      };
    },
  });
}
