import { Password } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { parseJdbcUrl } from '../src/connection/jdbc-url.ts';

const target = (url: string, user?: string, password?: Password) =>
  parseJdbcUrl(url, user, password).target;

test('hosts, ports and databases of all spellings', () => {
  expect(target('jdbc:postgresql://db.example:6432/shop')).toMatchObject({
    system: 'postgresql',
    host: 'db.example',
    port: 6432,
    database: 'shop',
    user: undefined,
    tls: { mode: 'prefer' },
  });
  expect(target('postgres://db/shop')).toMatchObject({ system: 'postgresql', port: 5432 });
  expect(target('jdbc:mysql://[::1]/my%20shop')).toMatchObject({
    system: 'mysql',
    host: '::1',
    port: 3306,
    database: 'my shop',
  });
  expect(target('JDBC:MariaDB://db/shop?useUnicode=true')).toMatchObject({ system: 'mysql' });
});

test('keys of their own win over what the URL says', () => {
  const url = 'jdbc:mysql://ann:one@db/shop?user=bob&password=two';
  expect(target(url)?.user).toBe('bob');
  expect(target(url)?.password?.reveal()).toBe('two');
  expect(target(url, 'eve', new Password('three'))?.user).toBe('eve');
  expect(target(url, 'eve', new Password('three'))?.password?.reveal()).toBe('three');
  expect(target('jdbc:mysql://ann:p%40ss@db/shop')?.password?.reveal()).toBe('p@ss');
});

test.each([
  ['?sslmode=disable', 'disable'],
  ['?ssl=true', 'verify-full'],
  ['?ssl=true&sslmode=require', 'require'],
  ['?useSSL=false', 'disable'],
  ['?useSSL=true', 'require'],
  ['?useSSL=true&requireSSL=true&verifyServerCertificate=true', 'verify-ca'],
  ['?sslMode=VERIFY_IDENTITY', 'verify-full'],
  ['?sslMode=trust', 'require'],
])('TLS by %s is %s', (parameters, mode) => {
  expect(target(`jdbc:mysql://db/shop${parameters}`)?.tls.mode).toBe(mode);
});

test.each([
  ['jdbc:oracle:thin:@db:1521/shop', /has to begin with/],
  ['jdbc:postgresql://db', /name a database/],
  ['jdbc:postgresql://one:1,two:2/shop', /one host/],
  ['jdbc:mysql://one,two/shop', /one host/],
  ['jdbc:mysql://db/shop?password=s3cret&allowLoadLocalInfile=true', /allowLoadLocalInfile/],
  ['jdbc:mysql://db/shop?password=s3cret&sslMode=sometimes', /sslmode/],
])('%s is refused, without repeating it', (url, reason) => {
  const problems = parseJdbcUrl(url).problems?.join('\n');
  expect(problems).toMatch(reason);
  expect(problems).not.toContain('s3cret');
});
