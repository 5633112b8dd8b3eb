/** `/sluice/session`: a browser signs in, asks who it is, and signs out. Programs send their credentials instead. */
import type { Authenticator } from '@sluice/access';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { ApiError } from '../api-error.ts';
import { callerOf, identifyAs, otherOrigin, refusal } from '../caller.ts';
import { resource } from '../resource.ts';
import { isOfPage, isSameOrigin } from '../same-origin.ts';
import { signInSchema } from '../schemas.ts';
import type { Sessions } from '../sessions.ts';
import type { SessionAnswer } from '../shapes.ts';
import { validated } from '../validation.ts';
import type { ServerInfo } from './server.ts';

export interface SessionRouteOptions {
  readonly authenticator: Authenticator | undefined;
  readonly sessions: Sessions | undefined;
  readonly info: ServerInfo;
}

export function registerSluiceSession(
  app: FastifyInstance,
  { authenticator, sessions, info }: SessionRouteOptions,
): void {
  resource(app, '/sluice/session', {
    GET: async (request): Promise<SessionAnswer> => {
      const caller = callerOf(request);
      const session = await sessions?.find(request);
      return {
        user: authenticator ? (caller?.name ?? null) : null,
        role: caller?.role ?? null,
        by: caller?.by ?? null,
        authentication: authenticator ? 'required' : 'none',
        cluster: info.clusterId,
        version: info.version,
        until_ms: session?.untilMs ?? null,
      };
    },
    POST: async (request, reply) => {
      assertOwnPage(request);
      const authorization = validated(signInSchema, request.body, 'sign-in');
      // Nobody has to say who they are, and whoever does may all the same.
      if (!authenticator) return { user: null, role: 'admin' };
      if (!sessions) {
        throw new ApiError(403, 'Sessions are switched off on this server', {
          extra: { code: 'session.off' },
        });
      }
      const answer = await sessions.open({ authorization, address: request.ip }, request, reply);
      if (answer.kind !== 'known') throw refusal(answer);
      identifyAs(request, answer.caller);
      return { user: answer.caller.name, role: answer.caller.role };
    },
    DELETE: async (request, reply) => {
      assertOwnPage(request);
      const session = await sessions?.find(request);
      if (session) identifyAs(request, session.caller);
      await sessions?.end(request, reply);
      return reply.status(204).send();
    },
  });
}

/** Another page that may use the API could put a browser into a session of its own choice, or out of one. */
function assertOwnPage(request: FastifyRequest): void {
  if (isOfPage(request) && !isSameOrigin(request)) throw otherOrigin();
}
