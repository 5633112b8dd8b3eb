import type { Command } from 'commander';

import type { Finding, Level } from '../doctor/finding.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { type Cell, formatTable } from '../format/table.ts';
import { logSettingsOf } from '../log-session.ts';
import { addGlobalOptions, globalOptionsOf } from '../options.ts';
import { processRequests, processRequestsHelp } from '../process-requests.ts';
import type { CommandContext } from './command.ts';

const examples = `
Looks at Redis (version, speed, persistence, memory, user, replicas), the record log and its own topics, the
cluster (leader, workers, what FAILED), plugins, clocks and versions. Writes nothing. Each line is ok, warn, fail, or skip where
this user may not look; of what is not ok the next line says what to do. Ends with ${exitCodes.unhealthy} if anything is fail.
KAFKA_BROKERS and its like have to be set as for the workers.
${processRequestsHelp}

Examples:
  sluice doctor
  sluice doctor --json | jq '.[] | select(.level != "ok")'`;

const tones = { ok: 'good', warn: 'warn', fail: 'bad', skip: 'plain' } as const satisfies Record<
  Level,
  string
>;

export function addDoctorCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('doctor')
    .description('look for what is wrong with the cluster, and say what to do');
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async () => {
    const global = globalOptionsOf(command, context.io);
    const { io } = context;
    const log = await logSettingsOf(io, global);
    const { examine } = await import('../doctor/examine.ts');
    const findings = await examine(global, log, processRequests(io));
    if (global.json) io.out(JSON.stringify(findings, undefined, 2));
    else {
      // Its last column is not cut: it is the answer.
      io.out(
        formatTable(['AREA', '', 'FOUND'], findings.flatMap(rowsOf), { ...io, columns: undefined }),
      );
    }
    if (findings.some(({ level }) => level === 'fail')) throw new CliError(exitCodes.unhealthy, '');
  });
}

function rowsOf({ area, level, text, remedy }: Finding): Cell[][] {
  return [
    [area, { text: level, tone: tones[level] }, text],
    ...(remedy === undefined ? [] : [['', '', `→ ${remedy}`]]),
  ];
}
