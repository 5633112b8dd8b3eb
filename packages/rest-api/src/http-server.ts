/** What a server bears of its clients before it knows who they are, and how it encrypts. */
import type { ServerResponse } from 'node:http';
import type { Server, ServerOptions } from 'node:https';
import { type TlsOptions, Server as TlsServer } from 'node:tls';
import type { Access } from '@sluice/access';
import {
  type FastifyHttpsOptions,
  type FastifyInstance,
  type FastifyServerOptions,
  fastify,
} from 'fastify';

import { errorBody } from './api-error.ts';
import { SharedLimits } from './shared-limits.ts';

export interface ServerLimits {
  /** TLS; none: plain HTTP. */
  readonly tls?: TlsOptions | undefined;
  /** Of all listeners of the process; default: of this one alone. */
  readonly limits?: SharedLimits;
  /** Until the headers of a request are there; default 10 s. */
  readonly headersTimeoutMs?: number;
  /** Addresses of proxies that are believed when they say for whom they ask (`X-Forwarded-For`). */
  readonly trustedProxies?: readonly string[];
}

/** A definition of 10 MB over a slow line. */
const requestTimeoutMs = 60_000;
/** Headers fit in a few packets: who takes longer holds a connection and nothing else. */
const headersTimeoutDefaultMs = 10_000;

export function createHttpServer(
  serverLimits: ServerLimits,
  options: FastifyServerOptions = {},
): FastifyInstance {
  const { tls, limits = new SharedLimits(), trustedProxies = [] } = serverLimits;
  const { headersTimeoutMs = headersTimeoutDefaultMs } = serverLimits;
  const timeouts = {
    headersTimeout: headersTimeoutMs,
    // How late that may be noticed.
    connectionsCheckingInterval: headersTimeoutMs / 5,
    // Node's own is two minutes, for which anybody could hold each connection that there may be.
    handshakeTimeout: headersTimeoutMs,
    // Refused below, in the shape of all errors.
    requireHostHeader: false,
  };
  const common = {
    requestTimeout: requestTimeoutMs,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    ...options,
  };
  const app = tls
    ? encrypted(common, { ...tls, ...timeouts })
    : fastify({ ...common, http: timeouts });
  limits.guard(app.server);
  closeUnencrypted(app);
  refuseBroken(app);
  return app;
}

/** What Node would refuse without a word. */
function refuseBroken(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ headers, raw }, reply) => {
    if (headers.host !== undefined || raw.httpVersion === '1.0') return undefined;
    const body = errorBody(400, 'HTTP 400 Bad Request: there is no Host');
    return reply.status(400).header('connection', 'close').send(body);
  });
  app.server.on('checkExpectation', (_request, response: ServerResponse) => {
    const body = JSON.stringify(errorBody(417, 'HTTP 417 Expectation Failed'));
    response
      .writeHead(417, {
        'content-type': 'application/json',
        'content-length': body.length,
        connection: 'close',
      })
      .end(body);
  });
}

/** Whoever does not get as far as TLS gets no answer either: one would wait for the handshake, and hold the connection. */
function closeUnencrypted({ server }: FastifyInstance): void {
  if (!(server instanceof TlsServer)) return;
  server.on('tlsClientError', (_error, socket) => socket.destroy());
}

/** The listener gets new certificates when there are some. */
export function keepCertificates(app: FastifyInstance, access: Access): void {
  if (app.server instanceof TlsServer) access.keepCertificates(app.server);
}

/** Nothing here depends on which kind of server it is, so the types need not tell them apart. */
function encrypted(options: FastifyServerOptions, https: ServerOptions): FastifyInstance {
  const secured = { ...options, https } as unknown as FastifyHttpsOptions<Server>;
  return fastify(secured);
}
