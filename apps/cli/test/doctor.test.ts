import { describe, expect, test } from 'vitest';

import { judgeClocks } from '../src/doctor/judge-clocks.ts';
import { judgeCluster } from '../src/doctor/judge-cluster.ts';
import { judgeLog, judgeServer, judgeTopic } from '../src/doctor/judge-log.ts';
import { judgeRedis, type RedisFacts } from '../src/doctor/judge-redis.ts';
import { aMember, aPlugin, aSnapshot, aView, aWorker } from './fakes.ts';

const sound = {
  redis_version: '7.2.4',
  aof_enabled: '1',
  aof_last_write_status: 'ok',
  rdb_last_bgsave_status: 'ok',
  maxmemory_policy: 'noeviction',
  maxmemory: '0',
  role: 'master',
  connected_slaves: '0',
};

function redis(info: Readonly<Record<string, string>>, facts: Partial<RedisFacts> = {}): string[] {
  return judgeRedis({
    info: new Map(Object.entries({ ...sound, ...info })),
    answersMs: [0.2, 0.3, 0.9],
    user: 'default',
    role: 'admin',
    hasPassword: true,
    denied: [],
    isLoopback: false,
    isLog: true,
    ...facts,
  }).map(({ level, text }) => `${level}: ${text}`);
}

describe('Redis', () => {
  test('as it should be is ok in all', () => {
    expect(redis({}).filter((line) => !line.startsWith('ok'))).toEqual([]);
  });

  test.each([
    [{ redis_version: '6.2.14' }, 'fail: Redis 6.2.14 lacks what the scripts need'],
    [
      { aof_enabled: '0' },
      'warn: keeps no append-only file: a restart loses definitions, offsets and records',
    ],
    [{ aof_last_write_status: 'err' }, 'fail: its last write to the append-only file failed'],
    [{ rdb_last_bgsave_status: 'err' }, 'fail: its last snapshot failed'],
    [
      { maxmemory_policy: 'allkeys-lru', maxmemory: '1000', used_memory: '10' },
      'fail: throws keys away at its maxmemory (maxmemory-policy allkeys-lru)',
    ],
    [
      { maxmemory_policy: 'volatile-lru' },
      'warn: throws keys away at its maxmemory (maxmemory-policy volatile-lru), of which there is none now',
    ],
    [{ maxmemory: '1000', used_memory: '950' }, 'warn: uses 95 % of its maxmemory'],
    [{ role: 'slave' }, 'fail: is a replica, which takes no writes'],
    [
      {
        connected_slaves: '2',
        master_repl_offset: '5000',
        slave0: 'ip=10.0.0.2,port=6379,state=online,offset=5000,lag=0',
        slave1: 'ip=10.0.0.3,port=6380,state=online,offset=2952,lag=1',
      },
      'ok: 2 replicas follow, at most 2.0 KiB behind',
    ],
    [
      {
        connected_slaves: '3',
        slave0: 'ip=10.0.0.2,port=6379,state=online,offset=5000,lag=1',
        slave1: 'ip=10.0.0.3,port=6379,state=online,offset=9,lag=30',
        slave2: 'ip=10.0.0.4,port=6379,state=wait_bgsave,offset=0,lag=0',
      },
      'warn: 2 of 3 replicas lag behind: 10.0.0.3:6379 (not heard of for 30 s), 10.0.0.4:6379 (it does not follow yet)',
    ],
  ])('%j', (info, line) => {
    expect(redis(info)).toContain(line);
  });

  test('that is slow, or open to all', () => {
    expect(redis({}, { answersMs: [60, 70, 80] })[1]).toBe(
      'warn: answers in 70.0 ms, at most 80.0 ms',
    );
    expect(redis({}, { answersMs: [1, 2, 450] })[1]).toMatch(/^fail/);
    expect(redis({}, { hasPassword: false })[2]).toMatch(/^warn: connected as default, without a/);
    expect(redis({}, { hasPassword: false, isLoopback: true })[2]).toMatch(/^ok/);
  });

  test('that keeps this user from what is needed', () => {
    expect(redis({}, { denied: ['eval', 'del'] })).toContain(
      'fail: the user may not run eval, del',
    );
  });

  test('that tells nothing to this user', () => {
    expect(redis({}, { info: undefined })).toContain('warn: the user may not ask for INFO');
  });
});

describe('the cluster', () => {
  const plugin = aPlugin('com.acme.Source');
  const lines = (snapshot: ReturnType<typeof aSnapshot>, log = 'redis'): string[] =>
    judgeCluster(snapshot, log).map(({ level, text }) => `${level}: ${text}`);
  const worker = (name: string, plugins = [plugin]): ReturnType<typeof aWorker> =>
    aWorker(name, { member: aMember(name, plugins) });

  test('as it should be is ok in all', () => {
    const workers = [worker('worker-1'), worker('worker-2')];
    expect(lines(aSnapshot([], { workers, plugins: [plugin] }))).toEqual([
      'ok: coordinator-1 leads, epoch 3',
      'ok: 2 of 2 workers are up',
      'ok: none of 0 connectors has FAILED',
      'ok: all 2 workers have the same 1 plugins',
      'ok: all speak version 2 of the protocol, which is used',
    ]);
  });

  test('without anybody', () => {
    const found = lines(aSnapshot([], { workers: [], leader: undefined, plugins: [] }));
    expect(found[0]).toMatch(/^fail: no coordinator leads/);
    expect(found[1]).toBe('fail: no worker is up');
  });

  test('with plugins that differ', () => {
    const broken = { ...plugin, class: './bad.ts', error: 'SyntaxError: x\n  at y' };
    const workers = [
      worker('worker-1', [plugin, broken]),
      worker('worker-2', [{ ...plugin, version: '2.0.0' }]),
      worker('worker-3', []),
    ];
    const view = aView({ record: { config: { 'connector.class': 'com.acme.Other' } } });
    const found = lines(aSnapshot([view], { workers, plugins: [plugin] }));
    expect(found).toContain('fail: ./bad.ts does not load on worker-1: SyntaxError: x');
    expect(found).toContain('warn: com.acme.Source is not on worker-3');
    expect(found).toContain(
      'warn: com.acme.Source is there in several versions: 1.0.0 on worker-1, 2.0.0 on worker-2',
    );
    expect(found).toContain('fail: connector orders needs com.acme.Other, which no worker has');
  });

  test('with what is lost, has FAILED, or uses another log', () => {
    const workers = [worker('worker-1'), { ...worker('worker-2'), state: 'lost' as const }];
    const view = aView({ tasks: [{ state: 'FAILED' }] });
    const found = lines(aSnapshot([view], { workers, plugins: [plugin] }), 'kafka');
    expect(found).toContain('warn: not heard of: worker-2 on host-a');
    expect(found).toContain('warn: FAILED, or with tasks that have: orders');
    expect(found).toContain(
      'warn: this command is set to the log on kafka, 1 workers to that on redis',
    );
  });

  test('with a worker that is cordoned', () => {
    const second = worker('worker-2');
    const workers = [
      worker('worker-1'),
      { ...second, member: { ...second.member, cordoned: true } },
    ];
    expect(lines(aSnapshot([], { workers, plugins: [plugin] }))).toContain(
      'warn: cordoned, so that they are given nothing new: worker-2',
    );
  });

  test('with no worker that is not cordoned', () => {
    const { member, ...first } = worker('worker-1');
    const cordoned = { ...first, member: { ...member, cordoned: true } };
    const dead = { ...worker('worker-2'), state: 'dead' as const };
    expect(lines(aSnapshot([], { workers: [cordoned, dead], plugins: [plugin] }))).toContain(
      'fail: every worker that is up is cordoned, so that nothing new is run: worker-1',
    );
  });

  test('while it is upgraded', () => {
    const newer = worker('worker-2');
    const workers = [
      worker('worker-1'),
      { ...newer, member: { ...newer.member, protocol: { min: 1, max: 3 } } },
    ];
    expect(lines(aSnapshot([], { workers, plugins: [plugin] }))).toContain(
      'warn: version 2 of the protocol is used, and worker-1 (1 to 2) cannot speak 3',
    );
  });
});

test('clocks', () => {
  const found = judgeClocks([
    { who: 'this machine', skewMs: 12 },
    { who: 'worker-1', skewMs: -9_000 },
    { who: 'worker-2', skewMs: undefined, reason: '10.0.0.1:8084 is not reachable from here' },
  ]);
  expect(found.map(({ level, text }) => `${level}: ${text}`)).toEqual([
    'warn: the clock of worker-1 is 9.0 s behind that of Redis',
    'ok: that of worker-2 is not known: 10.0.0.1:8084 is not reachable from here',
  ]);
  expect(judgeClocks([{ who: 'this machine', skewMs: 12 }])).toMatchObject([{ level: 'ok' }]);
});

describe('the log', () => {
  const health = { kind: 'kafka' as const, address: 'b:9092', reachable: true, message: '' };

  test.each([
    [{ reachable: false, message: 'nothing listens', promise: null }, 'fail'],
    [{ promise: null }, 'ok'],
    [{ promise: { durability: 'durable' as const, meaning: 'all is safe.' } }, 'ok'],
    [{ promise: { durability: 'volatile' as const, meaning: 'nothing is.' } }, 'warn'],
  ])('%j: %s', (facts, level) => {
    expect(judgeLog({ ...health, ...facts }, { isWithheld: false })).toMatchObject([{ level }]);
  });

  const compact = { 'cleanup.policy': 'compact' };
  const topic = { name: 't', purpose: 'offsets', partitions: 25, settings: compact } as const;

  test.each([
    ['offsets', 25, compact, 'ok'],
    ['offsets', 25, {}, 'ok'],
    ['offsets', 25, { 'cleanup.policy': 'delete' }, 'fail'],
    ['configs', 1, compact, 'ok'],
    ['configs', 3, compact, 'fail'],
  ] as const)(
    'topic of %s with %i partitions and %j: %s',
    (purpose, partitions, settings, level) => {
      const found = { ...topic, purpose, partitions, settings, replicationFactor: undefined };
      expect(judgeTopic(found, { asked: 3, brokers: 3 }).level).toBe(level);
    },
  );

  test.each([
    // Replicas, min.insync.replicas, asked for, brokers.
    [1, '1', undefined, 1, 'ok: topic t keeps offsets, 25 partitions, 1 replica, compacted'],
    [3, '2', 3, 3, 'ok: topic t keeps offsets, 25 partitions, 3 replicas, compacted'],
    [2, '1', undefined, 3, 'ok: topic t keeps offsets, 25 partitions, 2 replicas, compacted'],
    [1, '1', undefined, 3, 'warn: topic t has 1 replica, though there are 3 brokers'],
    [2, '1', 3, 3, 'warn: topic t has 2 replicas, and KAFKA_REPLICATION_FACTOR asks for 3'],
    [
      3,
      '1',
      3,
      3,
      'warn: topic t has 3 replicas and min.insync.replicas=1: what is acknowledged may',
    ],
    [1, '2', 1, 1, 'fail: topic t has 1 replica and min.insync.replicas=2: nothing can be written'],
  ] as const)(
    'a topic with %i replicas and min.insync.replicas=%s, where %s are asked for of %i brokers',
    (replicationFactor, inSync, asked, brokers, said) => {
      const settings = { ...compact, 'min.insync.replicas': inSync };
      const { level, text, remedy } = judgeTopic(
        { ...topic, settings, replicationFactor },
        { asked, brokers },
      );
      expect(`${level}: ${text}`.slice(0, said.length)).toBe(said);
      expect(remedy === undefined).toBe(level === 'ok');
    },
  );

  test.each([
    [[], 'Kafka of a release that it does not tell, 1 broker'],
    [[['metadata.version', 27]], 'Kafka 4.1 (metadata.version 27), 1 broker'],
    [[['metadata.version', 14]], 'Kafka 3.6 (metadata.version 14), 1 broker'],
    [[['metadata.version', 99]], 'Kafka newer than 4.3 (metadata.version 99), 1 broker'],
    [[['metadata.version', 1]], 'Kafka of an unknown release (metadata.version 1), 1 broker'],
  ] as const)('Kafka with %j', (features, text) => {
    expect(judgeServer({ servers: 1, features: new Map(features) })).toMatchObject({
      level: 'ok',
      text,
    });
  });
});
