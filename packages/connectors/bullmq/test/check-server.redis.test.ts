import { Password } from '@sluice/connector-api';
import { freePort, makeCertificate, type RedisHandle, startRedis } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assertServer, serverProblems } from '../src/check-server.ts';

let redis: RedisHandle;
let admin: Redis;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
  await admin.acl('SETUSER', 'jobs', 'on', '>s3cret', '~bull:*', '+@all');
  await admin.acl('SETUSER', 'other', 'on', '>s3cret', '~other:*', '+@all');
  await admin.acl('SETUSER', 'silent', 'on', '>s3cret', '~bull:*', '+@all', '-info');
});
afterAll(async () => {
  admin?.disconnect();
  await redis?.stop();
});

const place = (url: string, queues = ['orders']) => ({
  url: new Password(url),
  prefix: 'bull',
  queues,
});
const as = (user: string, password = 's3cret') =>
  `redis://${user}:${password}@127.0.0.1:${String(redis.port)}`;

async function messageOf(url: string, queues?: string[]): Promise<string> {
  const problems = await serverProblems(place(url, queues));
  expect(problems.map(({ key }) => key)).toEqual(['redis.url']);
  const { message = '' } = problems[0] ?? {};
  expect(message).not.toContain('s3cret');
  expect(message).not.toContain('wr0ng');
  return message;
}

test('a server that fits has no problem', async () => {
  expect(await serverProblems(place(redis.url))).toEqual([]);
  expect(await serverProblems(place(as('jobs')))).toEqual([]);
});

test('where nobody listens, it says so at once', async () => {
  const port = await freePort();
  expect(await messageOf(`redis://:s3cret@127.0.0.1:${String(port)}`)).toMatch(
    /ECONNREFUSED.*Check redis\.url: is that the server of the queues, and up\?/,
  );
});

test('a wrong password is told with where to put the right one', async () => {
  expect(await messageOf(as('jobs', 'wr0ng'))).toMatch(
    /WRONGPASS.*Put the right user and password into redis\.url/,
  );
  await expect(assertServer(place(as('jobs', 'wr0ng')))).rejects.toMatchObject({
    name: 'ConnectError',
    message: expect.not.stringContaining('wr0ng') as string,
  });
});

test('a user without rights on the keys is told which rights are needed', async () => {
  for (const user of ['other', 'silent'])
    expect(await messageOf(as(user))).toMatch(
      /NOPERM.*Let the user of redis\.url run scripts.*\+info/,
    );
});

test('a server that may evict jobs is refused, with the setting', async () => {
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  try {
    expect(await messageOf(redis.url)).toMatch(
      /maxmemory-policy allkeys-lru, so it may drop jobs.*Set maxmemory-policy noeviction/,
    );
  } finally {
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
  }
});

test('a key of another kind under the name of a queue is refused', async () => {
  await admin.set('bull:taken:meta', 'x');
  expect(await messageOf(redis.url, ['orders', 'taken'])).toMatch(/bull:taken:meta is a string/);
});

test('a server with TLS is reached, and one whose certificate nobody vouches for is not', async () => {
  const certificate = makeCertificate(Date.now());
  await using tls = await startRedis({ tls: certificate });
  expect(await messageOf(tls.url)).toMatch(/self.signed certificate/i);
});

test('a server that is away is a reason to try again', async () => {
  const port = await freePort();
  await expect(assertServer(place(`redis://127.0.0.1:${String(port)}`))).rejects.toMatchObject({
    retriable: true,
  });
});
