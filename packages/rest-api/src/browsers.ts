/**
 * What pages of other sites may do. A browser on a machine can be made to talk to any address that it reaches, the
 * loopback included, by any page that it shows: so a write that comes from another site, and a name that was made to
 * resolve to this server, are refused unless they were allowed.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';

import { ApiError } from './api-error.ts';
import { isLoopback } from './bind.ts';
import { isOfPage, isSameOrigin, safeMethods } from './same-origin.ts';

export interface BrowserOptions {
  /** `access.control.allow.origin`: origins that browsers may call from, `*` for any part; none by default. */
  readonly corsOrigins?: readonly string[];
  /** `access.control.allow.methods`, default as Kafka Connect's: GET, POST and HEAD. */
  readonly corsMethods?: readonly string[];
  /** Host names besides localhost and addresses. `any` by default where authentication protects. */
  readonly allowedHosts?: readonly string[] | 'any';
}

export type AllowedHosts = ReadonlySet<string> | 'any';

export function compileHosts(hosts: readonly string[] | 'any'): AllowedHosts {
  return hosts === 'any' ? 'any' : new Set(hosts.map((host) => host.trim().toLowerCase()));
}

export interface Cors {
  readonly isAllowed: (origin: string) => boolean;
  readonly methods: ReadonlySet<string>;
}

const corsMethodsDefault = ['GET', 'POST', 'HEAD'];

export function compileCors({ corsOrigins = [], corsMethods = [] }: BrowserOptions): Cors {
  const patterns = corsOrigins.map((origin) => new RegExp(`^${wildcards(origin)}$`, 'i'));
  const methods = corsMethods.length > 0 ? corsMethods : corsMethodsDefault;
  return {
    isAllowed: (origin) => patterns.some((pattern) => pattern.test(origin)),
    methods: new Set(methods.map((method) => method.toUpperCase())),
  };
}

function wildcards(text: string): string {
  return text
    .split('*')
    .map((part) => RegExp.escape(part))
    .join('.*');
}

/** Browsers ask with OPTIONS, and without a password, whether they may: then true. */
export function allowOrigin(request: FastifyRequest, reply: FastifyReply, cors: Cors): boolean {
  const { origin } = request.headers;
  if (origin === undefined || !cors.isAllowed(origin)) return false;
  reply.header('access-control-allow-origin', origin);
  reply.header('vary', 'origin');
  const isPreflight =
    request.method === 'OPTIONS' && 'access-control-request-method' in request.headers;
  if (!isPreflight) return false;
  reply.header('access-control-allow-methods', [...cors.methods].join(','));
  reply.header('access-control-allow-headers', 'authorization, content-type');
  return true;
}

export function otherSite(request: FastifyRequest, cors: Cors): ApiError | undefined {
  const { origin } = request.headers;
  if (safeMethods.has(request.method)) return undefined;
  if (!isOfPage(request) || isSameOrigin(request)) return undefined;
  if (origin === undefined || !cors.isAllowed(origin)) {
    return new ApiError(403, 'Refused: this request was made by a page of another site');
  }
  if (cors.methods.has(request.method)) return undefined;
  return new ApiError(
    403,
    `Refused: pages of other sites may not ask for ${request.method}; access.control.allow.methods has ${[...cors.methods].join(', ')}`,
  );
}

export function unknownHost(request: FastifyRequest, allowed: AllowedHosts): ApiError | undefined {
  const { host } = request.headers;
  if (allowed === 'any' || host === undefined) return undefined;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const isAddress = /^[\d.]+$/.test(name) || name.startsWith('[');
  if (isAddress || isLoopback(name) || allowed.has(name)) return undefined;
  return new ApiError(
    403,
    `Refused: "${name}" is not a name of this server; use its address, or allow the name`,
  );
}
