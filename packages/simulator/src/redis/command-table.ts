import type { CommandReply, ScriptCommand } from '../lua/script-command.ts';
import type { Database } from './database.ts';

export type RedisCommand = ScriptCommand<Database>;
export type CommandTable = Readonly<Record<string, Omit<RedisCommand, 'name'>>>;

/** `run` may rely on as many arguments as there are at least. */
// Each has a type of arguments of its own.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function command<Args extends string[]>(
  argumentsMin: number,
  argumentsMax: number,
  reply: RedisCommand['reply'],
  run: (database: Database, ...args: Args) => CommandReply,
): Omit<RedisCommand, 'name'> {
  return { argumentsMin, argumentsMax, reply, run: run as RedisCommand['run'] };
}
