/** `/sluice/logs`: the last lines of connectors, tasks and workers, wherever they run, a page at a time. */
import type { LogLines } from '@sluice/coordination';
import type { FastifyInstance } from 'fastify';

import type { ClusterAccess } from '../cluster-access.ts';
import { resource } from '../resource.ts';
import { logsQuerySchema } from '../schemas.ts';
import type { LogPage } from '../shapes.ts';
import { validated } from '../validation.ts';

export function registerSluiceLogs(
  app: FastifyInstance,
  cluster: ClusterAccess,
  lines: Pick<LogLines, 'read'> | undefined,
): void {
  resource(app, '/sluice/logs', {
    GET: async (request): Promise<LogPage> => {
      const query = validated(logsQuerySchema, request.query, 'query');
      const page = lines ? await cluster.limited(lines.read(query)) : { lines: [], next: null };
      return {
        lines: page.lines.map(({ atMs, ...line }) => ({ at_ms: atMs, ...line })),
        next: page.next,
      };
    },
  });
}
