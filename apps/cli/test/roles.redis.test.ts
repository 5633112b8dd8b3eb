/** Every kind of command as every role, with the users that docs/SECURITY.md makes, on a Redis that keeps to their rules. */
import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { type RedisHandle, startRedis, waitFor } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { exitCodes } from '../src/exit-codes.ts';
import { LiveCluster } from './live-cluster.ts';

type Role = 'viewer' | 'operator' | 'admin';

const roles: readonly Role[] = ['viewer', 'operator', 'admin'];
const security = readFileSync(new URL('../../../docs/SECURITY.md', import.meta.url), 'utf8');
const definition = JSON.stringify({
  name: 'orders',
  config: { 'connector.class': 'FakeSource', 'db.password': 'hunter2' },
});
const { ok, unreachable } = exitCodes;
/** Secrets are encrypted before they are sent. */
const env = { SLUICE_SECRETS_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}` };

let redis: RedisHandle;
let cluster: LiveCluster;

beforeAll(async () => {
  redis = await startRedis();
  cluster = new LiveCluster(redis.url);
  await cluster.startCoordinator();
  await cluster.startWorker('worker-1');
  await cluster.startWorker('worker-2');
  const admin = new Redis(redis.url);
  for (const role of ['viewer', 'operator']) {
    const [, rules = ''] = new RegExp(`^ACL SETUSER ${role} (on .+)$`, 'm').exec(security) ?? [];
    const ofCluster = rules.replaceAll('{sluice:default}', `{sluice:${cluster.name}}`);
    await admin.call('ACL', 'SETUSER', role, ...ofCluster.split(' '));
  }
  await admin.call('ACL', 'SETUSER', 'admin', 'on', '>password', '~*', '&*', '+@all');
  admin.disconnect();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await redis.stop();
});

async function as(
  role: Role,
  argv: readonly string[],
  stdin = '',
): Promise<{ code: number; out: string; err: string }> {
  const url = redis.url.replace('redis://', `redis://${role}:password@`);
  return cluster.cli([...argv, '--redis', url], stdin, env);
}

/** By how it ends for viewer, operator and admin. */
const commands: readonly [
  codes: readonly [viewer: number, operator: number, admin: number],
  argv: readonly string[],
  stdin?: string,
][] = [
  [
    [ok, ok, ok],
    ['get', 'connectors'],
  ],
  [
    [ok, ok, ok],
    ['get', 'tasks'],
  ],
  [
    [ok, ok, ok],
    ['get', 'workers'],
  ],
  [
    [ok, ok, ok],
    ['get', 'events'],
  ],
  [
    [ok, ok, ok],
    ['describe', 'orders'],
  ],
  [[ok, ok, ok], ['audit']],
  [[ok, ok, ok], ['loggers']],
  [[ok, ok, ok], ['doctor']],
  [[ok, ok, ok], ['plugins']],
  [[ok, ok, ok], ['diff', '-f', '-'], definition],
  [[ok, ok, ok], ['plan', '-f', '-'], definition],
  [
    [ok, ok, ok],
    ['secrets', 'list'],
  ],
  [
    [unreachable, ok, ok],
    ['pause', 'orders', '--wait'],
  ],
  [
    [unreachable, ok, ok],
    ['resume', 'orders', '--wait'],
  ],
  [
    [unreachable, ok, ok],
    ['stop', 'orders', '--wait'],
  ],
  [
    [unreachable, ok, ok],
    ['resume', 'ord*', '--wait'],
  ],
  [
    [unreachable, ok, ok],
    ['restart', 'orders', '--include-tasks', '--wait'],
  ],
  [
    [unreachable, ok, ok],
    ['restart', 'orders', '--task', '0'],
  ],
  [
    [unreachable, ok, ok],
    ['drain', 'worker-2', '--wait'],
  ],
  [
    [unreachable, ok, ok],
    ['cordon', 'worker-2'],
  ],
  [
    [unreachable, ok, ok],
    ['uncordon', 'worker-2'],
  ],
  [[unreachable, unreachable, ok], ['apply', '-f', '-', '--dry-run'], definition],
  [[unreachable, unreachable, ok], ['apply', '-f', '-'], definition],
  [
    [unreachable, unreachable, ok],
    ['loggers', 'set', 'root', 'INFO'],
  ],
  [[unreachable, unreachable, ok], ['apply', '-f', '-', '--prune', 'no-such-*'], definition],
  [[unreachable, unreachable, ok], ['secrets', 'set', 'x'], 'value'],
  [
    [unreachable, unreachable, ok],
    ['delete', 'orders', '--wait'],
  ],
];

test.each(commands)('%j: %j', async (codes, argv, stdin) => {
  for (const [index, role] of roles.entries()) {
    // A connector that everybody starts from.
    await cluster.cli(['apply', '-f', '-', '--wait'], definition);
    const { code, err } = await as(role, argv, stdin);
    expect(code, `${role}: ${err}`).toBe(codes[index]);
  }
});

test('the doctor looks at what a role may see, and says what it may not', async () => {
  const seen = await Promise.all(
    roles.map(async (role) => {
      const { out } = await as(role, ['doctor', '--json']);
      const findings = JSON.parse(out) as { area: string; level: string; text: string }[];
      expect(new Set(findings.map(({ area }) => area)).size).toBe(6);
      return findings.filter(({ level }) => level === 'skip' || level === 'fail');
    }),
  );
  const withheld = (who: string): object[] => [
    {
      area: 'redis',
      level: 'skip',
      text: `what the processes may do in Redis cannot be tried by this user, who is ${who}`,
      remedy: 'ask as their user, or as an admin',
    },
    {
      area: 'log',
      level: 'skip',
      text: expect.stringMatching(/is not open to viewers and operators/) as string,
      remedy: 'ask as an admin to have it looked at',
    },
  ];
  expect(seen).toEqual([withheld('a viewer'), withheld('an operator'), []]);
});

test('an error says which role is missing', async () => {
  expect((await as('viewer', ['pause', 'orders'])).err).toMatch(
    /^error: the user of Redis at redis:\/\/viewer:\[hidden\]@.* may only look at cluster .*: name a user with the role operator or admin/,
  );
  expect((await as('operator', ['delete', 'orders'])).err).toMatch(
    /^error: to delete orders needs an admin: this user is an operator, who may pause, /,
  );
});

test('the trail has what an operator asked for, and what a forged entry of the inbox did', async () => {
  await cluster.cli(['apply', '-f', '-', '--wait'], definition);
  await as('operator', ['pause', 'orders']);
  const operator = new Redis(redis.url.replace('redis://', 'redis://operator:password@'));
  const inbox = `{sluice:${cluster.name}}:operator-inbox`;
  const body = JSON.stringify({ op: 'delete', connector: 'orders' });
  await operator.xadd(inbox, '*', 'id', 'x', 'body', body, 'who', 'the-admin', 'from', 'there');
  operator.disconnect();
  // An entry of the inbox is gone before it is in the trail.
  const entries = await waitFor(
    async () => {
      const { out } = await as('viewer', ['audit', '--json']);
      return (JSON.parse(out) as { role: string | null; who: string }[]).filter(({ role }) => role);
    },
    { what: 'the forged entry', until: (all) => all.some(({ who }) => who === 'the-admin') },
  );
  expect(entries.slice(-2)).toMatchObject([
    {
      who: userInfo().username,
      by: 'unverified',
      role: 'operator',
      from: `${hostname()}, Redis user operator`,
      action: 'pause',
      targets: ['orders'],
      outcome: 'done',
    },
    { who: 'the-admin', by: 'unverified', role: 'operator', action: 'delete', outcome: 'refused' },
  ]);
  expect((await as('viewer', ['get', 'connectors'])).out).toMatch(/orders +source +PAUSED/);
});
