/** The settings about who may do what, which coordinator and worker have in common. */
import type { SettingsReader } from '@sluice/kernel';

import { isCallerName, type KnownCaller } from './callers.ts';
import { isFetchable, type JwtAlgorithm, type JwtOptions, jwtAlgorithms } from './jwt-check.ts';
import { tokenProof } from './proof.ts';
import { parseRole, type Role, roles } from './roles.ts';
import { clientAuths, type ListenerTls } from './tls.ts';

export interface AccessSettings {
  readonly callers: readonly KnownCaller[];
  readonly callersPath: string | undefined;
  readonly jwt: JwtOptions | undefined;
  readonly tls: ListenerTls | undefined;
}

export const accessSettingsHelp = `  SLUICE_AUTH                                           name:secret of one caller with the role admin; sent as
                                                        user and password, or the secret as bearer token
  SLUICE_AUTH_FILE                                      callers, one a line, as \`sluice auth\` makes them:
                                                        name:role:proof; read again when it changes
  SLUICE_OIDC_ISSUER                                    tokens (JWT) of this issuer are taken, too, …
  SLUICE_OIDC_AUDIENCE                                  … if they are for this audience
  SLUICE_OIDC_JWKS_URL         of the issuer            where its keys are
  SLUICE_OIDC_ALGORITHMS       RS256,PS256,ES256,EdDSA  that may have signed them
  SLUICE_OIDC_NAME_CLAIM       sub                      who it is
  SLUICE_OIDC_ROLES_CLAIM      roles                    what they may do; a.b for b within a
  SLUICE_OIDC_ROLES            viewer=viewer,…          role for each value of it: ops=operator,platform=admin
  SLUICE_OIDC_CLOCK_SKEW_SECONDS  30
  SLUICE_TLS_CERTIFICATE                                PEM file: listen with TLS (1.2 or newer); read again
                                                        when it changes, and on SIGHUP
  SLUICE_TLS_KEY                                        PEM file
  SLUICE_TLS_KEY_PASSWORD
  SLUICE_TLS_CLIENT_CA                                  PEM file: who signs certificates of clients
  SLUICE_TLS_CLIENT_AUTH       required with a CA       none, requested or required`;

export function readAccessSettings(settings: SettingsReader): AccessSettings {
  return {
    callers: readCaller(settings),
    callersPath: settings.optional('SLUICE_AUTH_FILE'),
    jwt: readJwt(settings),
    tls: readTls(settings),
  };
}

/** Whether anybody has to say who they are. */
export function hasAuthentication({ callers, callersPath, jwt }: AccessSettings): boolean {
  return callers.length > 0 || callersPath !== undefined || jwt !== undefined;
}

/** Whether there are files to read again. */
export function hasAccessFiles({ callersPath, tls }: AccessSettings): boolean {
  return callersPath !== undefined || tls !== undefined;
}

function readCaller(settings: SettingsReader): KnownCaller[] {
  const value = settings.optional('SLUICE_AUTH');
  if (value === undefined) return [];
  const colon = value.indexOf(':');
  const [name, secret] = [value.slice(0, colon), value.slice(colon + 1)];
  if (colon < 1 || secret === '' || !isCallerName(name)) {
    // Without the value: half of it may be a password.
    settings.problem('SLUICE_AUTH must have the form user:password');
    return [];
  }
  return [{ name, role: 'admin', proof: tokenProof(secret) }];
}

const defaultAlgorithms: readonly JwtAlgorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA'];

function readJwt(settings: SettingsReader): JwtOptions | undefined {
  const issuer = settings.optional('SLUICE_OIDC_ISSUER');
  const audience = settings.optional('SLUICE_OIDC_AUDIENCE');
  const keysUrl = settings.optional('SLUICE_OIDC_JWKS_URL');
  if (issuer === undefined && audience === undefined && keysUrl === undefined) return undefined;
  if (issuer === undefined || audience === undefined) {
    settings.problem('SLUICE_OIDC_ISSUER and SLUICE_OIDC_AUDIENCE go together: set both');
    return undefined;
  }
  for (const [name, url] of [
    ['SLUICE_OIDC_ISSUER', keysUrl === undefined ? issuer : undefined],
    ['SLUICE_OIDC_JWKS_URL', keysUrl],
  ] as const) {
    if (url !== undefined && !isFetchable(url)) {
      settings.problem(`${name}=${url} must begin with https:// (http:// on this machine only)`);
    }
  }
  return {
    issuer,
    audience,
    keysUrl,
    algorithms: readAlgorithms(settings),
    clockSkewSeconds: settings.integer('SLUICE_OIDC_CLOCK_SKEW_SECONDS', 30, { min: 0, max: 600 }),
    nameClaim: settings.string('SLUICE_OIDC_NAME_CLAIM', 'sub'),
    rolesClaim: settings.string('SLUICE_OIDC_ROLES_CLAIM', 'roles'),
    roles: readRoles(settings),
  };
}

function readAlgorithms(settings: SettingsReader): readonly JwtAlgorithm[] {
  const given = settings.list('SLUICE_OIDC_ALGORITHMS');
  const known = jwtAlgorithms.filter((algorithm) => given.includes(algorithm));
  const unknown = given.filter((each) => !jwtAlgorithms.some((algorithm) => algorithm === each));
  if (unknown.length > 0) {
    settings.problem(
      `SLUICE_OIDC_ALGORITHMS has ${unknown.join(', ')}; allowed are ${jwtAlgorithms.join(', ')}`,
    );
  }
  return known.length > 0 ? known : defaultAlgorithms;
}

function readRoles(settings: SettingsReader): ReadonlyMap<string, Role> {
  const given = settings.list('SLUICE_OIDC_ROLES');
  if (given.length === 0) return new Map(roles.map((role) => [role, role]));
  return new Map(
    given.flatMap((pair): [string, Role][] => {
      // The last: values may be urls with queries.
      const at = pair.lastIndexOf('=');
      const role = parseRole(pair.slice(at + 1).trim());
      if (at > 0 && role) return [[pair.slice(0, at).trim(), role]];
      settings.problem(
        `SLUICE_OIDC_ROLES: "${pair}" must have the form value=role, with one of ${roles.join(', ')}`,
      );
      return [];
    }),
  );
}

function readTls(settings: SettingsReader): ListenerTls | undefined {
  const certificatePath = settings.optional('SLUICE_TLS_CERTIFICATE');
  const keyPath = settings.optional('SLUICE_TLS_KEY');
  const clientAuthorityPath = settings.optional('SLUICE_TLS_CLIENT_CA');
  const clientAuth = settings.oneOf(
    'SLUICE_TLS_CLIENT_AUTH',
    clientAuths,
    clientAuthorityPath === undefined ? 'none' : 'required',
  );
  if (clientAuth !== 'none' && clientAuthorityPath === undefined) {
    settings.problem(`SLUICE_TLS_CLIENT_AUTH=${clientAuth} needs SLUICE_TLS_CLIENT_CA`);
  }
  if (certificatePath === undefined && keyPath === undefined) {
    if (clientAuthorityPath !== undefined) {
      settings.problem('SLUICE_TLS_CLIENT_CA needs SLUICE_TLS_CERTIFICATE and SLUICE_TLS_KEY');
    }
    return undefined;
  }
  if (certificatePath === undefined || keyPath === undefined) {
    settings.problem('SLUICE_TLS_CERTIFICATE and SLUICE_TLS_KEY go together: set both');
    return undefined;
  }
  return {
    certificatePath,
    keyPath,
    keyPassword: settings.optional('SLUICE_TLS_KEY_PASSWORD'),
    clientAuthorityPath,
    clientAuth,
  };
}
