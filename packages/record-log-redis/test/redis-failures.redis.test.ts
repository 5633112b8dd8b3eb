import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import {
  eventually,
  newGroup,
  newIdentity,
  readRecords,
  records,
  values,
} from '@sluice/record-log/conformance';
import { freePort, type RedisHandle, type StartRedisOptions, startRedis } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';

import { RedisLog, type RedisLogOptions } from '../src/index.ts';
import { expectInOrder, readSequence, writeSequence } from './sequence.ts';

const unreachable = { code: 'log.unreachable', retriable: true, fenced: false };

test('a server that is not there is named, with the remedy, and without the password', async () => {
  const port = await freePort();
  const log = new RedisLog({
    url: `redis://me:s3cret@127.0.0.1:${port}`,
    cluster: 'c',
    clientId: 't',
  });
  const error = await log.start().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject(unreachable);
  expect(String(error)).toContain(`127.0.0.1:${port}`);
  expect(String(error)).toContain('check that it runs');
  expect(JSON.stringify(error) + String(error)).not.toContain('s3cret');
  await log.stop();
});

test('a wrong password is told as such', async () => {
  const redis = await server({ config: ['--requirepass', 'right'] });
  const log = client(redis, { url: `redis://:wrong@127.0.0.1:${redis.port}` });
  const error = await log.start().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'log.forbidden', retriable: false });
  expect(String(error)).not.toContain('wrong@');
  const right = client(redis, { url: `redis://:right@127.0.0.1:${redis.port}` });
  await right.start();
});

test('an ACL user that may do what the README lists can do everything', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, rules = ''] = /^ACL SETUSER sluice (.+)$/m.exec(readme) ?? [];
  const redis = await server();
  const admin = adminOf(redis);
  await admin.call('ACL', 'SETUSER', 'sluice', ...rules.replaceAll('<cluster>', 'test').split(' '));
  const log = client(redis, { url: `redis://sluice:password@127.0.0.1:${redis.port}` });
  await log.start();
  expect(log.capabilities.durability).toBe('volatile');
  const topic = 'allowed';
  const partition = { topic, partition: 0 };
  const group = newGroup();
  const writer = await log.openWriter(newIdentity());
  const reader = await log.openReader({ identity: newIdentity(), group });
  await reader.assign([partition]);
  await writer.produce([{ topic, records: records(3) }]);
  await writer.commitSourceOffsets('c', [{ partition: { a: 1 }, offset: { b: 2 } }]);
  expect(await log.readSourceOffsets('c', [{ a: 1 }])).toEqual([{ b: 2 }]);
  expect(await log.listSourceOffsets('c')).toHaveLength(1);
  expect(await readRecords(reader, 3)).toHaveLength(3);
  await reader.commit([{ ...partition, offset: 3 }]);
  expect(await reader.committed([partition])).toEqual([3]);
  expect(await log.listGroupOffsets(group)).toHaveLength(1);
  expect(await log.topics.watermarks([partition])).toEqual([{ low: 0, high: 3 }]);
  expect(await log.topics.list()).toEqual([topic]);
  await reader.close();
  await log.forgetGroup(group);
  await log.topics.delete(topic);
  expect(await admin.keys('{sluice-log:test}:log*')).toEqual([]);
});

test.for([
  [['--appendonly', 'yes', '--appendfsync', 'always'], 'durable'],
  [['--appendonly', 'yes', '--appendfsync', 'everysec'], 'eventual'],
  [['--appendonly', 'yes', '--appendfsync', 'no'], 'volatile'],
  [['--appendonly', 'no'], 'volatile'],
  [['--appendonly', 'yes', '--maxmemory', '1gb', '--maxmemory-policy', 'allkeys-lru'], 'volatile'],
  [['--appendonly', 'yes', '--rename-command', 'CONFIG', ''], 'volatile'],
] as const)('with %j an acknowledgement is %s', async ([config, durability]) => {
  const redis = await server({ config: [...config] });
  const log = client(redis);
  await log.start();
  expect(log.capabilities).toEqual({
    durability,
    meaning: expect.stringMatching(/^Redis .*\.$/),
    fencing: true,
    transactions: false,
  });
});

test('killed connections in mid-stream lose nothing and keep the order', async () => {
  const redis = await server();
  const admin = adminOf(redis);
  const log = client(redis);
  const topic = 'sequence';
  const length = 20_000;
  const writer = await log.openWriter(newIdentity());
  const reader = await log.openReader({ identity: newIdentity(), group: newGroup() });
  await reader.assign([{ topic, partition: 0 }]);
  let kills = 0;
  const onProgress = (acknowledged: number): void => {
    if (acknowledged < (kills + 1) * 1_000 || kills >= 15) return;
    kills += 1;
    void admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    void admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub', 'SKIPME', 'yes');
  };
  const [read, failures] = await Promise.all([
    readSequence(reader, length - 1),
    writeSequence(writer, { topic, length, onProgress }),
  ]);
  expect(kills).toBe(15);
  expect(failures).toBeGreaterThan(5);
  expectInOrder(read.numbers, length);
  expect(read.offsets.every((offset, index) => offset === index)).toBe(true);
});

test('with an append-only file, a server killed in mid-stream has all that was acknowledged', async () => {
  const redis = await server({ appendOnly: true });
  const log = client(redis);
  await log.start();
  const topic = 'sequence';
  const length = 6_000;
  const partition = { topic, partition: 0 };
  const group = newGroup();
  const writer = await log.openWriter(newIdentity());
  const reader = await log.openReader({ identity: newIdentity(), group });
  await reader.assign([partition]);
  const restarts: Promise<void>[] = [];
  const onProgress = (acknowledged: number): void => {
    if (acknowledged < (restarts.length + 1) * 1_500 || restarts.length >= 3) return;
    restarts.push(redis.kill('SIGKILL').then(() => redis.restart()));
  };
  const [read, failures] = await Promise.all([
    readSequence(reader, length - 1),
    writeSequence(writer, { topic, length, onProgress, callsAtOnce: 4 }),
  ]);
  expect(failures).toBeGreaterThanOrEqual(3);
  expect(restarts).toHaveLength(3);
  await Promise.all(restarts);
  expectInOrder(read.numbers, length);
  await reader.commit([{ ...partition, offset: read.numbers.length }]);
  expect(await log.listGroupOffsets(group)).toEqual([
    { ...partition, offset: read.numbers.length },
  ]);
}, 60_000);

test('a reader does not skip what is written at offsets that the server has lost', async () => {
  const redis = await server({ config: ['--appendonly', 'no', '--save', ''] });
  const admin = adminOf(redis);
  const warnings: string[] = [];
  const log = client(redis, { logger: loggerInto(warnings) });
  const topic = 'lossy';
  const partition = { topic, partition: 0 };
  const writer = await log.openWriter(newIdentity());
  const reader = await log.openReader({ identity: newIdentity(), group: newGroup() });
  await reader.assign([partition]);
  await writer.produce([{ topic, records: records(10, { prefix: 'kept-' }) }]);
  expect(await readRecords(reader, 10)).toHaveLength(10);
  await reader.commit([{ ...partition, offset: 8 }]);
  await admin.save();
  await writer.produce([{ topic, records: records(10, { prefix: 'lost-' }) }]);
  await readRecords(reader, 10);

  await redis.kill('SIGKILL'); // Comes back with what was saved: without the last ten.
  await redis.restart();
  const other = client(redis, { clientId: 'other' });
  const late = await other.openWriter(newIdentity());
  await late.produce([{ topic, records: records(15, { prefix: 'new-' }) }]);
  const read = await readRecords(reader, 17);
  expect(values(read)).toEqual([
    'kept-8',
    'kept-9',
    ...Array.from({ length: 15 }, (_, index) => `new-${index}`),
  ]);
  expect(warnings).toEqual(['log lost records, going back']);
});

test('so does a reader that had nothing to read before the loss', async () => {
  const redis = await server();
  const log = client(redis);
  const topic = 'lossy';
  const partition = { topic, partition: 0 };
  const group = newGroup();
  const writer = await log.openWriter(newIdentity());
  await writer.produce([{ topic, records: records(5) }]);
  const before = await log.openReader({ identity: newIdentity(), group });
  await before.assign([partition]);
  await before.commit([{ ...partition, offset: 5 }]);
  const reader = await log.openReader({ identity: newIdentity(), group });
  await reader.assign([partition]);
  expect(await reader.poll(50)).toEqual([]);

  await redis.restart(); // Empty.
  const other = client(redis, { clientId: 'other' });
  const late = await other.openWriter(newIdentity());
  await late.produce([{ topic, records: records(7, { prefix: 'new-' }) }]);
  expect(values(await readRecords(reader, 7))).toEqual(
    Array.from({ length: 7 }, (_, index) => `new-${index}`),
  );
});

test('so does a reader that had paused before the loss', async () => {
  const redis = await server();
  const log = client(redis);
  const topic = 'lossy';
  const partition = { topic, partition: 0 };
  const writer = await log.openWriter(newIdentity());
  await writer.produce([{ topic, records: records(8) }]);
  const reader = await log.openReader({
    identity: newIdentity(),
    group: newGroup(),
    pollRecordsMax: 5,
  });
  await reader.assign([partition]);
  expect(await readRecords(reader, 5)).toHaveLength(5);
  reader.pause([partition]);

  await redis.restart(); // Empty.
  const other = client(redis, { clientId: 'other' });
  const late = await other.openWriter(newIdentity());
  await late.produce([{ topic, records: records(9, { prefix: 'new-' }) }]);
  reader.resume([partition]);
  expect(values(await readRecords(reader, 9))).toEqual(
    Array.from({ length: 9 }, (_, index) => `new-${index}`),
  );
});

test('a server that becomes a replica is left, and used again when it is a master', async () => {
  const redis = await server();
  const admin = adminOf(redis);
  const log = client(redis);
  const writer = await log.openWriter(newIdentity());
  const topic = 'moved';
  await writer.produce([{ topic, records: records(1) }]);
  await admin.replicaof('127.0.0.1', '1');
  await expect(writer.produce([{ topic, records: records(1) }])).rejects.toMatchObject(unreachable);
  await admin.replicaof('NO', 'ONE');
  await writer.produce([{ topic, records: records(1) }]);
  expect(await log.topics.watermarks([{ topic, partition: 0 }])).toEqual([{ low: 0, high: 2 }]);
});

test('a server that has lost everything is written to again by the same owner, into as many partitions', async () => {
  const redis = await server();
  const log = client(redis);
  const identity = newIdentity(7);
  await log.topics.create('wide', { partitions: 4 });
  const writer = await log.openWriter(identity);
  await writer.produce([{ topic: 'wide', records: records(1, { partition: 3 }) }]);
  await adminOf(redis).flushall();
  const [ack] = await writer.produce([{ topic: 'wide', records: records(2, { partition: 3 }) }]);
  expect(Array.from(ack?.offsets ?? [])).toEqual([0, 1]);
  expect((await log.topics.describe(['wide'])).get('wide')).toEqual({ partitions: 4 });
  await expect(log.openWriter({ ...identity, fence: 6 })).rejects.toMatchObject({ fenced: true });
});

test('a zombie that was frozen while it was replaced changes nothing', async () => {
  const redis = await server();
  const [old, current] = [client(redis, { clientId: 'old' }), client(redis, { clientId: 'new' })];
  const { id } = newIdentity();
  const topic = 'owned';
  const zombie = await old.openWriter({ id, fence: 1 });
  await zombie.produce([{ topic, records: records(3) }]);
  const owner = await current.openWriter({ id, fence: 2 });
  await owner.produce([{ topic, records: records(3, { prefix: 'owner-' }) }]);
  const calls = Array.from({ length: 20 }, () => zombie.produce([{ topic, records: records(5) }]));
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { code: 'log.fenced', fenced: true },
    });
  }
  expect(await current.topics.watermarks([{ topic, partition: 0 }])).toEqual([{ low: 0, high: 6 }]);
});

test('scripts that the server has forgotten are loaded again', async () => {
  const redis = await server();
  const log = client(redis);
  const writer = await log.openWriter(newIdentity());
  const topic = 'flushed';
  await writer.produce([{ topic, records: records(1) }]);
  await adminOf(redis).script('FLUSH');
  await expect(writer.produce([{ topic, records: records(1) }])).rejects.toMatchObject(unreachable);
  await writer.produce([{ topic, records: records(1) }]);
});

test('a server that stops answering is cut off, and used again when it answers', async () => {
  const redis = await server();
  const log = client(redis, { requestTimeoutMs: 2_000 });
  const topic = 'frozen';
  const writer = await log.openWriter(newIdentity());
  const reader = await log.openReader({ identity: newIdentity(), group: newGroup() });
  await reader.assign([{ topic, partition: 0 }]);
  await writer.produce([{ topic, records: records(1) }]);
  await readRecords(reader, 1);
  await redis.kill('SIGSTOP');
  await expect(
    writer.produce([{ topic, records: records(1, { prefix: 'frozen-' }) }]),
  ).rejects.toMatchObject(unreachable);
  expect(await reader.poll(50)).toEqual([]);
  await redis.kill('SIGCONT');
  await eventually(async () => {
    const done = await writer
      .produce([{ topic, records: records(1, { prefix: 'again-' }) }])
      .catch(() => undefined);
    return done;
  });
  const read = values(await readRecords(reader, 1));
  if (read.at(-1) === 'frozen-0') read.push(...values(await readRecords(reader, 1)));
  expect(read.at(-1)).toBe('again-0');
});

test.for(['destroy', 'disconnect'] as const)(
  'what lies in buffers on the way to a server that hangs is not executed after %s',
  async (cut) => {
    const redis = await server();
    const [log, observer] = [client(redis), client(redis, { clientId: 'observer' })];
    const topic = 'cut';
    const writer = await log.openWriter(newIdentity());
    await writer.produce([{ topic, records: records(1) }]);
    await redis.kill('SIGSTOP');
    const calls = Array.from({ length: 30 }, () =>
      writer.produce([{ topic, records: [{ key: null, value: Buffer.alloc(100_000) }] }]),
    );
    const outcomes = Promise.allSettled(calls);
    await new Promise((resolve) => setTimeout(resolve, 50)); // Into the socket, and the kernel.
    log[cut]();
    await redis.kill('SIGCONT');
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: unreachable });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    // What the server takes with its first read cannot be called back; only a fence refuses that.
    const [marks] = await observer.topics.watermarks([{ topic, partition: 0 }]);
    expect(marks?.high).toBeLessThanOrEqual(4);
  },
);

test('a server that is away is not hammered', async () => {
  const redis = await server();
  const log = client(redis);
  const reader = await log.openReader({ identity: newIdentity(), group: newGroup() });
  await reader.assign([{ topic: 'away', partition: 0 }]);
  await redis.kill('SIGKILL');
  let attempts = 0;
  const listener = createServer((socket) => {
    attempts += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(redis.port, '127.0.0.1', resolve));
  expect(await reader.poll(1_500)).toEqual([]);
  await new Promise((resolve) => listener.close(resolve));
  // Wakes and fetches, each after 50, 100, 200, 400, 800 ms or half of that, and one at once.
  expect(attempts).toBeGreaterThan(2);
  expect(attempts).toBeLessThan(20);
  await redis.restart();
  const writer = await log.openWriter(newIdentity());
  await writer.produce([{ topic: 'away', records: records(1) }]);
  expect(values(await readRecords(reader, 1))).toEqual(['0']);
});

test('two writers of one owner do not disturb each other', async () => {
  const redis = await server();
  const log = client(redis);
  const identity = newIdentity();
  const [a, b] = [await log.openWriter(identity), await log.openWriter(identity)];
  await Promise.all([
    writeSequence(a, { topic: 'a', length: 500, recordsEach: 5 }),
    writeSequence(b, { topic: 'b', length: 500, recordsEach: 5 }),
  ]);
  for (const topic of ['a', 'b']) {
    const reader = await log.openReader({ identity: newIdentity(), group: newGroup() });
    await reader.assign([{ topic, partition: 0 }]);
    const { numbers } = await readSequence(reader, 499);
    expect(expectInOrder(numbers, 500)).toBe(0);
  }
});

test('nothing is asked of the server while there is nothing to read', async () => {
  const redis = await server();
  const log = client(redis);
  const readers = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const reader = await log.openReader({ identity: newIdentity(), group: newGroup() });
      await reader.assign([{ topic: `idle-${index}`, partition: 0 }]);
      return reader;
    }),
  );
  const admin = adminOf(redis);
  const polls = readers.map((reader) => reader.poll(30_000));
  // Once what the polls began with is over, for half a second nothing but the questions themselves.
  await eventually(async () => {
    const first = await commandsOf(admin);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return (await commandsOf(admin)) - first === 1 ? true : undefined;
  });
  const clients = String(await admin.client('LIST'));
  expect(count(clients, 'name=test:')).toBe(3);
  await Promise.all(readers.map((reader) => reader.close()));
  await Promise.all(polls);
});

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

async function commandsOf(admin: Redis): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await admin.info('stats'))?.[1]);
}

async function server(options: StartRedisOptions = {}): Promise<RedisHandle> {
  const redis = await startRedis(options);
  onTestFinished(() => redis.stop());
  return redis;
}

/** Clients of one server share a cluster. */
function client(redis: RedisHandle, options: Partial<RedisLogOptions> = {}): RedisLog {
  const log = new RedisLog({ url: redis.url, cluster: 'test', clientId: 'test', ...options });
  onTestFinished(() => log.stop());
  return log;
}

function adminOf(redis: RedisHandle): Redis {
  const admin = new Redis(redis.url);
  admin.on('error', () => {}); // The server is killed on purpose.
  onTestFinished(() => admin.disconnect());
  return admin;
}

function loggerInto(warnings: string[]): NonNullable<RedisLogOptions['logger']> {
  const logger = {
    debug: () => {},
    info: () => {},
    error: () => {},
    warn: (_fields: object, message: string) => {
      if (!message.startsWith('fetch failed')) warnings.push(message);
    },
    child: () => logger,
  };
  return logger;
}
