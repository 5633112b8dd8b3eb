/** What the rules of docs/SECURITY.md let the users of Redis do: the server keeps to them, whatever a client tries. */
import { readFileSync } from 'node:fs';
import { newShortId } from '@sluice/kernel';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RedisOperatorInbox } from '../src/index.ts';
import { Keys } from '../src/keys.ts';
import { RedisUnderTest } from './redis-under-test.ts';

const security = readFileSync(new URL('../../../docs/SECURITY.md', import.meta.url), 'utf8');
let under: RedisUnderTest;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

/** A connection as the user that the page makes for a role. */
async function connectAs(role: 'viewer' | 'operator', cluster: string): Promise<Redis> {
  const [, rules = ''] = new RegExp(`^ACL SETUSER ${role} (on .+)$`, 'm').exec(security) ?? [];
  const user = `${role}-${cluster}`;
  await under.redis.call(
    'ACL',
    'SETUSER',
    user,
    ...rules.replaceAll('{sluice:default}', `{sluice:${cluster}}`).split(' '),
  );
  const { port, host } = new URL(under.server.url.replace('redis:', 'http:'));
  return new Redis(`redis://${user}:password@${host || `127.0.0.1:${port}`}`);
}

test('the rules of a user tell its role', async () => {
  const cluster = newShortId();
  const roles = await Promise.all(
    (['viewer', 'operator'] as const).map(async (role) => {
      const redis = await connectAs(role, cluster);
      const found = await new RedisOperatorInbox({ redis, cluster }).roleOfUser();
      redis.disconnect();
      return found;
    }),
  );
  expect(roles).toEqual(['viewer', 'operator']);
  expect(await new RedisOperatorInbox({ redis: under.redis, cluster }).roleOfUser()).toBe('admin');
});

test('an operator puts into the inbox, and a coordinator takes out of it, once', async () => {
  const cluster = newShortId();
  const redis = await connectAs('operator', cluster);
  const theirs = new RedisOperatorInbox({ redis, cluster });
  const ours = new RedisOperatorInbox({ redis: under.redis, cluster });
  const entry = { id: 'a', body: '{}', who: 'ann', from: 'here' };
  const positions = [await theirs.put(entry), await theirs.put({ ...entry, id: 'b' })];
  const [first, second] = await ours.entries(10);
  expect([first?.position, second?.position]).toEqual(positions);
  expect([first, second]).toMatchObject([entry, { ...entry, id: 'b' }]);
  expect(await ours.entries(1)).toHaveLength(1);
  expect(await ours.remove(first?.position ?? '')).toBe(true);
  expect(await ours.remove(first?.position ?? '')).toBe(false);
  expect(await ours.entries(10)).toEqual([second]);
  redis.disconnect();
});

test('the inbox takes a bounded number, and an odd last entry does not close it for good', async () => {
  const cluster = newShortId();
  const redis = await connectAs('operator', cluster);
  const inbox = new RedisOperatorInbox({ redis, cluster });
  const key = new Keys(cluster).of('operator-inbox');
  for (let count = 0; count < 999; count++) void redis.xadd(key, '*', 'id', String(count));
  await redis.xadd(key, '18446744073709551615-18446744073709551615', 'odd', '');
  const entry = { id: 'a', body: '{}', who: 'ann', from: 'here' };
  await expect(inbox.put(entry)).rejects.toMatchObject({ code: 'requests.full', retriable: true });
  const ours = new RedisOperatorInbox({ redis: under.redis, cluster });
  for (const { position } of await ours.entries(1_000)) await ours.remove(position);
  await inbox.put(entry);
  expect(await ours.entries(10)).toMatchObject([entry]);
  redis.disconnect();
});

test('neither an operator nor a viewer writes anything else, directly or by a script', async () => {
  const cluster = newShortId();
  const keys = new Keys(cluster);
  const inbox = keys.of('operator-inbox');
  await under.redis.hset(keys.record('c', 'orders'), 'config', '{}');
  await under.redis.xadd(inbox, '*', 'id', 'of another');
  const writes: [string, ...string[]][] = [
    ['XADD', keys.of('requests'), '*', 'id', 'x'],
    ['XADD', keys.of('audit'), '*', 'who', 'x'],
    ['XADD', keys.of('events'), '*', 'type', 'x'],
    ['XADD', keys.record('result', 'x'), '*', 'a', 'b'],
    ['XADD', `{sluice:${cluster}}:queue:requests:events`, '*', 'a', 'b'],
    ['SET', keys.record('result', 'x'), '{}'],
    ['SET', keys.of('leader'), 'me|1|1'],
    ['HSET', keys.record('c', 'orders'), 'config', '{}'],
    ['DEL', keys.record('c', 'orders')],
    ['DEL', inbox],
    ['XDEL', inbox, '1-1'],
    ['XTRIM', inbox, 'MAXLEN', '0'],
    ['SET', inbox, 'x'],
    ['RENAME', inbox, keys.of('requests')],
    ['COPY', inbox, keys.of('requests')],
    ['FLUSHALL'],
    ['CONFIG', 'SET', 'maxmemory', '1'],
    ['ACL', 'SETUSER', 'me', 'on', 'nopass', '~*', '+@all'],
    ['FUNCTION', 'LOAD', '#!lua name=x\nredis.register_function("x", function() end)'],
  ];
  const before = await under.keysOf(cluster);
  for (const role of ['viewer', 'operator'] as const) {
    const redis = await connectAs(role, cluster);
    for (const [command, ...args] of writes) {
      await expect(redis.call(command, ...args), `${role}: ${command} ${args[0]}`).rejects.toThrow(
        /NOPERM/,
      );
      const list = [command, ...args].map((each) => JSON.stringify(each)).join(', ');
      const script = `return redis.call(${list})`;
      await expect(redis.eval(script, 1, keys.tag), `${role}: ${script}`).rejects.toThrow(
        /can't (run|access)|permissions|not allowed from script/,
      );
    }
    redis.disconnect();
  }
  const viewer = await connectAs('viewer', cluster);
  await expect(viewer.xadd(inbox, '*', 'id', 'x')).rejects.toThrow(/NOPERM/);
  viewer.disconnect();
  expect((await under.keysOf(cluster)).toSorted()).toEqual(before.toSorted());
  expect(await under.redis.xlen(inbox)).toBe(1);
});
