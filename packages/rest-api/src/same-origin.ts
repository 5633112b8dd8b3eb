/** Whether a page of this server asks. */
import type { FastifyRequest } from 'fastify';

export const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether any page asks: not a program, and nobody who typed an address. */
export function isOfPage({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  return site === undefined ? headers.origin !== undefined : site !== 'none';
}

/** What no browser sent says nothing of where it comes from, and is not. */
export function isSameOrigin({ headers }: FastifyRequest): boolean {
  // Browsers state it on secure and local pages, also through a proxy that rewrites Host.
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  return origin !== undefined && hostOf(origin) === host;
}

export function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
