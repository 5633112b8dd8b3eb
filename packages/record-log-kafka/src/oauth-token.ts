/**
 * Tokens for OAUTHBEARER. From an endpoint: one token at a time is remembered, and replaced after four fifths of
 * its life (as Kafka's `sasl.login.refresh.window.factor`); while it cannot be replaced it is used until its end.
 * From a file: read anew each time, since somebody else replaces it. No error contains a secret or a token.
 */
import { readFile } from 'node:fs/promises';

import { type Clock, SluiceError, toError } from '@sluice/kernel';

import type { TokenSource } from './sasl-settings.ts';

const limitMs = 10_000;
/** Of a token that does not say how long it lives. */
const lifeDefaultMs = 60_000;
const refreshAfter = 0.8;
/** A token that is about to end must still do for one handshake. */
const usableForMs = 1_000;

interface Token {
  readonly value: string;
  readonly refreshAtMs: number;
  readonly endsAtMs: number;
}

interface Parts {
  readonly clock: Clock;
  readonly fetch?: typeof fetch;
}

/** @throws (the function) SluiceError `log.token_failed`, retriable. */
export function tokenProvider(source: TokenSource, parts: Parts): () => Promise<string> {
  if (source.kind === 'file') return () => tokenInFile(source.path);
  let current: Token | undefined;
  let asking: Promise<Token> | undefined;
  const ask = async (): Promise<Token> => {
    asking ??= askEndpoint(source, parts).finally(() => {
      asking = undefined;
    });
    return asking;
  };
  return async () => {
    const nowMs = parts.clock.monotonicMs();
    if (current && nowMs < current.refreshAtMs) return current.value;
    try {
      current = await ask();
    } catch (error) {
      if (!current || parts.clock.monotonicMs() > current.endsAtMs - usableForMs) throw error;
    }
    return current.value;
  };
}

async function tokenInFile(path: string): Promise<string> {
  try {
    const token = (
      await readFile(path, { encoding: 'utf8', signal: AbortSignal.timeout(limitMs) })
    ).trim();
    if (token !== '') return token;
  } catch (cause) {
    throw failed(`${path} cannot be read (${toError(cause).message})`, cause);
  }
  throw failed(`${path}, the file with the token, is empty`);
}

async function askEndpoint(
  source: Extract<TokenSource, { kind: 'endpoint' }>,
  { clock, fetch: send = fetch }: Parts,
): Promise<Token> {
  const { url, clientId, clientSecret, scope } = source;
  const where = addressOf(url);
  const askedAtMs = clock.monotonicMs();
  const answer = await request(where, async () => {
    const response = await send(url, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        accept: 'application/json',
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(scope === undefined ? {} : { scope }),
      }),
      redirect: 'error',
      signal: AbortSignal.timeout(limitMs),
    });
    return { status: response.status, text: await response.text() };
  });
  if (answer.status === 400 || answer.status === 401 || answer.status === 403) {
    throw failed(
      `${where} refuses this client (status ${answer.status}${oauthError(answer.text)}): check KAFKA_SASL_OAUTHBEARER_CLIENT_ID, _CLIENT_SECRET and _SCOPE`,
    );
  }
  if (answer.status !== 200) throw failed(`${where} answered with status ${answer.status}`);
  const body = parse(answer.text);
  const value = body['access_token'];
  if (typeof value !== 'string' || value === '') {
    throw failed(`${where} answered without an access_token: is it the endpoint for tokens?`);
  }
  const seconds = Number(body['expires_in']);
  const lifeMs = seconds > 0 ? seconds * 1_000 : lifeDefaultMs;
  return { value, refreshAtMs: askedAtMs + lifeMs * refreshAfter, endsAtMs: askedAtMs + lifeMs };
}

async function request<Result>(where: string, send: () => Promise<Result>): Promise<Result> {
  try {
    return await send();
  } catch (thrown) {
    const error = toError(thrown);
    // What fetch throws only says that it failed; why is in its cause.
    const why = error.name === 'TimeoutError' ? `not within ${limitMs / 1_000} s` : reasonOf(error);
    throw failed(`${where} does not answer (${why})`, error);
  }
}

function reasonOf({ message, cause }: Error): string {
  return cause === undefined ? message : toError(cause).message || message;
}

function failed(why: string, cause?: unknown): SluiceError {
  return new SluiceError('log.token_failed', `no token for Kafka (OAUTHBEARER): ${why}`, {
    retriable: true,
    cause,
  });
}

/** The standard's short code, such as `invalid_client`; descriptions may quote what was sent. */
function oauthError(text: string): string {
  const code = parse(text)['error'];
  return typeof code === 'string' && /^[a-z_]{1,40}$/.test(code) ? `, ${code}` : '';
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null
      ? (parsed as Readonly<Record<string, unknown>>)
      : {};
  } catch {
    return {};
  }
}

/** Without user, password and query. */
function addressOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
