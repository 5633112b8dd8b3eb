/** Requests as they go over the wire, with the headers and bodies of any client, and what their answers have to be. */
import assert from 'node:assert/strict';
import { waitFor } from '@sluice/testkit';
import type { Trial } from '../trial.ts';

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, without a Content-Type unless `headers` has one. */
  readonly text?: string;
  readonly timeoutMs?: number;
  /** Of who is asked; default: who answers for the target. */
  readonly url?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed if it is JSON. */
  readonly body: unknown;
}

const answerLimitMs = 20_000;
const settleLimitMs = 40_000;

/** What workers of Kafka Connect say while they agree on who does what. */
const untilAgreed = /rebalance|stale configuration|no known leader URL/i;

/** `PUT /connectors/x/pause`. Asked again while workers of Kafka Connect are rebalancing. */
export async function ask(
  trial: Trial,
  request: string,
  options: RequestOptions = {},
): Promise<Answer> {
  return await waitFor(() => askOnce(trial, request, options), {
    what: `an answer to ${request}`,
    until: ({ status, text }) => !([409, 500].includes(status) && untilAgreed.test(text)),
    timeoutMs: settleLimitMs,
    intervalMs: 200,
  });
}

export async function askOnce(
  trial: Trial,
  request: string,
  {
    body,
    headers = {},
    text,
    timeoutMs = answerLimitMs,
    url = trial.target.url(),
  }: RequestOptions = {},
): Promise<Answer> {
  const [method = '', path = ''] = request.split(/ (.*)/s);
  const sent = body === undefined ? text : JSON.stringify(body);
  const response = await fetch(new URL(path, url), {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    // Of bytes, fetch does not guess a Content-Type.
    ...(sent === undefined ? {} : { body: Buffer.from(sent) }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const received = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text: received,
    body: parsed(received),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Status and body, if one is given, field for field. */
export function assertAnswer({ body, status, text }: Answer, expected: number, of?: unknown): void {
  assert.equal(status, expected, text);
  if (of !== undefined) assert.deepEqual(body, of);
}

/** `{error_code, message}`; other fields are Sluice's own, and no client minds them. */
export function assertError(
  { body, headers, status, text }: Answer,
  expected: number,
  message: string | RegExp,
): void {
  assert.equal(status, expected, text);
  // Where it finds no resource, Kafka Connect leaves the type out.
  assert.match(headers.get('content-type') ?? 'application/json', /^application\/json\b/);
  const error = body as { readonly error_code: unknown; readonly message: unknown };
  assert.equal(error.error_code, expected);
  if (typeof message === 'string') assert.equal(error.message, message);
  else assert.match(String(error.message), message);
}

/** How the message of a definition with so many errors begins. */
export function invalidDefinition(errors: number): RegExp {
  return new RegExp(
    `^Connector configuration is invalid and contains the following ${String(errors)} error\\(s\\):\\n`,
  );
}

/** The same request, until its answer is such. */
export async function until(
  trial: Trial,
  request: string,
  what: string,
  holds: (answer: Answer) => boolean,
): Promise<Answer> {
  return await waitFor(() => ask(trial, request), {
    what: `${request}: ${what}`,
    until: holds,
    timeoutMs: settleLimitMs,
    intervalMs: 100,
  });
}
