/** `PUT /sluice/apply`: many definitions at once, all or nothing, or only a look at what would happen. */
import type { FastifyInstance } from 'fastify';

import { ApiError } from '../api-error.ts';
import { noteDryRun, notePending } from '../audit.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import type { DefinitionChecks } from '../code-validation.ts';
import { booleanQuery, resource } from '../resource.ts';
import { applySchema } from '../schemas.ts';
import { mayBeShown, withStoredSecrets } from '../secret-config.ts';
import { secretKeysOf } from '../shown-config.ts';
import { validated } from '../validation.ts';

export function registerSluiceApply(
  app: FastifyInstance,
  cluster: ClusterAccess,
  { parts, validator }: DefinitionChecks,
): void {
  resource(app, '/sluice/apply', {
    PUT: async (request, reply) => {
      const body = validated(applySchema, request.body, 'request to apply definitions');
      const { definitions, mode, expectedVersion } = body;
      const dryRun = body.dryRun || booleanQuery(request, 'dryRun');
      if (dryRun) noteDryRun(request);
      if (expectedVersion !== undefined && definitions.length > 1) {
        throw new ApiError(400, 'expectedVersion goes with one definition only');
      }
      if (definitions.some(({ config }) => mayBeShown(config))) {
        for (const { config } of definitions) {
          const plugins = await cluster.plugins(config['connector.class'] ?? '');
          withStoredSecrets(config, undefined, secretKeysOf(config, plugins, parts));
        }
      }
      await validator.assertValid(definitions);
      const outcome = await cluster.submitOrPending({
        op: 'apply',
        definitions,
        mode,
        ...(dryRun && { dryRun }),
        ...(expectedVersion !== undefined && { expectedVersion }),
      });
      if (outcome.kind === 'pending') {
        notePending(request);
        const { requestId, reason } = outcome;
        return reply.status(202).send({ status: 'pending', request_id: requestId, reason });
      }
      return {
        status: 'done',
        dry_run: dryRun,
        connectors: outcome.connectors.map(({ name, outcome: change, record }) => ({
          name,
          outcome: change,
          version: record.version,
          type: record.type,
        })),
      };
    },
  });
}
