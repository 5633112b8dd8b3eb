/** All commands, by name. */
import type { CommandReply } from '../lua/script-command.ts';
import type { RedisCommand } from './command-table.ts';
import type { Database } from './database.ts';
import { hashCommands } from './hash-commands.ts';
import { keyCommands } from './key-commands.ts';
import { ReplyError } from './reply-error.ts';
import { setCommands } from './set-commands.ts';
import { sortedSetCommands } from './sorted-set-commands.ts';
import { streamCommands } from './stream-commands.ts';

const tables = {
  ...keyCommands,
  ...hashCommands,
  ...setCommands,
  ...sortedSetCommands,
  ...streamCommands,
};

export const commands: ReadonlyMap<string, RedisCommand> = new Map(
  Object.entries(tables).map(([name, command]) => [name, { name, ...command }]),
);

/** As a client calls them. @throws ReplyError as Redis answers. */
export function runCommand(
  database: Database,
  name: string,
  args: readonly string[],
): CommandReply {
  const command = commands.get(name.toUpperCase());
  if (!command) throw new ReplyError(`ERR unknown command '${name}'`);
  if (args.length < command.argumentsMin || args.length > command.argumentsMax) {
    throw new ReplyError(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
  }
  return command.run(database, ...args);
}
