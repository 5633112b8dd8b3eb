/**
 * Checks tokens that an identity provider has signed (OpenID Connect, or any issuer of JWT): signature, issuer,
 * audience, time, and which role its claims come to. The provider's keys are fetched when the first token comes, kept,
 * and fetched again when they are old or a token names one that is not there: at most every half minute, and every few
 * seconds while the provider does not answer, so that made-up tokens make no traffic.
 */
import { type Clock, SluiceError, toError } from '@sluice/kernel';
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';

import { isCallerName } from './callers.ts';
import { type Caller, highestRole, type Role } from './roles.ts';

/** Those with a key pair: by a shared secret, whoever checks could sign, too. */
export const jwtAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

export interface JwtOptions {
  readonly issuer: string;
  readonly audience: string;
  /** Default: as `<issuer>/.well-known/openid-configuration` says. */
  readonly keysUrl?: string | undefined;
  readonly algorithms: readonly JwtAlgorithm[];
  /** Of the provider's clock and ours. */
  readonly clockSkewSeconds: number;
  /** Whose text is the caller's name. */
  readonly nameClaim: string;
  /** A name, or a path with dots: `realm_access.roles`. Its value is a text or a list of texts. */
  readonly rolesClaim: string;
  /** Which role each of its values gives. */
  readonly roles: ReadonlyMap<string, Role>;
}

/** What a token's role was made of, so that it can be made anew by other settings. */
export interface JwtGround {
  readonly issuer: string;
  /** Of the claim, those that gave a role. */
  readonly roleValues: readonly string[];
}

export type JwtResult =
  | {
      readonly kind: 'right';
      readonly caller: Caller;
      readonly untilMs: number;
      readonly ground: JwtGround;
    }
  | { readonly kind: 'wrong'; readonly reason: string }
  | { readonly kind: 'no-role'; readonly name: string }
  /** The provider does not answer. */
  | { readonly kind: 'unavailable'; readonly reason: string };

const fetchTimeoutMs = 5_000;
const fetchPauseMs = 30_000;
/** After a fetch that failed: whoever comes meanwhile is answered at once, and the provider is not asked by each of them. */
const failedPauseMs = 5_000;
const keysAgeMaxMs = 600_000;
/** Larger ones fit no header anyhow. */
const tokenCharactersMax = 16_384;
const documentCharactersMax = 262_144;

export class JwtCheck {
  readonly #options: JwtOptions;
  readonly #clock: Clock;
  #keys: Promise<JWTVerifyGetKey> | undefined;
  #failedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: JwtOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  async check(token: string): Promise<JwtResult> {
    if (token.length > tokenCharactersMax) return { kind: 'wrong', reason: 'it is too long' };
    const { issuer, audience, algorithms, clockSkewSeconds } = this.#options;
    try {
      const { payload } = await jwtVerify(token, await this.#findKeys(), {
        issuer,
        audience,
        algorithms: [...algorithms],
        clockTolerance: clockSkewSeconds,
        requiredClaims: ['exp'],
      });
      return callerOf(payload, this.#options);
    } catch (error) {
      return refusal(error);
    }
  }

  /** Of a token that was right once; undefined: it would be refused now. */
  roleOf({ issuer, roleValues }: JwtGround): Role | undefined {
    const { issuer: trusted, roles } = this.#options;
    return issuer === trusted
      ? highestRole(roleValues.flatMap((value) => roles.get(value) ?? []))
      : undefined;
  }

  #findKeys(): Promise<JWTVerifyGetKey> {
    this.#keys ??= this.#keysUrl().then(
      (url) =>
        createRemoteJWKSet(url, {
          timeoutDuration: fetchTimeoutMs,
          cooldownDuration: fetchPauseMs,
          cacheMaxAge: keysAgeMaxMs,
          [customFetch]: (address) => this.#ask(async () => Response.json(await readKeys(address))),
        }),
      (error: unknown) => {
        this.#keys = undefined;
        throw error;
      },
    );
    return this.#keys;
  }

  async #keysUrl(): Promise<URL> {
    const { keysUrl, issuer } = this.#options;
    if (keysUrl !== undefined) return new URL(keysUrl);
    return await this.#ask(() => discoverKeysUrl(issuer));
  }

  /** @throws at once where the provider has failed a moment ago. */
  async #ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    if (this.#clock.monotonicMs() - this.#failedAtMs < failedPauseMs) {
      throw unavailable('it did not answer a moment ago');
    }
    try {
      return await question();
    } catch (error) {
      this.#failedAtMs = this.#clock.monotonicMs();
      throw error;
    }
  }
}

async function readKeys(url: string): Promise<object> {
  const found = await readDocument(url).catch((error: unknown) => {
    throw unavailable(`its keys: ${toError(error).message}`);
  });
  if (!Array.isArray(found['keys'])) throw unavailable('its keys are no key set');
  return found;
}

async function discoverKeysUrl(issuer: string): Promise<URL> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const found = await readDocument(url).catch((error: unknown) => {
    throw unavailable(`${url}: ${toError(error).message}`);
  });
  const { issuer: said, jwks_uri: keysUrl } = found;
  if (said !== issuer) throw unavailable(`${url} is of another issuer than ${issuer}`);
  if (typeof keysUrl !== 'string' || !isFetchable(keysUrl)) {
    throw unavailable(`${url} names no keys (jwks_uri) that could be fetched safely`);
  }
  return new URL(keysUrl);
}

async function readDocument(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    headers: { accept: 'application/json, application/jwk-set+json' },
    redirect: 'error',
    signal: AbortSignal.timeout(fetchTimeoutMs),
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const text = await response.text();
  if (text.length > documentCharactersMax) throw new Error('the answer is too long');
  return JSON.parse(text) as Record<string, unknown>;
}

/** Keys that came over an open line could be anybody's. */
export function isFetchable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const isLocal =
    hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isLocal);
}

function callerOf(payload: JWTPayload, options: JwtOptions): JwtResult {
  const given = claim(payload, options.nameClaim);
  if (typeof given !== 'string' || given === '') {
    return { kind: 'wrong', reason: `it has no claim ${options.nameClaim}` };
  }
  // The provider says what it likes, but must not garble a log.
  const name = isCallerName(given) ? given : JSON.stringify(given.slice(0, 200));
  const roleValues = [claim(payload, options.rolesClaim)]
    .flat()
    .filter((value): value is string => typeof value === 'string' && options.roles.has(value));
  const role = highestRole(roleValues.flatMap((value) => options.roles.get(value) ?? []));
  if (!role) return { kind: 'no-role', name };
  // As long as it would be taken if it were sent again.
  const untilMs = ((payload.exp ?? 0) + options.clockSkewSeconds) * 1_000;
  const ground = { issuer: options.issuer, roleValues };
  return { kind: 'right', caller: { name, role, by: 'jwt' }, untilMs, ground };
}

function claim(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  let at: unknown = payload;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = Reflect.get(at, step);
  }
  return at;
}

function unavailable(reason: string): SluiceError {
  return new SluiceError('access.provider_unavailable', reason, { retriable: true });
}

/** Reasons say nothing that is in the token. */
function refusal(error: unknown): JwtResult {
  if (error instanceof errors.JWTExpired) return { kind: 'wrong', reason: 'it has expired' };
  if (error instanceof errors.JWTClaimValidationFailed) {
    return { kind: 'wrong', reason: `its claim ${error.claim} is not right` };
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return { kind: 'wrong', reason: 'its signature is not right' };
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return { kind: 'wrong', reason: 'its algorithm is not allowed' };
  }
  // What a token may ask for, and is not known: `crit`.
  if (error instanceof errors.JOSENotSupported) {
    return { kind: 'wrong', reason: 'it asks for what is not supported' };
  }
  if (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  ) {
    return { kind: 'wrong', reason: 'it is signed with a key that the provider does not have' };
  }
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) {
    return { kind: 'wrong', reason: 'it is malformed' };
  }
  // What is left is about the keys.
  return { kind: 'unavailable', reason: toError(error).message };
}
