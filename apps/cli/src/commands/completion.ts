import { Argument, type Command } from 'commander';

import { candidates, type LiveNames } from '../completion/candidates.ts';
import { completionScripts, type Shell, shells } from '../completion/scripts.ts';
import { addGlobalOptions, globalOptionsOf } from '../options.ts';
import { type CommandContext, withSession } from './command.ts';

const examples = `
Commands, options, and the names of connectors, workers and plugins that there are, by the REDIS_URL and SLUICE_CLUSTER
of the shell.

Examples:
  eval "$(sluice completion bash)"        in ~/.bashrc
  eval "$(sluice completion zsh)"         in ~/.zshrc, after compinit
  sluice completion fish | source         in ~/.config/fish/config.fish`;

export function addCompletionCommand(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>').choices(shells))
    .description('print what a shell has to run to complete commands and names')
    .addHelpText('after', examples)
    .action((shell: Shell) => context.io.out(completionScripts[shell]));
  addCompleteCommand(program, context);
}

/** For those scripts: prints what may come next, one a line. */
function addCompleteCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption();
  addGlobalOptions(command).action(async (words: string[]) => {
    const live = async (): Promise<LiveNames> => {
      const global = globalOptionsOf(command, context.io);
      return await withSession(context, global, 'read', async ({ client }) => {
        const { connectors, workers, plugins } = await client.snapshot();
        return {
          connectors: [...connectors.keys()],
          workers: workers.map(({ member }) => member.worker),
          plugins: plugins.map((each) => each.class),
        };
      });
    };
    const found = await candidates(program, words, live);
    if (found.length > 0) context.io.out(found.join('\n'));
  });
}
