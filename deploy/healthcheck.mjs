/**
 * HEALTHCHECK of the images: `node healthcheck.mjs VARIABLE PORT`, the setting of the port and its default.
 *
 * It asks whether the process is alive, not whether it is ready: while Redis is away, starting it anew would not help.
 */
import { get } from 'node:http';

const limitMs = 4_000;

const [variable, portDefault] = process.argv.slice(2);
const { SLUICE_HOST: host = '', [variable]: port } = process.env;
const isEverywhere = host === '' || host === '0.0.0.0' || host === '::';

const request = get(
  {
    host: isEverywhere ? '127.0.0.1' : host,
    port: Number(port || portDefault),
    path: '/health/live',
    timeout: limitMs,
  },
  (response) => {
    response.resume();
    if (response.statusCode !== 200) fail(`it answers ${response.statusCode}`);
  },
);
request.once('timeout', () => fail(`no answer within ${limitMs} ms`));
request.once('error', ({ message }) => fail(message));

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
