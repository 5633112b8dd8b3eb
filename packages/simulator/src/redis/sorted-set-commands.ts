import { numberToArgument } from '../lua/numbers.ts';
import { bound, integer, score, syntaxError } from './arguments.ts';
import { type CommandTable, command } from './command-table.ts';
import type { Database } from './database.ts';
import type { SortedSet } from './sorted-set.ts';

export const sortedSetCommands: CommandTable = {
  ZADD: command(3, Infinity, 'plain', (database, key: string, ...pairs: string[]) => {
    if (pairs.length % 2 !== 0) throw syntaxError();
    // All of them are checked before any is written.
    const scores = pairs.filter((_, index) => index % 2 === 0).map(score);
    let added = 0;
    for (const [index, value] of scores.entries()) {
      if (database.setScore(key, pairs[index * 2 + 1] ?? '', value)) added++;
    }
    return added;
  }),
  ZREM: command(2, Infinity, 'plain', (database, key: string, ...members: string[]) => {
    let removed = 0;
    for (const member of members) if (database.deleteScore(key, member)) removed++;
    return removed;
  }),
  ZSCORE: command(2, 2, 'plain', (database, key: string, member: string) => {
    const value = database.sortedSet(key)?.score(member);
    return value === undefined ? false : numberToArgument(value);
  }),
  ZCARD: command(1, 1, 'plain', (database, key: string) => database.sortedSet(key)?.size ?? 0),
  ZCOUNT: command(3, 3, 'plain', (database, key: string, min: string, max: string) => {
    const [from, to] = rankRange(database.sortedSet(key), min, max);
    return Math.max(0, to - from);
  }),
  ZRANGE: command(
    3,
    4,
    'list',
    (database, key: string, from: string, to: string, option?: string) => {
      if (option !== undefined && option.toUpperCase() !== 'WITHSCORES') throw syntaxError();
      const set = database.sortedSet(key);
      const [first, last] = [integer(from), integer(to)];
      const size = set?.size ?? 0;
      const start = first < 0 ? Math.max(0, size + first) : first;
      return shown(set, start, last < 0 ? size + last + 1 : last + 1, option !== undefined);
    },
  ),
  ZRANGEBYSCORE: command(3, 6, 'list', rangeByScore),
  ZREMRANGEBYSCORE: command(3, 3, 'plain', (database, key: string, min: string, max: string) => {
    const members = rangeByScore(database, key, min, max);
    for (const member of members) database.deleteScore(key, member);
    return members.length;
  }),
  ZPOPMIN: command(2, 2, 'list', (database, key: string, count: string) => {
    const popped = shown(database.sortedSet(key), 0, integer(count), true);
    for (let index = 0; index < popped.length; index += 2) {
      database.deleteScore(key, popped[index] ?? '');
    }
    return popped;
  }),
};

function rangeByScore(
  database: Database,
  key: string,
  min: string,
  max: string,
  limit?: string,
  offset?: string,
  count?: string,
): string[] {
  const set = database.sortedSet(key);
  const [from, to] = rankRange(set, min, max);
  if (limit === undefined) return shown(set, from, to, false);
  if (limit.toUpperCase() !== 'LIMIT' || offset === undefined || count === undefined)
    throw syntaxError();
  const [skipped, most] = [integer(offset), integer(count)];
  const start = from + skipped;
  return shown(set, start, most < 0 ? to : Math.min(to, start + most), false);
}

/** Ranks from one to before another. */
function rankRange(
  set: SortedSet | undefined,
  min: string,
  max: string,
): [from: number, to: number] {
  const [low, high] = [bound(min), bound(max)];
  if (!set) return [0, 0];
  return [set.countBelow(low.score, low.isExcluded), set.countBelow(high.score, !high.isExcluded)];
}

function shown(
  set: SortedSet | undefined,
  from: number,
  to: number,
  withScores: boolean,
): string[] {
  if (!set || to <= from) return [];
  const flat: string[] = [];
  for (const { member, score: value } of set.slice(from, to)) {
    flat.push(member);
    if (withScores) flat.push(numberToArgument(value));
  }
  return flat;
}
