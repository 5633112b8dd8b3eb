import { describe, expect, test } from 'vitest';

import { parseRedisUrl, redisLabel, redisUrlProblem } from '../src/index.ts';

describe('a URL', () => {
  test('of one server stays as it is', () => {
    const url = 'rediss://user:secret@host:6380/2';
    expect(parseRedisUrl(url)).toEqual({ kind: 'server', url });
    expect(redisLabel(parseRedisUrl(url))).toBe('rediss://host:6380/2');
  });

  test('of sentinels names them and the master', () => {
    const address = parseRedisUrl(
      'rediss+sentinel://app:p%40ss@one:26380,two,[::1]:26381/main/3?sentinel-user=watch&sentinel-password=w%26w',
    );
    expect(address).toEqual({
      kind: 'sentinel',
      sentinels: [
        { host: 'one', port: 26_380 },
        { host: 'two', port: 26_379 },
        { host: '::1', port: 26_381 },
      ],
      master: 'main',
      db: 3,
      tls: true,
      credentials: { username: 'app', password: 'p@ss' },
      sentinelCredentials: { username: 'watch', password: 'w&w' },
    });
    expect(redisLabel(address)).toBe('rediss+sentinel://one:26380,two:26379,[::1]:26381/main/3');
  });

  test('of a cluster names some of its nodes', () => {
    const address = parseRedisUrl('redis+cluster://:secret@one:7000,two:7001');
    expect(address).toMatchObject({
      kind: 'cluster',
      nodes: [
        { host: 'one', port: 7_000 },
        { host: 'two', port: 7_001 },
      ],
      credentials: { password: 'secret' },
    });
    expect(redisLabel(address)).toBe('redis+cluster://one:7000,two:7001');
  });

  test.each([
    ['http://host', /must begin with redis:\/\/ or rediss:\/\//],
    ['redis://host:port', /is not a URL/],
    ['redis+sentinel://one:26379', /lacks the name of the master/],
    ['redis+sentinel://one/main/x', /number of a database/],
    ['redis+sentinel://one:99999/main', /host:port/],
    ['redis+sentinel://one/main?password=x', /parameter 'password'.*sentinel-password/],
    ['redis+cluster://one/2', /database, which a Redis Cluster does not have/],
    ['redis+cluster://a:%zz@one', /write % itself as %25/],
  ])('%s is refused, and says why', (url, problem) => {
    expect(redisUrlProblem(url)).toMatch(problem);
  });

  test('what is wrong with one does not contain its password', () => {
    expect(redisUrlProblem('redis+sentinel://user:s3cret@one')).not.toContain('s3cret');
    expect(redisUrlProblem('redis://ok')).toBeUndefined();
  });
});
