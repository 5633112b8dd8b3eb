import { parseLogLevel } from '@sluice/kernel';
import type { Command } from 'commander';

import { CliError, exitCodes } from '../exit-codes.ts';
import { formatAge } from '../format/age.ts';
import { formatTable } from '../format/table.ts';
import { addGlobalOptions, globalOptionsOf } from '../options.ts';
import { isoTime } from '../views.ts';
import { type CommandContext, printOutcome, withSession } from './command.ts';

const names = `
Loggers are root, sluice.coordinator, sluice.worker, sluice.executor, sluice.connector, and sluice.connector.NAME of
one connector. A level holds for the loggers below it, in all processes of the cluster, within 2 seconds, and for
those that start later.`;

const getExamples = `${names}
Listed are those that were set for the whole cluster; all others have the level of SLUICE_LOG_LEVEL.

Examples:
  sluice loggers get
  sluice loggers get sluice.connector.orders`;

const setExamples = `${names}

Examples:
  sluice loggers set sluice.connector.orders DEBUG
  sluice loggers set root INFO`;

const levels = 'TRACE, DEBUG, INFO, WARN, ERROR, FATAL, OFF';

export function addLoggersCommand(program: Command, context: CommandContext): void {
  const loggers = program.command('loggers').description('look at levels of loggers, and set them');
  addGetLoggersCommand(loggers, context);
  addSetLoggerCommand(loggers, context);
}

function addGetLoggersCommand(loggers: Command, context: CommandContext): void {
  const command = loggers
    .command('get', { isDefault: true })
    .argument('[logger]', 'only this one')
    .description('list the levels that were set for the whole cluster');
  addGlobalOptions(command).addHelpText('after', getExamples);
  command.action(async (wanted: string | undefined) => {
    const global = globalOptionsOf(command, context.io);
    const { io } = context;
    await withSession(context, global, 'read', async (session) => {
      const [set, nowMs] = await Promise.all([session.loggerLevels(), session.nowMs()]);
      const found = [...set]
        .filter(([name]) => wanted === undefined || name === wanted)
        .sort(([a], [b]) => (a < b ? -1 : 1));
      if (wanted !== undefined && found.length === 0) {
        throw new CliError(
          exitCodes.notFound,
          `the level of ${wanted} was not set for the whole cluster; set it: sluice loggers set ${wanted} DEBUG`,
        );
      }
      if (global.json) {
        const data = found.map(([logger, { level, atMs }]) => ({
          logger,
          level,
          setAt: isoTime(atMs),
        }));
        io.out(JSON.stringify(data, undefined, 2));
        return;
      }
      const rows = found.map(([name, { level, atMs }]) => [name, level, formatAge(nowMs - atMs)]);
      io.out(
        rows.length === 0
          ? 'no level was set: all loggers have that of SLUICE_LOG_LEVEL'
          : formatTable(['LOGGER', 'LEVEL', 'SET'], rows, io),
      );
    });
  });
}

function addSetLoggerCommand(loggers: Command, context: CommandContext): void {
  const command = loggers
    .command('set')
    .argument('<logger>', 'root, sluice.worker, sluice.connector.NAME, …')
    .argument('<level>', levels)
    .description('set the level of a logger, of all processes');
  addGlobalOptions(command).addHelpText('after', setExamples);
  command.action(async (logger: string, text: string) => {
    const global = globalOptionsOf(command, context.io);
    const level = parseLogLevel(text);
    if (!level) {
      throw new CliError(exitCodes.usage, `"${text}" is not a level: take one of ${levels}`);
    }
    await withSession(context, global, 'write', async (session) => {
      await session.client.setLoggerLevel(logger.toLowerCase() === 'root' ? 'root' : logger, level);
    });
    printOutcome(context, global, { text: `${logger} is ${level}`, data: { logger, level } });
  });
}
