import { integer } from './arguments.ts';
import { type CommandTable, command } from './command-table.ts';
import { ReplyError } from './reply-error.ts';

export const setCommands: CommandTable = {
  SADD: command(2, Infinity, 'plain', (database, key: string, ...members: string[]) => {
    let added = 0;
    for (const member of members) if (database.addMember(key, member)) added++;
    return added;
  }),
  SREM: command(2, Infinity, 'plain', (database, key: string, ...members: string[]) => {
    let removed = 0;
    for (const member of members) if (database.deleteMember(key, member)) removed++;
    return removed;
  }),
  SCARD: command(1, 1, 'plain', (database, key: string) => database.set(key)?.size ?? 0),
  SISMEMBER: command(2, 2, 'plain', (database, key: string, member: string) => {
    return database.set(key)?.has(member) ? 1 : 0;
  }),
  SMEMBERS: command(1, 1, 'list', (database, key: string) => [...(database.set(key) ?? [])]),
  SRANDMEMBER: command(2, 2, 'list', (database, key: string, count: string) => {
    const members = [...(database.set(key) ?? [])];
    return pick(members, integer(count), database.random);
  }),
};

/** So many different ones, or all. */
function pick(members: string[], count: number, random: () => number): string[] {
  if (count < 0) throw new ReplyError('ERR members that may repeat are not supported');
  if (count >= members.length) return members;
  for (let index = 0; index < count; index++) {
    const other = index + Math.floor(random() * (members.length - index));
    const picked = members[other] ?? '';
    members[other] = members[index] ?? '';
    members[index] = picked;
  }
  return members.slice(0, count);
}
