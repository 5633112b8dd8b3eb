/** Every error of every route, unknown routes and broken requests included, in Kafka Connect's shape. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { hasCode, type Logger, toError } from '@sluice/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { ApiError, errorBody } from './api-error.ts';
import { notePending } from './audit.ts';

export function handleErrors(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler((thrown: unknown, request, reply) =>
    sendError(thrown, request, reply, logger),
  );
  app.setNotFoundHandler((request) => {
    throw new ApiError(
      404,
      `HTTP 404 Not Found: no resource at ${request.method} ${pathOf(request)}`,
    );
  });
}

/** Also for what fails before a route is found: a url that cannot be decoded. */
export function sendError(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): FastifyReply {
  const error = asApiError(thrown);
  if (error.extra['request_id'] !== undefined) notePending(request);
  if (error.status >= 500) {
    // The url without its query: people put all kinds of things there.
    const fields = { method: request.method, path: pathOf(request), status: error.status };
    logger.warn({ ...fields, error: toError(thrown).message }, 'request failed');
  }
  for (const [name, value] of Object.entries(error.headers)) reply.header(name, value);
  return reply.status(error.status).send(errorBody(error.status, error.message, error.extra));
}

/** What is no HTTP at all reaches no route, and gets the same shape. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = brokenRequestStatus.get(error.code ?? '') ?? 400;
  const reason = STATUS_CODES[status] ?? 'Bad Request';
  const body = JSON.stringify(errorBody(status, `HTTP ${status} ${reason}`));
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}

const brokenRequestStatus: ReadonlyMap<string, number> = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const error = toError(thrown);
  // Kafka Connect has no such case: it answers reads from memory. A client that retries on 5xx does
  // the right thing here.
  if (hasCode(error, 'store.unreachable') || hasCode(error, 'log.unreachable')) {
    return new ApiError(503, error.message, { headers: { 'retry-after': '1' } });
  }
  // Fastify's own: a body that is too large, a url that cannot be decoded.
  const status = 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) return new ApiError(status, error.message);
  return new ApiError(500, error.message);
}

export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? request.url;
}
