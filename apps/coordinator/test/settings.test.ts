import { settlingDefaults } from '@sluice/coordination';
import { expect, test } from 'vitest';

import { readSettings, settingsHelp } from '../src/settings.ts';

const flags = { insecure: false };

test('policies have the defaults that the help states', () => {
  expect(readSettings({}, flags).settling).toEqual(settlingDefaults);
  for (const [name, value] of [
    ['SLUICE_BALANCE_QUIET_MS', settlingDefaults.quietMs],
    ['SLUICE_BALANCE_WAIT_MAX_MS', settlingDefaults.maxMs],
    ['SLUICE_BALANCE_ROUND_PERCENT', settlingDefaults.roundShare * 100],
    ['SLUICE_FLAPPING_HALF_LIFE_SECONDS', settlingDefaults.penaltyHalfLifeMs / 1_000],
  ]) {
    expect(settingsHelp).toMatch(new RegExp(`${name} +${value} `));
  }
});

test('policies are what the settings say', () => {
  const environment = {
    SLUICE_BALANCE_QUIET_MS: '500',
    SLUICE_BALANCE_WAIT_MAX_MS: '2000',
    SLUICE_BALANCE_ROUND_PERCENT: '25',
    SLUICE_FLAPPING_HALF_LIFE_SECONDS: '60',
  };
  expect(readSettings(environment, flags).settling).toEqual({
    quietMs: 500,
    maxMs: 2_000,
    roundShare: 0.25,
    penaltyHalfLifeMs: 60_000,
  });
});

test.each([
  [{ SLUICE_BALANCE_ROUND_PERCENT: '0' }, 'SLUICE_BALANCE_ROUND_PERCENT'],
  [{ SLUICE_BALANCE_QUIET_MS: 'soon' }, 'SLUICE_BALANCE_QUIET_MS'],
  [
    { SLUICE_BALANCE_QUIET_MS: '20000' },
    'SLUICE_BALANCE_WAIT_MAX_MS must not be less than SLUICE_BALANCE_QUIET_MS',
  ],
])('%j is refused by name', (environment, says) => {
  expect(() => readSettings(environment, flags)).toThrow(says);
});

test('limits, proxies and headers of answers have defaults, and are what the settings say', () => {
  const { requestsPerMinute, connectionsMax, trustedProxies, responseHeaders } = readSettings(
    {},
    flags,
  );
  expect({ requestsPerMinute, connectionsMax, trustedProxies, responseHeaders }).toEqual({
    requestsPerMinute: 6_000,
    connectionsMax: 1_000,
    trustedProxies: [],
    responseHeaders: [],
  });
  const set = readSettings(
    {
      SLUICE_REQUESTS_PER_MINUTE: '0',
      SLUICE_TRUSTED_PROXIES: '10.0.0.1, 10.1.0.0/16,fd00::/8',
      SLUICE_RESPONSE_HTTP_HEADERS_CONFIG: 'set X-A: 1',
    },
    flags,
  );
  expect(set.requestsPerMinute).toBe(0);
  expect(set.trustedProxies).toEqual(['10.0.0.1', '10.1.0.0/16', 'fd00::/8']);
  expect(set.responseHeaders).toEqual([{ action: 'set', name: 'X-A', value: '1' }]);
});

test.each([
  [{}, 'shared'],
  [{ SLUICE_ADMIN_LISTENERS: 'none' }, 'none'],
  [
    { SLUICE_ADMIN_LISTENERS: 'http://localhost:8085' },
    { host: 'localhost', port: 8_085, isEncrypted: false },
  ],
  [{ SLUICE_ADMIN_LISTENERS: 'HTTP://[::1]:0/' }, { host: '::1', port: 0, isEncrypted: false }],
  [
    { SLUICE_ADMIN_LISTENERS: 'http://:8085' },
    { host: '0.0.0.0', port: 8_085, isEncrypted: false },
  ],
  [
    {
      SLUICE_ADMIN_LISTENERS: 'https://10.0.0.1:8085',
      SLUICE_TLS_CERTIFICATE: 'a.pem',
      SLUICE_TLS_KEY: 'a.key',
    },
    { host: '10.0.0.1', port: 8_085, isEncrypted: true },
  ],
  [
    {
      SLUICE_ADMIN_LISTENERS: 'http://127.0.0.1:8085',
      SLUICE_LISTENERS: 'https://:8443',
      SLUICE_TLS_CERTIFICATE: 'a.pem',
      SLUICE_TLS_KEY: 'a.key',
    },
    { host: '127.0.0.1', port: 8_085, isEncrypted: false },
  ],
] as const)('with %j levels of loggers are at %j', (environment, listener) => {
  expect([readSettings(environment, flags).adminListener]).toMatchObject([listener]);
});

test.each([
  [{ SLUICE_ADMIN_LISTENERS: 'localhost:8085' }, 'must be one listener'],
  [{ SLUICE_ADMIN_LISTENERS: 'http://a:1,http://b:2' }, 'must be one listener'],
  [{ SLUICE_ADMIN_LISTENERS: 'http://a:65536' }, 'must be one listener'],
  [{ SLUICE_ADMIN_LISTENERS: 'https://a:1' }, 'SLUICE_TLS_CERTIFICATE is not set'],
  [{ SLUICE_TRUSTED_PROXIES: 'proxy.internal' }, '"proxy.internal" is no address'],
  [{ SLUICE_TRUSTED_PROXIES: '10.0.0.0/33' }, '"10.0.0.0/33" is no address'],
  [{ SLUICE_RESPONSE_HTTP_HEADERS_CONFIG: 'x' }, 'SLUICE_RESPONSE_HTTP_HEADERS_CONFIG: "x"'],
  [{ SLUICE_AUTH: 'secret' }, 'SLUICE_AUTH must have the form user:password'],
])('%j is refused', (environment, says) => {
  expect(() => readSettings(environment, flags)).toThrow(says);
});
