import type { ConfigKeyInfo, PluginInfo } from '@sluice/coordination';
import type { Command } from 'commander';

import { withApi } from '../api-session.ts';
import { formatTable } from '../format/table.ts';
import { addGlobalOptions, globalOptionsOf } from '../options.ts';
import type { CommandContext } from './command.ts';

const examples = `
Connectors are those that the workers have announced; converters, transforms and predicates come with Sluice. Why one
failed to load stands in: sluice get plugins.

Examples:
  sluice plugins
  sluice plugins FileStreamSource
  sluice plugins 'org.apache.kafka.connect.transforms.Cast$Value' --json`;

export function addPluginsCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('plugins')
    .argument('[name]', 'the keys of this one: a class, its simple name or an alias')
    .description('list plugins of all kinds, or the configuration keys of one');
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (name: string | undefined) => {
    const global = globalOptionsOf(command, context.io);
    const { io } = context;
    const path =
      name === undefined
        ? '/connector-plugins?connectorsOnly=false'
        : `/connector-plugins/${encodeURIComponent(name)}/config`;
    const answer = await withApi(context, global, 'read', (api) => api.request('GET', path));
    if (global.json) io.out(JSON.stringify(answer, undefined, 2));
    else if (name === undefined) {
      const plugins = answer as readonly Pick<PluginInfo, 'class' | 'type' | 'version'>[];
      const rows = plugins.map((each) => [each.type, each.class, each.version]);
      io.out(formatTable(['TYPE', 'CLASS', 'VERSION'], rows, io));
    } else io.out(keysText(answer as readonly ConfigKeyInfo[], context));
  });
}

function keysText(keys: readonly ConfigKeyInfo[], { io }: CommandContext): string {
  const rows = keys.map((key) => [
    key.name,
    key.type,
    key.required ? 'required' : (key.default_value ?? 'null') || "''",
    key.importance,
    key.documentation,
  ]);
  return formatTable(['KEY', 'TYPE', 'DEFAULT', 'IMPORTANCE', 'WHAT IT IS'], rows, io);
}
