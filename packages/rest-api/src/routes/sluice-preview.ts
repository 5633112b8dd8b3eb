/** `POST /sluice/preview`: what a source would write, record by record. Nothing is written, and nothing is stored. */
import type { FastifyInstance } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import type { ConfigParts } from '../config-infos.ts';
import { booleanQuery, resource } from '../resource.ts';
import { previewQuerySchema, previewSchema } from '../schemas.ts';
import { withSecretsOfNamesake } from '../secret-config.ts';
import type { PreviewAnswer } from '../shapes.ts';
import { validated } from '../validation.ts';

export interface PreviewRequest {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly recordsMax: number;
  readonly timeoutMs: number;
  /** At the stored offsets of the connector of that name; else from nothing. */
  readonly isFromOffsets: boolean;
}

/** Runs one, bounded in time and memory. @throws ApiError when it cannot be run. */
export type Preview = (request: PreviewRequest, signal: AbortSignal) => Promise<PreviewAnswer>;

export function registerSluicePreview(
  app: FastifyInstance,
  cluster: ClusterAccess,
  { parts, preview }: { readonly parts: ConfigParts; readonly preview: Preview | undefined },
): void {
  resource(app, '/sluice/preview', {
    POST: async (request, reply) => {
      if (!preview)
        throw new ApiError(403, 'Previews are switched off on this server', {
          extra: { code: 'preview.off' },
        });
      const { name, config: given } = validated(
        previewSchema,
        request.body,
        'definition to preview',
      );
      const config = await withSecretsOfNamesake(given, cluster, parts);
      const { records, timeoutMs } = validated(previewQuerySchema, request.query, 'query');
      const isFromOffsets = booleanQuery(request, 'fromOffsets');
      const gone = new AbortController();
      // Whoever hangs up does not want to know any more.
      reply.raw.once('close', () => gone.abort());
      return await preview(
        { name, config, recordsMax: records, timeoutMs, isFromOffsets },
        gone.signal,
      );
    },
  });
}
