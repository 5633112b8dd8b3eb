/** Whether the Redis that coordinates is fit for it, by what it says of itself. Pure. */
import { formatBytes } from '../format/bytes.ts';
import { type Finding, fail, ok, skip, warn } from './finding.ts';

export type Role = 'viewer' | 'operator' | 'admin';

export interface RedisFacts {
  /** `INFO`, by name; undefined: the user may not ask. */
  readonly info: ReadonlyMap<string, string> | undefined;
  /** How long it took to answer, sorted. */
  readonly answersMs: readonly number[];
  /** Whom it takes us for; undefined: it does not tell. */
  readonly user: string | undefined;
  /** Of that user in this cluster; undefined: it may not even ask for that. */
  readonly role: Role | undefined;
  readonly hasPassword: boolean;
  /** Commands that its role needs, or that Sluice does where the role is not known, and that it may not run. */
  readonly denied: readonly string[];
  readonly isLoopback: boolean;
  /** Records travel through it, too. */
  readonly isLog: boolean;
}

const versionMin = 7;
/** A heartbeat is given up after 500 ms. */
const slowMs = { warn: 50, fail: 400 };
const fullShare = 0.9;

export function judgeRedis(facts: RedisFacts): Finding[] {
  const { info } = facts;
  if (!info) {
    return [
      latency(facts),
      user(facts),
      rights(facts),
      warn('redis', 'the user may not ask for INFO', 'allow +info, or ask as another user'),
    ];
  }
  return [
    version(info),
    latency(facts),
    user(facts),
    rights(facts),
    ...persistence(info, facts.isLog),
    policy(info),
    ...memory(info),
    ...replication(info),
  ];
}

function version(info: ReadonlyMap<string, string>): Finding {
  const text = info.get('redis_version') ?? 'of an unknown version';
  return Number(text.split('.')[0]) >= versionMin
    ? ok('redis', `Redis ${text}`)
    : fail(
        'redis',
        `Redis ${text} lacks what the scripts need`,
        `upgrade it to ${versionMin}.0 or newer`,
      );
}

function latency({ answersMs }: RedisFacts): Finding {
  const median = answersMs[Math.floor(answersMs.length / 2)] ?? 0;
  const slowest = answersMs.at(-1) ?? 0;
  const text = `answers in ${median.toFixed(1)} ms, at most ${slowest.toFixed(1)} ms`;
  const remedy =
    'heartbeats are given up after 500 ms: look for a slow network, slow commands (SLOWLOG GET), swapping, or a busy machine';
  if (slowest >= slowMs.fail) return fail('redis', text, remedy);
  return median >= slowMs.warn ? warn('redis', text, remedy) : ok('redis', text);
}

function user({ user: name, hasPassword, isLoopback }: RedisFacts): Finding {
  const text = `connected as ${name ?? 'a user that may not ask for its name'}`;
  if (hasPassword || isLoopback) return ok('redis', text);
  return warn(
    'redis',
    `${text}, without a password: whoever reaches Redis may change everything`,
    'set a password or an ACL user, and name both in REDIS_URL',
  );
}

function rights({ denied, role }: RedisFacts): Finding {
  if (denied.length > 0) {
    return fail(
      'redis',
      `the user may not run ${denied.join(', ')}`,
      'give it the rights of docs/guides/redis.md, for the keys of this cluster',
    );
  }
  return role === undefined || role === 'admin'
    ? ok('redis', 'the user may do what Sluice does')
    : skip(
        'redis',
        `what the processes may do in Redis cannot be tried by this user, who is a${role === 'operator' ? 'n' : ''} ${role}`,
        'ask as their user, or as an admin',
      );
}

function persistence(info: ReadonlyMap<string, string>, isLog: boolean): Finding[] {
  const findings: Finding[] = [];
  const holds = isLog ? 'definitions, offsets and records' : 'who runs what';
  if (info.get('aof_enabled') === '1') findings.push(ok('redis', 'keeps an append-only file'));
  else if (isLog) {
    findings.push(
      warn(
        'redis',
        `keeps no append-only file: a restart loses ${holds}`,
        'set appendonly yes, with appendfsync everysec or always',
      ),
    );
  } else {
    findings.push(
      ok('redis', 'keeps no append-only file; definitions and offsets are in Kafka besides'),
    );
  }
  for (const [key, what] of [
    ['aof_last_write_status', 'its last write to the append-only file'],
    ['rdb_last_bgsave_status', 'its last snapshot'],
  ] as const) {
    if ((info.get(key) ?? 'ok') === 'ok') continue;
    const remedy = 'look into its log: as a rule the disk is full, or the folder is not its own';
    findings.push(fail('redis', `${what} failed`, remedy));
  }
  return findings;
}

function policy(info: ReadonlyMap<string, string>): Finding {
  const name = info.get('maxmemory_policy') ?? 'noeviction';
  if (name === 'noeviction')
    return ok('redis', 'throws nothing away (maxmemory-policy noeviction)');
  const remedy = 'set maxmemory-policy noeviction';
  const text = `throws keys away at its maxmemory (maxmemory-policy ${name})`;
  return (info.get('maxmemory') ?? '0') === '0'
    ? warn('redis', `${text}, of which there is none now`, remedy)
    : fail('redis', text, remedy);
}

function memory(info: ReadonlyMap<string, string>): Finding[] {
  const [used, max] = [Number(info.get('used_memory')), Number(info.get('maxmemory'))];
  if (!(max > 0)) return [];
  const text = `uses ${Math.round((used / max) * 100)} % of its maxmemory`;
  return used / max < fullShare
    ? [ok('redis', text)]
    : [
        warn(
          'redis',
          text,
          'raise maxmemory, or see who holds what: sluice log topics, sluice log groups',
        ),
      ];
}

function replication(info: ReadonlyMap<string, string>): Finding[] {
  if (info.get('role') === 'slave') {
    return [
      fail(
        'redis',
        'is a replica, which takes no writes',
        'name the master in REDIS_URL, or sentinels: redis+sentinel://host:26379/master',
      ),
    ];
  }
  const replicas = replicasOf(info);
  if (replicas.length === 0) return [];
  const late = replicas.filter(({ isOnline, lagSeconds }) => !isOnline || lagSeconds > lateSeconds);
  if (late.length > 0) {
    const names = late.map(
      ({ address, isOnline, lagSeconds }) =>
        `${address} (${isOnline ? `not heard of for ${lagSeconds} s` : 'it does not follow yet'})`,
    );
    return [
      warn(
        'redis',
        `${late.length} of ${replicas.length} replicas lag behind: ${names.join(', ')}`,
        'look at them: what they lack is lost when one takes over',
      ),
    ];
  }
  const behind = Math.max(...replicas.map(({ bytesBehind }) => bytesBehind));
  return [ok('redis', `${replicas.length} replicas follow, at most ${formatBytes(behind)} behind`)];
}

interface Replica {
  readonly address: string;
  readonly isOnline: boolean;
  /** Since it was last heard of. */
  readonly lagSeconds: number;
  readonly bytesBehind: number;
}

/** A replica says each second how far it is. */
const lateSeconds = 5;

/** Of lines as `slave0:ip=10.0.0.2,port=6379,state=online,offset=4711,lag=0`. */
function replicasOf(info: ReadonlyMap<string, string>): Replica[] {
  const ownOffset = Number(info.get('master_repl_offset') ?? 0);
  return [...info].flatMap(([key, line]) => {
    if (!/^slave\d+$/.test(key)) return [];
    const facts = new Map(line.split(',').map((part) => part.split('=', 2) as [string, string]));
    const number = (name: string): number => Number(facts.get(name) ?? 0);
    return [
      {
        address: `${facts.get('ip') ?? '?'}:${facts.get('port') ?? '?'}`,
        isOnline: facts.get('state') === 'online',
        lagSeconds: number('lag'),
        bytesBehind: Math.max(0, ownOffset - number('offset')),
      },
    ];
  });
}
