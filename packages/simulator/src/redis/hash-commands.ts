import { integer } from './arguments.ts';
import { type CommandTable, command } from './command-table.ts';
import type { Database } from './database.ts';
import { ReplyError } from './reply-error.ts';

export const hashCommands: CommandTable = {
  HGET: command(2, 2, 'plain', (database, key: string, field: string) => {
    return database.hash(key)?.get(field) ?? false;
  }),
  HEXISTS: command(2, 2, 'plain', (database, key: string, field: string) => {
    return database.hash(key)?.has(field) ? 1 : 0;
  }),
  HLEN: command(1, 1, 'plain', (database, key: string) => database.hash(key)?.size ?? 0),
  HMGET: command(2, Infinity, 'list', (database, key: string, ...fields: string[]) => {
    const hash = database.hash(key);
    return fields.map((field) => hash?.get(field) ?? false);
  }),
  HGETALL: command(1, 1, 'list', (database, key: string) => {
    const flat: string[] = [];
    for (const [field, value] of database.hash(key) ?? []) flat.push(field, value);
    return flat;
  }),
  HRANDFIELD: command(1, 1, 'plain', (database, key: string) => {
    const fields = [...(database.hash(key)?.keys() ?? [])];
    return fields[Math.floor(database.random() * fields.length)] ?? false;
  }),
  HSET: command(3, Infinity, 'plain', (database, key: string, ...pairs: string[]) => {
    if (pairs.length % 2 !== 0)
      throw new ReplyError("ERR wrong number of arguments for 'hset' command");
    return setFields(database, key, pairs);
  }),
  HSETNX: command(3, 3, 'plain', (database, key: string, field: string, value: string) => {
    if (database.hash(key)?.has(field)) return 0;
    database.setField(key, field, value);
    return 1;
  }),
  HINCRBY: command(3, 3, 'plain', (database, key: string, field: string, by: string) => {
    const increment = integer(by);
    const before = database.hash(key)?.get(field) ?? '0';
    const value = integer(before, 'hash value is not an integer') + increment;
    database.setField(key, field, `${value}`);
    return value;
  }),
  HDEL: command(2, Infinity, 'plain', (database, key: string, ...fields: string[]) => {
    let deleted = 0;
    for (const field of fields) if (database.deleteField(key, field)) deleted++;
    return deleted;
  }),
};

function setFields(database: Database, key: string, pairs: readonly string[]): number {
  let added = 0;
  for (let index = 0; index < pairs.length; index += 2) {
    if (database.setField(key, pairs[index] ?? '', pairs[index + 1] ?? '')) added++;
  }
  return added;
}
