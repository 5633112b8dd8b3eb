import { systemClock } from '@sluice/kernel';
import type { Command } from 'commander';

import { CliError, exitCodes } from '../exit-codes.ts';
import { addGlobalOptions, globalOptionsOf, parseDuration } from '../options.ts';
import type { Session } from '../session.ts';
import { type Look, overviewJson, overviewText } from '../top/overview.ts';
import { loadsOf } from '../top/rates.ts';
import { type CommandContext, withSession } from './command.ts';

const examples = `
Rates are of the last second, as workers tell them in Redis; CPU is in cores, DELAY that of the executor that is latest
(p99). What is abnormal comes first, then what moves most. LAG is what sinks have not read yet, ERRORS the records that
were given up, and calls of connectors that failed, since their tasks started. Ctrl-C or q ends.
With --once, --json, or if the output is no terminal, it looks once.

Examples:
  sluice top
  sluice top --tasks --interval 5s
  sluice top --json | jq '.connectors[] | select(.lag > 1000)'`;

/** Without a cursor, and lines end where the terminal does: one that went on below would push the first ones out. */
const enterScreen = '\u001B[?1049h\u001B[?25l\u001B[?7l';
const leaveScreen = '\u001B[?7h\u001B[?25h\u001B[?1049l';
/** In raw mode it is a key like others. */
const ctrlC = '\u0003';
const home = '\u001B[H';
const clearLine = '\u001B[K';
const clearBelow = '\u001B[J';
const intervalMs = { min: 200, max: 3_600_000 };

type LookOptions = Pick<Look, 'cluster' | 'withTasks'>;

interface TopFlags {
  readonly once?: boolean;
  readonly tasks?: boolean;
  readonly interval: string;
}

export function addTopCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('top')
    .description('watch connectors and workers with their rates and lag')
    .option('--once', 'look once, and end')
    .option('--tasks', 'list tasks, too')
    .option('--interval <time>', 'between two looks', '2s');
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (flags: TopFlags) => {
    const global = globalOptionsOf(command, context.io);
    const { io } = context;
    const everyMs = parseDuration(flags.interval, '--interval');
    if (everyMs < intervalMs.min || everyMs > intervalMs.max) {
      throw new CliError(exitCodes.usage, '--interval must be from 200ms to 1h');
    }
    await withSession(context, global, 'read', async (session) => {
      const options = { cluster: global.cluster, withTasks: flags.tasks === true };
      const isLive = io.columns !== undefined && !global.json && !flags.once;
      if (isLive) {
        await watch(() => look(session, options), everyMs, io.isColored);
        return;
      }
      const seen = await look(session, options);
      io.out(
        global.json ? JSON.stringify(overviewJson(seen), undefined, 2) : overviewText(seen, io),
      );
    });
  });
}

async function look(session: Session, options: LookOptions): Promise<Look> {
  const [snapshot, nowMs] = await Promise.all([session.client.snapshot(), session.nowMs()]);
  const names = snapshot.workers.map(({ member }) => member.worker);
  const loads = loadsOf(snapshot, await session.loads.readAll(names));
  return { ...options, snapshot, nowMs, loads };
}

/** On a screen of its own, until Ctrl-C or q; the terminal is as it was then, whatever happened. */
async function watch(
  next: () => Promise<Look>,
  everyMs: number,
  isColored: boolean,
): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const onKey = (keys: Buffer): void => {
    const text = keys.toString();
    if (text.includes('q') || text.includes(ctrlC)) end();
  };
  const { stdin, stdout } = process;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  if (stdin.isTTY) stdin.setRawMode(true).on('data', onKey).resume();
  stdout.write(enterScreen);
  try {
    while (!stop.signal.aborted) {
      const text = overviewText(await next(), { columns: stdout.columns, isColored });
      const lines = text.split('\n').slice(0, Math.max(1, stdout.rows - 1));
      stdout.write(home + lines.map((line) => `${line}${clearLine}\n`).join('') + clearBelow);
      await systemClock.sleep(everyMs, stop.signal).catch(() => {});
    }
  } finally {
    stdout.write(leaveScreen);
    if (stdin.isTTY) stdin.setRawMode(false).off('data', onKey).pause();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
  }
}
