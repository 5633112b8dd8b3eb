import { toError } from './errors.ts';

const untrusted: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const notEncrypted: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
]);
const wantsCertificate: ReadonlySet<string> = new Set([
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  // What Java says.
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN',
  'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
  'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN',
]);

/** Remedies that depend on the server. */
export interface TlsRemedies {
  readonly untrusted: string;
  readonly notEncrypted: string;
  readonly wantsCertificate: string;
}

const redisRemedies: TlsRemedies = {
  untrusted: 'name the file with the certificate of its authority in NODE_EXTRA_CA_CERTS',
  notEncrypted:
    'it does not speak TLS on this port: take its TLS port, or write redis:// instead of rediss://',
  wantsCertificate:
    'it asks for a certificate of the client, and there is none: set tls-auth-clients to no on the server, and use a password',
};

/**
 * What keeps an encrypted connection from being made, with the remedy; undefined if it is something else. A server
 * that does not expect TLS may wait for ever for what it takes for the rest of a command.
 */
export function tlsProblem(
  thrown: unknown,
  isEncrypted: boolean,
  remedies: TlsRemedies = redisRemedies,
): string | undefined {
  if (!isEncrypted) return undefined;
  const error = toError(thrown);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (untrusted.has(code))
    return `its certificate is not trusted (${error.message}): ${remedies.untrusted}`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for another name (${error.message}): connect by a name that it is for`;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return `its certificate is not valid at this time (${error.message}): renew it, or set the clock`;
  if (notEncrypted.has(code)) return remedies.notEncrypted;
  if (code === 'ETIMEDOUT')
    return 'no encrypted connection came about in time: see that it can be reached and speaks TLS on this port';
  if (wantsCertificate.has(code)) return remedies.wantsCertificate;
  return undefined;
}
