import { hasAuthentication, readAccessSettings } from '@sluice/access';
import { SettingsReader } from '@sluice/kernel';
import { expect, test } from 'vitest';

function read(environment: Record<string, string>) {
  const reader = new SettingsReader(environment);
  const settings = readAccessSettings(reader);
  reader.check();
  return settings;
}

test('nothing set: nobody has to say who they are, and there is no TLS', () => {
  const settings = read({});
  expect(settings).toEqual({
    callers: [],
    callersPath: undefined,
    jwt: undefined,
    tls: undefined,
  });
  expect(hasAuthentication(settings)).toBe(false);
});

test('each way to say who one is counts', () => {
  for (const environment of [
    { SLUICE_AUTH: 'ann:secret' },
    { SLUICE_AUTH_FILE: '/etc/callers' },
    { SLUICE_OIDC_ISSUER: 'https://id.example', SLUICE_OIDC_AUDIENCE: 'sluice' },
  ]) {
    expect(hasAuthentication(read(environment))).toBe(true);
  }
});

test('roles of claims, algorithms and what is asked of clients have defaults', () => {
  const { jwt, tls } = read({
    SLUICE_OIDC_ISSUER: 'https://id.example',
    SLUICE_OIDC_AUDIENCE: 'sluice',
    SLUICE_OIDC_ROLES: 'https://x.example?a=b=admin, ops = operator',
    SLUICE_TLS_CERTIFICATE: 'a.pem',
    SLUICE_TLS_KEY: 'a.key',
    SLUICE_TLS_CLIENT_CA: 'ca.pem',
  });
  expect(jwt?.roles).toEqual(
    new Map([
      ['https://x.example?a=b', 'admin'],
      ['ops', 'operator'],
    ]),
  );
  expect(jwt?.algorithms).toEqual(['RS256', 'PS256', 'ES256', 'EdDSA']);
  expect(tls?.clientAuth).toBe('required');
});

test.each([
  [{ SLUICE_AUTH: 'secret' }, 'SLUICE_AUTH must have the form user:password'],
  [{ SLUICE_OIDC_ISSUER: 'https://id.example' }, 'SLUICE_OIDC_AUDIENCE go together'],
  [
    { SLUICE_OIDC_ISSUER: 'http://id.example', SLUICE_OIDC_AUDIENCE: 'x' },
    'SLUICE_OIDC_ISSUER=http://id.example must begin with https://',
  ],
  [
    { SLUICE_OIDC_ISSUER: 'http://127.0.0.1.example', SLUICE_OIDC_AUDIENCE: 'x' },
    'SLUICE_OIDC_ISSUER=http://127.0.0.1.example must begin with https://',
  ],
  [
    { SLUICE_OIDC_ISSUER: 'x', SLUICE_OIDC_AUDIENCE: 'x', SLUICE_OIDC_JWKS_URL: 'ftp://x' },
    'SLUICE_OIDC_JWKS_URL=ftp://x must begin with https://',
  ],
  [
    {
      SLUICE_OIDC_ISSUER: 'https://x.example',
      SLUICE_OIDC_AUDIENCE: 'x',
      SLUICE_OIDC_ALGORITHMS: 'HS256,none',
    },
    'SLUICE_OIDC_ALGORITHMS has HS256, none',
  ],
  [
    {
      SLUICE_OIDC_ISSUER: 'https://x.example',
      SLUICE_OIDC_AUDIENCE: 'x',
      SLUICE_OIDC_ROLES: 'a=root',
    },
    'SLUICE_OIDC_ROLES: "a=root" must have the form value=role',
  ],
  [{ SLUICE_TLS_CERTIFICATE: 'a.pem' }, 'SLUICE_TLS_KEY go together'],
  [{ SLUICE_TLS_CLIENT_CA: 'a.pem' }, 'SLUICE_TLS_CLIENT_CA needs'],
  [{ SLUICE_TLS_CLIENT_AUTH: 'required' }, 'SLUICE_TLS_CLIENT_AUTH=required needs'],
])('%j is refused by name', (environment, message) => {
  expect(() => read(environment)).toThrow(message);
});
