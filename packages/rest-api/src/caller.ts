/**
 * Who asks, and what they may do. Each route says which role it needs; one that says none keeps the server from
 * starting, and is refused to everybody.
 */

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import {
  type Authentication,
  type Authenticator,
  allows,
  anybody,
  type Caller,
  type Role,
  subjectOf,
} from '@sluice/access';
import { assertNever, SluiceError } from '@sluice/kernel';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';

import { ApiError } from './api-error.ts';
import { isSameOrigin, safeMethods } from './same-origin.ts';
import type { Sessions } from './sessions.ts';

/** `open`: for anybody, known or not. */
export type RouteRole = Role | 'open';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Which role it needs. */
    role?: RouteRole;
  }
}

const callers = new WeakMap<FastifyRequest, Caller>();

/** Undefined for who has not been identified: where a route is open, and where identifying failed. */
export function callerOf(request: FastifyRequest): Caller | undefined {
  return callers.get(request);
}

const rechecks = new WeakMap<FastifyRequest, () => Promise<ApiError | undefined>>();

/** Whether who asked may still: for answers that take long. Rejects where that cannot be told now. */
export async function mayStill(request: FastifyRequest): Promise<boolean> {
  const refusalNow = await rechecks.get(request)?.();
  // Somebody else at the same address guesses, or nothing can be looked at.
  if (refusalNow && (refusalNow.status === 429 || refusalNow.status >= 500)) throw refusalNow;
  return refusalNow === undefined;
}

/** Whether who asks may change definitions, and so may see what stands in them. */
export function mayWrite(request: FastifyRequest): boolean {
  const caller = callerOf(request);
  return caller !== undefined && allows(caller.role, 'admin');
}

/** For routes that are open, and find out themselves. */
export function identifyAs(request: FastifyRequest, caller: Caller): void {
  callers.set(request, caller);
}

export interface Identification {
  /** None: anybody may do everything. */
  readonly authenticator: Authenticator | undefined;
  readonly sessions: Sessions | undefined;
}

/** Why this request is refused, if it is. */
export async function identify(
  request: FastifyRequest,
  { authenticator, sessions }: Identification,
): Promise<ApiError | undefined> {
  const needed = roleNeeded(request);
  if (needed === 'open') return undefined;
  if (!authenticator) {
    callers.set(request, anybody);
    return undefined;
  }
  rechecks.set(request, () => identify(request, { authenticator, sessions }));
  const { authorization } = request.headers;
  const session = authorization === undefined ? await sessions?.find(request) : undefined;
  if (session && !mayCome(request)) return otherOrigin();
  const answer = session
    ? ({ kind: 'known', caller: session.caller } as const)
    : await authenticator.authenticate({
        authorization,
        certificateSubject: certificateSubject(request.raw.socket),
        address: request.ip,
      });
  if (answer.kind !== 'known')
    return refusal(answer, { asksForPassword: !isPage(request, sessions) });
  const { caller } = answer;
  callers.set(request, caller);
  if (needed !== undefined && allows(caller.role, needed)) return undefined;
  return new ApiError(
    403,
    `Refused: ${caller.name} has the role ${caller.role}, and this needs ${needed ?? 'one that nobody has'}`,
  );
}

/** Asked of the route and not of the url, which may be spelt in many ways. What there is not may be asked for. */
function roleNeeded(request: FastifyRequest): RouteRole | undefined {
  return request.is404 ? 'viewer' : request.routeOptions.config.role;
}

/** Browsers send cookies also for pages of other origins of the same site, as other ports of a host are. */
function mayCome(request: FastifyRequest): boolean {
  return safeMethods.has(request.method) || isSameOrigin(request);
}

export function otherOrigin(): ApiError {
  return new ApiError(
    403,
    'Refused: sessions of browsers are for the pages of this server only; programs send their credentials with each request',
  );
}

/** A script of the dashboard asked, which shows how to sign in: the browser must not ask for a password itself. */
function isPage(request: FastifyRequest, sessions: Sessions | undefined): boolean {
  const { url } = request.routeOptions;
  return (
    request.headers['sec-fetch-dest'] === 'empty' ||
    url === '/sluice/session' ||
    url === '/sluice/live' ||
    sessions?.hasCookie(request) === true
  );
}

export function refusal(
  answer: Exclude<Authentication, { kind: 'known' }>,
  { asksForPassword = false } = {},
): ApiError {
  switch (answer.kind) {
    case 'unknown': {
      const why = answer.reason === undefined ? '.' : `: ${answer.reason}`;
      // Kafka Connect's words.
      return new ApiError(401, `User cannot access the resource${why}`, {
        headers: {
          'www-authenticate': asksForPassword
            ? 'Basic realm="sluice", charset="UTF-8"'
            : 'Bearer realm="sluice"',
        },
      });
    }
    case 'no-role':
      return new ApiError(403, `Refused: ${answer.name} has no role here`);
    case 'guessing':
      return new ApiError(429, 'Too many wrong passwords or tokens came from this address', {
        headers: retryAfter(answer.waitMs),
      });
    case 'busy':
      return new ApiError(503, 'Too many passwords are being checked: try again in a moment', {
        headers: retryAfter(1_000),
      });
    case 'unavailable':
      return new ApiError(503, `The identity provider does not answer: ${answer.reason}`, {
        headers: retryAfter(1_000),
      });
    default:
      return assertNever(answer);
  }
}

export function retryAfter(ms: number): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil(ms / 1_000))) };
}

const subjects = new WeakMap<Socket, string | undefined>();

/** The handshake is done once for many requests. */
function certificateSubject(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  if (!subjects.has(socket)) {
    const certificate = socket.getPeerX509Certificate();
    subjects.set(socket, certificate && subjectOf(certificate));
  }
  return subjects.get(socket);
}

/** @throws when the server gets ready, about routes that do not say which role they need. */
export function requireRoles(app: FastifyInstance): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  app.addHook('onReady', async () => {
    const without = routes.filter(({ config }) => config?.role === undefined);
    if (without.length === 0) return;
    const names = without.map(({ method, url }) => `${String(method)} ${url}`).join(', ');
    throw new SluiceError('route.without_role', `no role is declared for ${names}`);
  });
}

/** For the routes of a plugin that knows nothing of roles. */
export function giveRoles(
  app: FastifyInstance,
  { read, write, action }: { read: Role; write: Role; action: string },
): void {
  app.addHook('onRoute', (route) => {
    const isRead = [route.method].flat().every((method) => safeMethods.has(method));
    route.config = { ...route.config, ...(isRead ? { role: read } : { role: write, action }) };
  });
}
