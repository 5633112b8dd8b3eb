/**
 * The dashboard's page under `/ui/`. It is open to anybody, since it holds nothing of the cluster: what it shows, it asks
 * the API for. Browsers that ask for `/` are sent to it; all others get Kafka Connect's answer there.
 */
import { hasCode } from '@sluice/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { DashboardFile, DashboardFiles } from './dashboard-files.ts';
import { acceptsEncoding, prefersHtml } from './preferences.ts';

const home = '/ui/';

/** Nothing from elsewhere, and no script or style that was written into the page. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const yearSeconds = 365 * 24 * 3_600;

/** Before anybody has to say who they are. */
export function sendBrowsersHome(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const isHome = /^\/(\?|$)/.test(request.url) && request.method === 'GET';
    if (!isHome) return undefined;
    reply.header('vary', 'accept');
    return prefersHtml(request.headers.accept) ? reply.redirect(home) : undefined;
  });
}

export function registerDashboard(app: FastifyInstance, files: DashboardFiles): void {
  const page = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    // The router takes it for the same as with a slash, and the page does not.
    if (/^\/ui(\?|$)/.test(request.url)) return reply.redirect(home);
    const path = (request.params as { readonly '*'?: string })['*'] ?? '';
    const file = await found(files, path);
    if (!file) throw new ApiError(404, `HTTP 404 Not Found: no resource at GET ${home}${path}`);
    return sendFile(request, reply, file);
  };
  for (const url of ['/ui', '/ui/*']) app.get(url, { config: { role: 'open' } }, page);
}

async function found(files: DashboardFiles, path: string): Promise<DashboardFile | undefined> {
  try {
    return await files.find(path);
  } catch (error) {
    if (!hasCode(error, 'dashboard.not_built')) throw error;
    throw new ApiError(503, (error as Error).message);
  }
}

function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, type, isHashed, packed }: DashboardFile,
): FastifyReply {
  reply.header('content-type', type);
  reply.header('content-security-policy', contentSecurityPolicy);
  reply.header(
    'cache-control',
    isHashed ? `public, max-age=${yearSeconds}, immutable` : 'no-store',
  );
  if (packed.size > 0) reply.header('vary', 'accept-encoding');
  for (const [encoding, content] of packed) {
    if (!acceptsEncoding(request.headers['accept-encoding'], encoding)) continue;
    return reply.header('content-encoding', encoding).send(content);
  }
  return reply.send(body);
}
