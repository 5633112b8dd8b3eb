/** What every request has to pass: where it comes from, how many come, who asks, and whether they may. */
import type { Authenticator } from '@sluice/access';
import { type Clock, type Logger, systemClock, toError } from '@sluice/kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { ApiError } from './api-error.ts';
import {
  allowOrigin,
  type BrowserOptions,
  compileCors,
  compileHosts,
  otherSite,
  unknownHost,
} from './browsers.ts';
import { identify, requireRoles, retryAfter } from './caller.ts';
import { sendError } from './error-handling.ts';
import { addResponseHeaders, type ResponseHeader } from './response-headers.ts';
import type { Sessions } from './sessions.ts';
import { SharedLimits } from './shared-limits.ts';

export interface SecurityOptions extends BrowserOptions {
  /** None: nobody has to say who they are, and anybody may do everything. */
  readonly authenticator?: Authenticator | undefined;
  /** Of all listeners of the process; default: of this one alone. */
  readonly limits?: SharedLimits;
  /** `response.http.headers.config` */
  readonly responseHeaders?: readonly ResponseHeader[];
}

/** Before anything is registered that it has to guard. */
export function secure(
  app: FastifyInstance,
  options: SecurityOptions & { readonly clock?: Clock; readonly sessions?: Sessions | undefined },
  logger: Logger,
): void {
  const {
    authenticator,
    sessions,
    limits = new SharedLimits(),
    responseHeaders = [],
    clock = systemClock,
  } = options;
  const cors = compileCors(options);
  const allowedHosts = compileHosts(options.allowedHosts ?? (authenticator ? 'any' : []));
  const refusalOf = async (request: FastifyRequest): Promise<ApiError | undefined> =>
    unknownHost(request, allowedHosts) ??
    otherSite(request, cors) ??
    tooMany(request, limits) ??
    (await identify(request, { authenticator, sessions }));
  requireRoles(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('x-frame-options', 'SAMEORIGIN');
    reply.header('referrer-policy', 'no-referrer');
    if (allowOrigin(request, reply, cors)) return reply.status(204).send();
    const refusal = await refusalOf(request).catch(toError);
    // Answered and not thrown: the boards have an error handler of their own.
    return refusal && sendError(refusal, request, reply, logger);
  });
  app.addHook('onSend', async (_request, reply, payload) => {
    const type = String(reply.getHeader('content-type') ?? '');
    if (type.startsWith('application/json') && !reply.hasHeader('cache-control')) {
      reply.header('cache-control', 'no-store');
    }
    addResponseHeaders(reply, responseHeaders, clock.wallMs());
    return payload;
  });
}

function tooMany({ ip }: FastifyRequest, limits: SharedLimits): ApiError | undefined {
  const waitMs = limits.take(ip);
  if (waitMs === 0) return undefined;
  return new ApiError(429, 'Too many requests came from this address', {
    headers: retryAfter(waitMs),
  });
}
