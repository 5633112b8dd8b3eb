/**
 * HEALTHCHECK of the images: `node healthcheck.mjs VARIABLE PORT`, the setting of the port and its default.
 *
 * It asks itself, so with TLS it does not matter whose certificate answers; and who asks for a certificate is alive, too.
 * It asks whether the process is alive, not whether it is ready: while Redis is away, starting it anew would not help.
 */
import * as http from 'node:http';
import * as https from 'node:https';

const limitMs = 4_000;
const wantsCertificate = new Set([
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
]);

const [variable, portDefault] = process.argv.slice(2);
const { SLUICE_LISTENERS: listeners, SLUICE_TLS_CERTIFICATE: certificate } = process.env;
// Of several the first; a worker has one, and no such setting.
const [, scheme, named, its] =
  (variable === 'SLUICE_PORT' &&
    /^(https?):\/\/([^,]*?)(?::(\d+))?\/?\s*(?:,|$)/i.exec(listeners ?? '')) ||
  [];
const isEncrypted = scheme ? scheme.toLowerCase() === 'https' : Boolean(certificate);
const host = (scheme ? named : (process.env.SLUICE_HOST ?? '')).replace(/^\[(.*)\]$/, '$1');
const port = scheme ? its : process.env[variable];
const isEverywhere = host === '' || host === '0.0.0.0' || host === '::';

const request = (isEncrypted ? https : http).get(
  {
    host: isEverywhere ? '127.0.0.1' : host,
    port: Number(port || portDefault),
    path: '/health/live',
    timeout: limitMs,
    rejectUnauthorized: false,
  },
  (response) => {
    response.resume();
    if (response.statusCode !== 200) fail(`it answers ${response.statusCode}`);
  },
);
request.once('timeout', () => fail(`no answer within ${limitMs} ms`));
request.once('error', ({ code, message }) => {
  if (!wantsCertificate.has(code)) fail(message);
});

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
