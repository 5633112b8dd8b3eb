import type { Change } from '@sluice/coordination';
import type { Command } from 'commander';

import { compare } from '../changes/compare.ts';
import { loadDefinitions } from '../definitions/load-definitions.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { configShower, type ShowConfig } from '../format/config.ts';
import { addGlobalOptions, globalOptionsOf } from '../options.ts';
import { type CommandContext, printOutcome, withSession } from './command.ts';

const examples = `
Lines with - are what the cluster has, with + what the files say. Values that may be secrets are hidden; that they
differ is shown. Reads only.

Examples:
  sluice diff -f connectors/
  sluice diff -f orders.yaml --exit-code || sluice apply -f orders.yaml`;

export function addDiffCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('diff')
    .description('show how files differ from the connectors of the cluster')
    .requiredOption('-f, --file <file...>', 'files, folders, or - for the standard input')
    .option('--exit-code', `end with ${exitCodes.differs} if there is a difference`);
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async ({ file, exitCode }: { file: string[]; exitCode?: boolean }) => {
    const global = globalOptionsOf(command, context.io);
    const definitions = await loadDefinitions(file, context.io);
    const snapshot = await withSession(context, global, 'read', ({ client }) => client.snapshot());
    const changes = definitions.map(({ definition }) => compare(definition, snapshot));
    const show = await configShower(snapshot.plugins);
    const differing = changes.filter(({ outcome }) => outcome !== 'unchanged');
    printOutcome(context, global, {
      text:
        differing.length === 0
          ? 'no difference'
          : differing.map((change) => diffText(change, show)).join('\n\n'),
      data: changes.map((change) => ({
        name: change.name,
        outcome: change.outcome,
        keys: differencesOf(change, show),
      })),
    });
    if (exitCode && differing.length > 0) throw new CliError(exitCodes.differs, '');
  });
}

interface Difference {
  readonly key: string;
  /** null: the key is not there. */
  readonly before: string | null;
  readonly after: string | null;
}

function differencesOf({ before, after, changed }: Change, show: ShowConfig): Difference[] {
  const [shownBefore, shownAfter] = [show(before?.config ?? {}), show(after ?? {})];
  return changed.map((key) => ({
    key,
    before: shownBefore[key] ?? null,
    after: shownAfter[key] ?? null,
  }));
}

function diffText(change: Change, show: ShowConfig): string {
  const lines = differencesOf(change, show).flatMap(({ key, before, after }) => [
    ...(before === null ? [] : [`- ${key}: ${oneLine(before)}`]),
    ...(after === null ? [] : [`+ ${key}: ${oneLine(after)}`]),
  ]);
  const what = change.outcome === 'created' ? ' (new)' : '';
  return [`connector ${change.name}${what}`, ...lines].join('\n');
}

function oneLine(value: string): string {
  return value.replaceAll('\n', '\\n');
}
