import { expect, test } from 'vitest';

import { tlsProblem } from '../src/index.ts';

test.each([
  { code: 'DEPTH_ZERO_SELF_SIGNED_CERT', says: 'NODE_EXTRA_CA_CERTS' },
  { code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', says: 'NODE_EXTRA_CA_CERTS' },
  { code: 'ERR_TLS_CERT_ALTNAME_INVALID', says: 'for another name' },
  { code: 'CERT_HAS_EXPIRED', says: 'renew it' },
  { code: 'ERR_SSL_WRONG_VERSION_NUMBER', says: 'redis:// instead of rediss://' },
  { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', says: 'tls-auth-clients' },
  { code: 'ETIMEDOUT', says: 'speaks TLS on this port' },
])('$code is told with its remedy', ({ code, says }) => {
  const error = Object.assign(new Error('as OpenSSL says it'), { code });
  expect(tlsProblem(error, true)).toContain(says);
  expect(tlsProblem(error, false)).toBeUndefined();
});

test('what has nothing to do with encryption is left to others', () => {
  const error = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  expect(tlsProblem(error, true)).toBeUndefined();
  expect(tlsProblem('thrown', true)).toBeUndefined();
});

test('a server that is not Redis has remedies of its own', () => {
  const error = Object.assign(new Error('as OpenSSL says it'), {
    code: 'ERR_SSL_WRONG_VERSION_NUMBER',
  });
  const remedies = { untrusted: 'a', notEncrypted: 'take the port for SSL', wantsCertificate: 'c' };
  expect(tlsProblem(error, true, remedies)).toBe('take the port for SSL');
});
