import { SettingsReader } from '@sluice/kernel';
import { expect, test } from 'vitest';

import { readListeners } from '../src/listeners.ts';

const tls = { SLUICE_TLS_CERTIFICATE: 'a.pem', SLUICE_TLS_KEY: 'a.key' };

function read(environment: Record<string, string>): readonly string[] {
  const settings = new SettingsReader(environment);
  const listeners = readListeners(settings);
  settings.check();
  return listeners.map(
    ({ host, port, isEncrypted }) => `${isEncrypted ? 'https' : 'http'} ${host} ${port}`,
  );
}

test.each([
  [{}, ['http 127.0.0.1 8083']],
  [{ SLUICE_PORT: '0', SLUICE_HOST: '::1' }, ['http ::1 0']],
  [tls, ['https 127.0.0.1 8083']],
  [{ SLUICE_LISTENERS: 'http://:8090' }, ['http 127.0.0.1 8090']],
  [
    { ...tls, SLUICE_LISTENERS: 'HTTP://127.0.0.1:8083, https://[::]:8443,http://localhost:0/' },
    ['http 127.0.0.1 8083', 'https :: 8443', 'http localhost 0'],
  ],
  // A certificate alone encrypts no listener that is to be without.
  [{ ...tls, SLUICE_LISTENERS: 'http://127.0.0.1' }, ['http 127.0.0.1 8083']],
])('%j is %j', (environment, listeners) => {
  expect(read(environment)).toEqual(listeners);
});

test.each([
  [{ SLUICE_LISTENERS: 'https://:8443' }, /"https:\/\/:8443" needs a certificate: set SLUICE_TLS_/],
  [{ SLUICE_LISTENERS: 'ftp://:21' }, /"ftp:\/\/:21" must be a listener/],
  [{ SLUICE_LISTENERS: 'http://a:66000' }, /must be a listener/],
  [{ SLUICE_LISTENERS: 'http://user@a:1/path' }, /must be a listener/],
  [{ SLUICE_LISTENERS: 'http://a:1,http://a:1' }, /names a:1 twice/],
  [{ SLUICE_LISTENERS: 'http://a:1', SLUICE_PORT: '2' }, /SLUICE_PORT and SLUICE_LISTENERS excl/],
])('%j is refused', (environment, problem) => {
  expect(() => read(environment)).toThrow(problem);
});

test.each([
  [{}, { host: 'SLUICE_HOST', port: 'SLUICE_PORT' }],
  [{ SLUICE_LISTENERS: 'http://:1' }, { host: 'SLUICE_LISTENERS', port: 'SLUICE_LISTENERS' }],
])('where %j cannot be had, it is said which settings to change', (environment, names) => {
  expect(readListeners(new SettingsReader(environment))).toMatchObject([{ settings: names }]);
});
