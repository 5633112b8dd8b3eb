import { auditOutcomes, type KeptAuditEntry } from '@sluice/coordination';
import { type Command, Option } from 'commander';

import { type Cell, formatTable } from '../format/table.ts';
import { addGlobalOptions, globalOptionsOf, parseDuration, parseWholeNumber } from '../options.ts';
import { isoTime } from '../views.ts';
import { type CommandContext, withSession } from './command.ts';

const examples = `
Who changed what, oldest first; the last 10 000 changes are kept. Who asked the API is known as BY tells. What came through
Redis, as from this command line, is what its user said (unverified): whoever may write to Redis may write anything here.

Examples:
  sluice audit
  sluice audit --target orders --since 24h
  sluice audit --who ann --outcome refused --json`;

interface Flags {
  readonly limit: string;
  readonly since?: string;
  readonly who?: string;
  readonly action?: string;
  readonly target?: string;
  readonly outcome?: (typeof auditOutcomes)[number];
}

/** Of one page of the store. */
const limitMax = 10_000;

export function addAuditCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('audit')
    .description('show who changed what')
    .option('--limit <number>', 'how many, the newest', '30')
    .option('--since <time>', 'not older than: 30m, 24h')
    .option('--who <name>', 'a caller of the API, or who runs the command line')
    .option('--action <name>', 'pause, create, delete, …')
    .option('--target <name>', 'a connector, worker or logger')
    .addOption(new Option('--outcome <outcome>', 'how it ended').choices(auditOutcomes));
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async ({ limit, since, ...filter }: Flags) => {
    const global = globalOptionsOf(command, context.io);
    const sinceMs = since === undefined ? undefined : parseDuration(since, '--since');
    const most = Math.max(1, Math.min(limitMax, parseWholeNumber(limit, '--limit')));
    await withSession(context, global, 'read', async (session) => {
      const { entries } = await session.audit.read({
        ...filter,
        limit: most,
        sinceMs: sinceMs === undefined ? undefined : Math.max(0, (await session.nowMs()) - sinceMs),
      });
      const shown = entries.toReversed();
      const { io } = context;
      if (global.json) io.out(JSON.stringify(shown.map(entryJson), undefined, 2));
      else
        io.out(
          shown.length === 0 ? 'nothing was changed' : formatTable(headings, shown.map(row), io),
        );
    });
  });
}

const headings = ['TIME', 'WHO', 'BY', 'FROM', 'ACTION', 'TARGETS', 'OUTCOME'];

function row({
  atMs,
  who,
  by,
  from,
  action,
  targets,
  detail,
  outcome,
  status,
}: KeptAuditEntry): Cell[] {
  return [
    isoTime(atMs) ?? '-',
    who,
    by,
    from,
    detail === null ? action : `${action} (${detail})`,
    targets.join(', '),
    status === null ? outcome : `${outcome} ${status}`,
  ];
}

function entryJson({ atMs, ...entry }: KeptAuditEntry): object {
  return { time: isoTime(atMs), ...entry };
}
