/** Everything that a real server holds, as `FakeRedis.dump()` shows it, read at one moment. */
import type { KeyPicture } from '../../src/index.ts';
import { clockKey } from './clocked-script.ts';

/** Returns name, type, ms left (below 0: for ever) and contents of each key. */
export const pictureScript = `
local keys = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  if key ~= '${clockKey}' then
    local type = redis.call('TYPE', key).ok
    local value
    if type == 'string' then value = redis.call('GET', key)
    elseif type == 'hash' then value = redis.call('HGETALL', key)
    elseif type == 'set' then value = redis.call('SMEMBERS', key)
    elseif type == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    elseif type == 'stream' then value = redis.call('XRANGE', key, '-', '+') end
    keys[#keys + 1] = { key, type, redis.call('PTTL', key), value }
  end
end
return keys
`;

type ServerKey = [key: string, type: KeyPicture['type'], leftMs: number, value: unknown];

export interface ServerPicture {
  readonly keys: Record<string, KeyPicture>;
  /** Of keys that expire. */
  readonly leftMs: ReadonlyMap<string, number>;
}

export function readPicture(reply: unknown): ServerPicture {
  const rows = (reply as ServerKey[]).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    keys: Object.fromEntries(
      rows.map(([key, type, , value]) => [key, { type, value: contents(type, value) }]),
    ),
    leftMs: new Map(rows.flatMap(([key, , leftMs]) => (leftMs < 0 ? [] : [[key, leftMs]]))),
  };
}

function contents(type: KeyPicture['type'], value: unknown): KeyPicture['value'] {
  switch (type) {
    case 'string':
      return value as string;
    case 'set':
      return (value as string[]).toSorted().map((member) => [member]);
    case 'hash':
      return pairs(value as string[]).toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
    case 'zset':
      return pairs(value as string[]);
    case 'stream':
      return (value as [string, string[]][]).map(([id, flat]) => [id, ...flat]);
  }
}

function pairs(flat: readonly string[]): string[][] {
  return Array.from({ length: flat.length / 2 }, (_, index) =>
    flat.slice(index * 2, index * 2 + 2),
  );
}
