/**
 * `response.http.headers.config`: headers that every answer gets, in Kafka Connect's words. A value that has a comma
 * stands in quotes.
 *
 *     add X-XSS-Protection: 1; mode=block, "set Cache-Control: no-cache, no-store", setDate Expires: 31540000000
 */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { SluiceError } from '@sluice/kernel';
import type { FastifyReply } from 'fastify';

const actions = ['set', 'add', 'setDate', 'addDate'] as const;

export interface ResponseHeader {
  readonly action: (typeof actions)[number];
  readonly name: string;
  /** Of a date: milliseconds from now. */
  readonly value: string;
}

/** @throws SluiceError `config.invalid` that names what is wrong. */
export function parseResponseHeaders(text: string): ResponseHeader[] {
  return (text.match(/(?:"[^"]*"|[^,"])+/g) ?? [])
    .map((part) =>
      part
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .trim(),
    )
    .filter((part) => part !== '')
    .map(parseHeader);
}

function parseHeader(text: string): ResponseHeader {
  const [, word = '', name = '', value = ''] = /^(\w+)\s+([^:]+):(.*)$/.exec(text) ?? [];
  const action = actions.find((each) => each.toLowerCase() === word.toLowerCase());
  const header = { action, name: name.trim(), value: value.trim() };
  if (!action || !isHeader(header) || (action.endsWith('Date') && !/^-?\d+$/.test(header.value))) {
    throw new SluiceError(
      'config.invalid',
      `"${text}" must have the form "[action] [header name]:[header value]", with one of ${actions.join(', ')} (dates in milliseconds from now)`,
    );
  }
  return { ...header, action };
}

function isHeader({ name, value }: { name: string; value: string }): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

export function addResponseHeaders(
  reply: FastifyReply,
  headers: readonly ResponseHeader[],
  nowMs: number,
): void {
  for (const { action, name, value } of headers) {
    const text = action.endsWith('Date') ? new Date(nowMs + Number(value)).toUTCString() : value;
    const existing = action.startsWith('add') ? reply.getHeader(name) : undefined;
    reply.header(name, existing === undefined ? text : [existing, text].flat().map(String));
  }
}
