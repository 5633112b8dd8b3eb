/** Keys of any kind, and strings. */
import { type CommandReply, Status } from '../lua/script-command.ts';
import { integer, syntaxError } from './arguments.ts';
import { type CommandTable, command } from './command-table.ts';
import { type Database, never } from './database.ts';
import { ReplyError } from './reply-error.ts';

export const ok = new Status('OK');

export const keyCommands: CommandTable = {
  PING: command(0, 0, 'status', () => new Status('PONG')),
  TIME: command(0, 0, 'list', ({ nowMicros }) => [
    `${Math.floor(nowMicros / 1_000_000)}`,
    `${nowMicros % 1_000_000}`,
  ]),
  FLUSHALL: command(0, 0, 'status', (database) => {
    database.clear();
    return ok;
  }),
  KEYS: command(1, 1, 'list', (database, pattern) => {
    const matches = glob(pattern);
    return [...database.entries.keys()].filter((key) => matches.test(key));
  }),
  TYPE: command(1, 1, 'status', (database, key) => new Status(database.get(key)?.kind ?? 'none')),
  DEL: command(1, Infinity, 'plain', (database, ...keys) => {
    return count(keys, (key) => database.delete(key));
  }),
  EXISTS: command(1, Infinity, 'plain', (database, ...keys) => {
    return count(keys, (key) => database.get(key) !== undefined);
  }),
  PTTL: command(1, 1, 'plain', (database, key) => {
    const entry = database.get(key);
    if (!entry) return -2;
    return entry.expiresAtMs === never ? -1 : Math.max(0, entry.expiresAtMs - database.nowMs);
  }),
  PEXPIRE: command(2, 2, 'plain', (database, key, ms) => {
    const entry = database.get(key);
    if (!entry) return 0;
    database.put(key, { ...entry, expiresAtMs: database.nowMs + integer(ms) });
    return 1;
  }),
  GET: command(1, 1, 'plain', (database, key) => database.string(key) ?? false),
  MGET: command(1, Infinity, 'list', (database, ...keys) =>
    keys.map((key) => {
      const entry = database.get(key);
      return entry?.kind === 'string' ? entry.value : false;
    }),
  ),
  SET: command(2, Infinity, 'status', set),
  INCR: command(1, 1, 'plain', (database, key) => {
    const entry = database.get(key);
    const value = integer(database.string(key) ?? '0') + 1;
    database.putString(key, `${value}`, entry?.expiresAtMs ?? never);
    return value;
  }),
};

function set(database: Database, key: string, value: string, ...options: string[]): CommandReply {
  let expiresAtMs = never;
  let condition: string | undefined;
  for (let index = 0; index < options.length; index++) {
    const option = options[index]?.toUpperCase();
    if (option === 'NX' || option === 'XX') condition = option;
    else if (option === 'PX') expiresAtMs = database.nowMs + lifetimeMs(options[++index]);
    else throw syntaxError();
  }
  if (condition && (database.get(key) !== undefined) !== (condition === 'XX')) return false;
  database.putString(key, value, expiresAtMs);
  return ok;
}

function lifetimeMs(text: string | undefined): number {
  if (text === undefined) throw syntaxError();
  const ms = integer(text);
  if (ms <= 0) throw new ReplyError("ERR invalid expire time in 'set' command");
  return ms;
}

function count(items: readonly string[], isCounted: (item: string) => boolean): number {
  let counted = 0;
  for (const item of items) if (isCounted(item)) counted++;
  return counted;
}

/** `*` and `?` of a pattern; braces mean nothing, as in Redis. */
function glob(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
