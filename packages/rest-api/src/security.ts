/**
 * Who may talk to this server. It listens on the loopback without a password by default, and a browser on
 * that machine can be made to talk to it by any page that it shows: so a write that comes from another
 * site, and a name that was made to resolve to the loopback, are refused.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Logger, SluiceError } from '@sluice/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { ApiError } from './api-error.ts';
import { sendError } from './error-handling.ts';

export interface BasicAuth {
  readonly users: readonly { readonly username: string; readonly password: string }[];
}

export interface SecurityOptions {
  readonly auth?: BasicAuth;
  /** `access.control.allow.origin`: origins that browsers may call from, `*` for any part; none by default. */
  readonly corsOrigins?: readonly string[];
  /** `access.control.allow.methods`, default as Kafka Connect's: GET, POST and HEAD. */
  readonly corsMethods?: readonly string[];
  /** Host names besides localhost and addresses. `any` by default where a password protects. */
  readonly allowedHosts?: readonly string[] | 'any';
}

/** Probes come without a password; these say nothing but yes or no. */
const openPaths = new Set(['/health/live', '/health/ready']);

/** @throws SluiceError `bind.refused` with the remedy. */
export function assertBindAllowed(options: {
  host: string;
  hasAuth: boolean;
  insecure: boolean;
}): void {
  const { host, hasAuth, insecure } = options;
  if (isLoopback(host) || hasAuth || insecure) return;
  throw new SluiceError(
    'bind.refused',
    `refused to listen on ${host || 'all addresses'} without authentication: anyone who reaches it could run connectors. Listen on 127.0.0.1, set a user and a password, or pass --insecure if the network is trusted`,
    { details: { host } },
  );
}

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return (
    name === 'localhost' ||
    name === '::1' ||
    /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
  );
}

export function secure(app: FastifyInstance, options: SecurityOptions, logger: Logger): void {
  const { auth } = options;
  const cors = compileCors(options);
  const allowedHosts = compileHosts(options.allowedHosts ?? (auth ? 'any' : []));
  const isAuthorized = auth && compilePasswordCheck(auth);
  const refusalOf = (request: FastifyRequest): ApiError | undefined =>
    unknownHost(request, allowedHosts) ??
    otherSite(request, cors) ??
    (isAuthorized && !isOpen(request) && !isAuthorized(request.headers.authorization)
      ? unauthorized()
      : undefined);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('x-frame-options', 'SAMEORIGIN');
    reply.header('referrer-policy', 'no-referrer');
    if (allowOrigin(request, reply, cors)) return reply.status(204).send();
    const refusal = refusalOf(request);
    // Answered and not thrown: the boards have an error handler of their own.
    return refusal && sendError(refusal, request, reply, logger);
  });
  app.addHook('onSend', async (_request, reply, payload) => {
    const type = String(reply.getHeader('content-type') ?? '');
    if (type.startsWith('application/json') && !reply.hasHeader('cache-control')) {
      reply.header('cache-control', 'no-store');
    }
    return payload;
  });
}

/** Asked of the route and not of the url, which may be spelt in many ways. */
function isOpen(request: FastifyRequest): boolean {
  return openPaths.has(request.routeOptions.url ?? '');
}

type AllowedHosts = ReadonlySet<string> | 'any';

function compileHosts(hosts: readonly string[] | 'any'): AllowedHosts {
  return hosts === 'any' ? 'any' : new Set(hosts.map((host) => host.trim().toLowerCase()));
}

interface Cors {
  readonly isAllowed: (origin: string) => boolean;
  readonly methods: ReadonlySet<string>;
}

const corsMethodsDefault = ['GET', 'POST', 'HEAD'];

function compileCors({ corsOrigins = [], corsMethods = [] }: SecurityOptions): Cors {
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
function allowOrigin(request: FastifyRequest, reply: FastifyReply, cors: Cors): boolean {
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

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

function otherSite(request: FastifyRequest, cors: Cors): ApiError | undefined {
  const { origin, host } = request.headers;
  if (safeMethods.has(request.method)) return undefined;
  const site = request.headers['sec-fetch-site'];
  // Browsers state it on secure and local pages, also through a proxy that rewrites Host.
  const isSame =
    site === undefined
      ? origin === undefined || hostOf(origin) === host
      : site === 'same-origin' || site === 'none';
  if (isSame) return undefined;
  if (origin === undefined || !cors.isAllowed(origin)) {
    return new ApiError(403, 'Refused: this request was made by a page of another site');
  }
  if (cors.methods.has(request.method)) return undefined;
  return new ApiError(
    403,
    `Refused: pages of other sites may not ask for ${request.method}; access.control.allow.methods has ${[...cors.methods].join(', ')}`,
  );
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function unknownHost(request: FastifyRequest, allowed: AllowedHosts): ApiError | undefined {
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

function unauthorized(): ApiError {
  return new ApiError(401, 'User cannot access the resource.', {
    headers: { 'www-authenticate': 'Basic realm="sluice", charset="UTF-8"' },
  });
}

function compilePasswordCheck({ users }: BasicAuth): (header: string | undefined) => boolean {
  const key = randomBytes(32);
  const digest = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const known = users.map(({ username, password }) => digest(`${username}:${password}`));
  return (header) => {
    const [, encoded] = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(header ?? '') ?? [];
    if (encoded === undefined) return false;
    const given = digest(Buffer.from(encoded, 'base64').toString('utf8'));
    // All are compared, so that the time tells nothing.
    let isKnown = false;
    for (const user of known) isKnown = timingSafeEqual(user, given) || isKnown;
    return isKnown;
  };
}
