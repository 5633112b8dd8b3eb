/**
 * Sessions of browsers: who signed in once is known by a cookie, on every coordinator.
 *
 * A session is not a credential of its own: it stands as long as what its owner signed in with, which is looked at with
 * each request. A caller who is taken out of the file, or gets another password, is signed out; one who gets another
 * role has that. Of a token the provider is not asked again: what its claims come to by the settings of now is the role,
 * until the token expires. The store has a hash of what the cookie holds, so its content opens no session.
 *
 * Failures: without the store nobody with a cookie is known, and the answer is 503, not 401: the session still stands.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type Authentication, type Authenticator, type Caller, roles } from '@sluice/access';
import type { SessionStore } from '@sluice/coordination';
import { type Clock, toError } from '@sluice/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

export interface SessionsOptions {
  readonly store: SessionStore;
  readonly authenticator: Authenticator;
  /** Browsers send cookies to all ports of a host: those of clusters have names of their own. */
  readonly cluster: string;
  readonly clock: Clock;
}

export interface KnownSession {
  readonly caller: Caller;
  readonly untilMs: number;
}

export const sessionMs = 12 * 3_600_000;
const idBytes = 32;

/** What is stored. Anybody who has the store may have written it. */
const storedSchema = z.object({
  caller: z.object({
    name: z.string(),
    role: z.enum(roles),
    by: z.enum(['password', 'token', 'jwt', 'certificate']),
  }),
  credential: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('listed'), fingerprint: z.string() }),
    z.object({
      kind: z.literal('jwt'),
      untilMs: z.number(),
      issuer: z.string(),
      roleValues: z.array(z.string()),
    }),
  ]),
  untilMs: z.number(),
});

export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Signs in whom the credentials prove, and gives the browser its cookie. What it had before ends. */
  async open(
    credentials: { readonly authorization: string; readonly address: string },
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Authentication> {
    const { store, authenticator, clock } = this.#options;
    const answer = await authenticator.authenticate(credentials);
    if (answer.kind !== 'known') return answer;
    const { caller, credential } = answer;
    const nowMs = clock.wallMs();
    const endMs = nowMs + sessionMs;
    const untilMs = credential.kind === 'jwt' ? Math.min(endMs, credential.untilMs) : endMs;
    const id = randomBytes(idBytes).toString('base64url');
    await store.put(hashed(id), {
      session: JSON.stringify({ caller, credential, untilMs }),
      owner: `${caller.by} ${caller.name}`,
      keptMs: untilMs - nowMs,
    });
    const before = this.#idIn(request);
    if (before !== undefined) await store.remove(hashed(before));
    this.#setCookie(request, reply, { id, seconds: Math.floor((untilMs - nowMs) / 1_000) });
    return answer;
  }

  /** Whose session it is. Undefined: there is none, it is over, or its owner is known no more. */
  async find(request: FastifyRequest): Promise<KnownSession | undefined> {
    const { store, authenticator, clock } = this.#options;
    const id = this.#idIn(request);
    if (id === undefined) return undefined;
    const stored = parseStored(await store.get(hashed(id)));
    if (!stored || clock.wallMs() >= stored.untilMs) return undefined;
    const caller = authenticator.stillStands(stored.caller, stored.credential);
    return caller && { caller, untilMs: stored.untilMs };
  }

  async end(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const id = this.#idIn(request);
    if (id !== undefined) await this.#options.store.remove(hashed(id));
    this.#setCookie(request, reply, { id: '', seconds: 0 });
  }

  /** Whether the browser has, or had, a session. */
  hasCookie(request: FastifyRequest): boolean {
    return this.#idIn(request) !== undefined;
  }

  #idIn(request: FastifyRequest): string | undefined {
    const wanted = this.#cookieFor(request);
    for (const part of request.headers.cookie?.split(';') ?? []) {
      const [name, value] = part.trim().split('=', 2);
      if (name === wanted && value !== undefined && value !== '') return value;
    }
    return undefined;
  }

  /**
   * Over TLS under a name that browsers take from this very host and over TLS alone: a page of a host beside it, or
   * somebody on an open line, could plant one of another name, and so have people work in a session of theirs.
   */
  #cookieFor({ protocol }: FastifyRequest): string {
    return `${protocol === 'https' ? '__Host-' : ''}sluice-session-${this.#options.cluster}`;
  }

  /** Not for scripts of the page, nor for pages of other sites; over TLS if it was made there. */
  #setCookie(
    request: FastifyRequest,
    reply: FastifyReply,
    { id, seconds }: { readonly id: string; readonly seconds: number },
  ): void {
    const secure = request.protocol === 'https' ? '; Secure' : '';
    const cookie = `${this.#cookieFor(request)}=${id}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
    reply.header('set-cookie', cookie + secure);
  }
}

function hashed(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}

function parseStored(text: string | undefined): z.output<typeof storedSchema> | undefined {
  if (text === undefined) return undefined;
  try {
    return storedSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (toError(error) instanceof SyntaxError) return undefined;
    throw error;
  }
}
