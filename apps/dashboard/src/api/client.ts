/** The coordinator's REST API, from the page that it serves: same origin, with the session's cookie. */
import { parseExactJson, stringifyExactJson } from '@sluice/kernel/exact-json';
import { addressPart } from '../paths.ts';

const timeoutMs = 20_000;

/** What the server answered, in its own words, or that none did (status 0). */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

export interface CallOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** Whole numbers that JavaScript would round are BigInts, in the body and in the answer. */
  readonly isExact?: boolean;
}

type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

/** Whoever wants to know that the session ended. */
let signedOut: () => void = () => undefined;

export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

/** The shape of an answer is the server's promise: it is typed where it is asked for. @throws ApiError */
export async function call<T>(
  method: Method,
  path: string,
  { body, signal, timeoutMs: limitMs = timeoutMs, isExact = false }: CallOptions = {},
): Promise<T> {
  const limit = AbortSignal.timeout(limitMs);
  const response = await fetch(path, {
    method,
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
    headers: {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: isExact ? stringifyExactJson(body) : JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw new ApiError(0, limit.aborted ? 'the coordinator does not answer' : messageOf(error));
  });
  const text = await response.text().catch(() => '');
  const parsed = parse(text, isExact);
  if (response.ok) return parsed as T;
  if (response.status === 401 && path !== '/sluice/session') signedOut();
  throw new ApiError(response.status, errorMessage(parsed) ?? `answered ${response.status}`);
}

function parse(text: string, isExact: boolean): unknown {
  try {
    if (text === '') return undefined;
    return isExact ? parseExactJson(text) : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function errorMessage(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('message' in body)) return undefined;
  return typeof body.message === 'string' ? body.message : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `/connectors/{name}` and what is below it; under `/sluice` for the names that only that has an address for. */
export function connectorUrl(name: string, below = ''): string {
  const part = addressPart(name);
  return `${part.startsWith('=') ? '/sluice' : ''}/connectors/${part}${below}`;
}
