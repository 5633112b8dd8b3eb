/** Who asks, by what they send or by the certificate that they showed. Decides nothing about what they may do. */
import type { Clock } from '@sluice/kernel';

import { type Callers, type KnownCaller, noCallers } from './callers.ts';
import { JwtCheck, type JwtGround, type JwtOptions } from './jwt-check.ts';
import { PasswordCheck } from './password-check.ts';
import { proofFingerprint } from './proof.ts';
import { clientKey, RateLimit } from './rate-limit.ts';
import type { Caller } from './roles.ts';

export interface Credentials {
  /** The header. */
  readonly authorization: string | undefined;
  /** Of the certificate that the TLS handshake has checked. */
  readonly certificateSubject?: string | undefined;
  /** Where from. */
  readonly address: string;
}

export type Authentication =
  | { readonly kind: 'known'; readonly caller: Caller; readonly credential: Credential }
  | { readonly kind: 'unknown'; readonly reason?: string }
  /** Known, but without a role here. */
  | { readonly kind: 'no-role'; readonly name: string }
  | { readonly kind: 'guessing'; readonly waitMs: number }
  | { readonly kind: 'busy' }
  | { readonly kind: 'unavailable'; readonly reason: string };

/** What a caller has proved itself by, without the secret: enough to tell later whether it still stands. */
export type Credential =
  | { readonly kind: 'listed'; readonly fingerprint: string }
  | ({ readonly kind: 'jwt'; readonly untilMs: number } & JwtGround);

export interface AuthenticatorOptions {
  readonly callers?: Callers;
  readonly jwt?: JwtOptions | undefined;
  readonly clock: Clock;
}

/** Of wrong passwords and tokens from one address; then nothing is looked at until the minute is over. */
export const guessesMax = 20;
const guessesWindowMs = 60_000;

export class Authenticator {
  readonly #clock: Clock;
  readonly #jwt: JwtCheck | undefined;
  readonly #guesses: RateLimit;
  #callers: Callers;
  #passwords: PasswordCheck;

  constructor({ callers = noCallers, jwt, clock }: AuthenticatorOptions) {
    this.#clock = clock;
    this.#jwt = jwt && new JwtCheck(jwt, clock);
    this.#guesses = new RateLimit({ max: guessesMax, windowMs: guessesWindowMs, clock });
    this.#callers = callers;
    this.#passwords = new PasswordCheck(callers, clock);
  }

  /** From now on only these: what was remembered of others is gone. */
  use(callers: Callers): void {
    this.#callers = callers;
    this.#passwords = new PasswordCheck(callers, this.#clock);
  }

  /** The caller as it is now; undefined: it is no more. */
  stillStands({ name, by }: Caller, credential: Credential): Caller | undefined {
    if (credential.kind === 'jwt') {
      if (this.#clock.wallMs() >= credential.untilMs) return undefined;
      const roleNow = this.#jwt?.roleOf(credential);
      return roleNow && { name, role: roleNow, by };
    }
    const found = this.#callers
      .named(name)
      .find(({ proof }) => proofFingerprint(proof) === credential.fingerprint);
    return found && { name, role: found.role, by };
  }

  async authenticate(credentials: Credentials): Promise<Authentication> {
    const { authorization, certificateSubject, address } = credentials;
    if (authorization !== undefined) {
      const bearer = /^bearer +(\S+)$/i.exec(authorization)?.[1];
      if (bearer !== undefined && this.#jwt && isJwt(bearer)) return this.#byJwt(this.#jwt, bearer);
      return await this.#bySecret(authorization, bearer, clientKey(address));
    }
    const found =
      certificateSubject === undefined ? undefined : this.#callers.withSubject(certificateSubject);
    if (!found) return { kind: 'unknown' };
    return known(found, 'certificate');
  }

  async #byJwt(check: JwtCheck, token: string): Promise<Authentication> {
    const result = await check.check(token);
    switch (result.kind) {
      case 'right':
        return {
          kind: 'known',
          caller: result.caller,
          credential: { kind: 'jwt', untilMs: result.untilMs, ...result.ground },
        };
      case 'wrong':
        return { kind: 'unknown', reason: `the token is refused: ${result.reason}` };
      case 'no-role':
      case 'unavailable':
        return result;
    }
  }

  async #bySecret(
    authorization: string,
    bearer: string | undefined,
    client: string,
  ): Promise<Authentication> {
    // First of all, and also for what is right: else it would tell which guess was.
    const waitMs = this.#guesses.waitMs(client);
    if (waitMs > 0) return { kind: 'guessing', waitMs };
    const result =
      bearer === undefined ? await this.#byPassword(authorization) : this.#byToken(bearer);
    if (result.kind === 'unknown') this.#guesses.take(client);
    return result;
  }

  #byToken(token: string): Authentication {
    const found = this.#callers.withToken(token);
    if (!found) return { kind: 'unknown' };
    return known(found, 'token');
  }

  async #byPassword(authorization: string): Promise<Authentication> {
    const encoded = /^basic +([\w+/=-]+)$/i.exec(authorization)?.[1];
    const text = Buffer.from(encoded ?? '', 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 0) return { kind: 'unknown' };
    const result = await this.#passwords.check(text.slice(0, colon), text.slice(colon + 1));
    if (result.kind === 'busy') return { kind: 'busy' };
    if (result.kind === 'wrong') return { kind: 'unknown' };
    return known(result.caller, result.caller.proof.kind === 'token' ? 'token' : 'password');
  }
}

function known({ name, role, proof }: KnownCaller, by: Caller['by']): Authentication {
  const credential = { kind: 'listed', fingerprint: proofFingerprint(proof) } as const;
  return { kind: 'known', caller: { name, role, by }, credential };
}

function isJwt(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
}
