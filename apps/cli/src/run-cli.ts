import { readFileSync } from 'node:fs';
import { SluiceError, toError } from '@sluice/kernel';
import { Command, CommanderError } from 'commander';

import { addCommands } from './commands/all.ts';
import type { CommandContext } from './commands/command.ts';
import { CliError, exitCodeOf, exitCodes, exitCodeTable } from './exit-codes.ts';
import type { Io } from './io.ts';
import { addGlobalOptions } from './options.ts';
import { type OpenSession, openRedisSession } from './session.ts';

/** Runs one command line. Never throws; resolves with the exit code once all connections are closed. */
export async function runCli(
  argv: readonly string[],
  { io, open = openRedisSession }: { readonly io: Io; readonly open?: OpenSession },
): Promise<number> {
  const program = buildProgram({ io, open });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    // Commander has printed its own errors and help already.
    const isTold =
      error instanceof CommanderError || (error instanceof CliError && error.message === '');
    if (!isTold) io.err(describeError(error));
    return exitCodeOf(error);
  }
}

export function buildProgram(context: CommandContext): Command {
  const program = new Command('sluice')
    .description('Define and watch the connectors of a Sluice cluster.')
    .version(packageVersion(), '-V, --version')
    .configureHelp({ subcommandTerm })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.io.out(text.trimEnd()),
      writeErr: (text) => context.io.err(text.trimEnd()),
    })
    .showHelpAfterError('(sluice --help lists the commands; --help after a command explains it)');
  addGlobalOptions(program).addHelpText('after', helpText());
  addCommands(program, context);
  return program;
}

/** Of the many commands their names; of the few below one of them also what they take. */
function subcommandTerm(command: Command): string {
  if (!command.parent?.parent) return command.name();
  const taken = command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? '...' : '');
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...taken].join(' ');
}

function helpText(): string {
  const codes = exitCodeTable.map(([code, meaning]) => `  ${code}  ${meaning}`);
  return `
Examples:
  sluice plan -f orders.yaml
  sluice apply -f orders.yaml --wait
  sluice get connectors
  sluice describe orders
  sluice restart orders --failed
  sluice drain worker-2 --wait
  sluice cordon worker-2
  sluice doctor
  sluice log groups
  sluice dlq list
  sluice secrets set db:password < password.txt
  sluice new connector acme-orders
  sluice preview -f orders.yaml --records 3
  sluice dev ./clock.ts

Exit codes:
${codes.join('\n')}`;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Operating errors explain themselves; of any other the stack is needed. */
function describeError(error: unknown): string {
  if (error instanceof SluiceError) return `error: ${error.message}`;
  return `unexpected error: ${toError(error).stack ?? String(error)}`;
}
