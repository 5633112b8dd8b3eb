/**
 * Bodies are JSON, whatever Content-Type says nothing about it: clients of Kafka Connect leave it out, and
 * send it with empty bodies. Numbers keep the digits that were sent, since a configuration value is a string.
 */
import { exactNumber, hasCode, toError } from '@sluice/kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { ApiError } from './api-error.ts';

/** Hundreds of definitions at once fit. */
export const bodyBytesMax = 10 * 1024 * 1024;

/** A definition is two levels deep, and an offset holds what a connector likes. */
const depthMax = 64;

export function parseBodies(
  app: FastifyInstance,
  parse: (text: string) => unknown = parseDigits,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      if (isBlank(bytes)) return undefined;
      const contentType = request.headers['content-type'];
      if (contentType !== undefined && !isJson(contentType)) {
        throw new ApiError(
          415,
          `HTTP 415 Unsupported Media Type: "${contentType}"; send application/json`,
        );
      }
      return parseJson(decode(bytes), parse);
    },
  );
}

/** As an empty one: nothing has to be said of its type. */
function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

/** Takes off the mark with which editors begin a file. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** JSON is UTF-8 whatever charset is claimed. Of other bytes something else than was sent would be stored. */
function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (hasCode(error, 'ERR_ENCODING_INVALID_ENCODED_DATA'))
      throw new ApiError(400, 'Request body is not UTF-8');
    throw error;
  }
}

function isJson(contentType: string): boolean {
  const mediaType = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  return /^(application|text)\/(.+\+)?json$/.test(mediaType) || mediaType === '';
}

interface ReviverContext {
  /** The text of a primitive value as it was sent. */
  readonly source?: string;
}

/** Numbers are numbers, exact up to 64 bits. */
export function parseExactBody(text: string): unknown {
  return JSON.parse(text, (key, value: unknown, context?: ReviverContext) => {
    assertOwnKey(key);
    return exactNumber(value, context?.source);
  }) as unknown;
}

function parseDigits(text: string): unknown {
  return JSON.parse(text, keepDigits) as unknown;
}

function parseJson(text: string, parse: (text: string) => unknown): unknown {
  assertDepth(text);
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    // V8 quotes the text around the mistake, which may be a password.
    const reason = toError(error).message.replace(
      /, (\.\.\.)?".*"(\.\.\.)? is not valid JSON$/s,
      '',
    );
    throw new ApiError(400, `Request body is not valid JSON: ${reason}`);
  }
}

/** Before it is parsed: whatever walks through the value afterwards may call itself for each level. */
function assertDepth(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        break;
      case '{':
      case '[':
        depth += 1;
        if (depth > depthMax) {
          throw new ApiError(400, `Request body is nested deeper than ${depthMax} levels`);
        }
        break;
      case '}':
      case ']':
        depth -= 1;
        break;
      default:
    }
  }
}

function endOfString(text: string, begin: number): number {
  let at = begin + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function keepDigits(key: string, value: unknown, context?: ReviverContext): unknown {
  assertOwnKey(key);
  const source = context?.source;
  // 1.0, 1e3 and numbers past 2^53 would change.
  if (typeof value === 'number' && source !== undefined && String(value) !== source) return source;
  return value;
}

function assertOwnKey(key: string): void {
  if (key === '__proto__') throw new ApiError(400, 'Request body contains the key "__proto__"');
}
