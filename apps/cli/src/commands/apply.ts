import type { Change, ClusterSnapshot, PluginInfo, RequestBody } from '@sluice/coordination';
import type { Command } from 'commander';

import { compare, surplus } from '../changes/compare.ts';
import { loadDefinitions } from '../definitions/load-definitions.ts';
import type { SourcedDefinition } from '../definitions/parse-definitions.ts';
import { CliError, exitCodeOf, exitCodes } from '../exit-codes.ts';
import { changedKeys } from '../format/config.ts';
import {
  addGlobalOptions,
  addWaitOptions,
  type GlobalOptions,
  globalOptionsOf,
  type WaitOptions,
  waitOptionsOf,
} from '../options.ts';
import type { Session } from '../session.ts';
import { allOf, failuresIn, lookAtConnector, lookAtDeleted, waitUntil } from '../waiting.ts';
import { type CommandContext, printOutcome, request, withSession } from './command.ts';

const examples = `
Definitions are JSON, YAML or .properties, one or a list, in either of Kafka Connect's shapes: {"name", "config"} or a
flat map with "name". Numbers and booleans are turned to text as they are written. All of them are checked
first, and all or none are applied.

Examples:
  sluice apply -f orders.json
  sluice apply -f connectors/ -f extra.yaml --dry-run
  sluice apply -f orders.yaml --wait --timeout 2m
  sluice apply -f connectors/ --prune 'orders-*'     deletes what is not in the files, of these
  kubectl get configmap orders -o jsonpath='{.data.orders}' | sluice apply -f -`;

interface ApplyFlags {
  readonly file: readonly string[];
  readonly dryRun?: boolean;
  readonly prune?: string | true;
  readonly yes?: boolean;
}

interface ApplyOptions {
  readonly dryRun: boolean;
  /** Which of the connectors that are not in the files are deleted. */
  readonly prune: string | undefined;
  readonly waiting: WaitOptions;
  readonly global: GlobalOptions;
}

type Outcome = Pick<Change, 'name' | 'outcome' | 'changed'>;

export function addApplyCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('apply')
    .description('create connectors, or change them to what the files say')
    .requiredOption('-f, --file <file...>', 'files, folders, or - for the standard input')
    .option('--dry-run', 'say what would change, and change nothing')
    .option(
      '--prune [pattern]',
      'delete connectors that are not in the files, of those that it fits',
    )
    .option('--yes', 'with --prune and no pattern: of all connectors');
  addWaitOptions(
    command,
    'all connectors and tasks run (or are paused or stopped, if they are to be), and what is pruned is gone',
  );
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async ({ file, dryRun, prune, yes }: ApplyFlags) => {
    if (prune === true && !yes && !dryRun) {
      throw new CliError(
        exitCodes.usage,
        '--prune deletes every connector that is not in the files: look with --dry-run, then repeat it with --yes, ' +
          "or say of which with --prune 'orders-*'",
      );
    }
    const options: ApplyOptions = {
      dryRun: dryRun === true,
      prune: prune === true ? '*' : prune,
      waiting: waitOptionsOf(command),
      global: globalOptionsOf(command, context.io),
    };
    const definitions = await loadDefinitions(file, context.io);
    await withSession(context, options.global, options.dryRun ? 'read' : 'write', (session) =>
      apply(context, session, definitions, options),
    );
  });
}

async function apply(
  context: CommandContext,
  session: Session,
  definitions: readonly SourcedDefinition[],
  options: ApplyOptions,
): Promise<void> {
  const before = await session.client.snapshot();
  if (!before.leader) checkWithoutLeader(context, definitions, before);
  const { waiting, dryRun } = options;
  const deleted =
    options.prune === undefined
      ? []
      : surplus(
          definitions.map((each) => each.definition),
          before,
          options.prune,
        );
  if (dryRun && !before.leader) {
    const compared = definitions.map((each) => compare(each.definition, before));
    report(context, options, [...compared, ...deleted]);
    return;
  }
  const done = await request(context, session, applyBody(definitions, dryRun), {
    global: options.global,
    waiting: dryRun ? { ...waiting, wait: false } : waiting,
    before,
    locate: (line) => locate(line, definitions),
  });
  if (!done) {
    if (deleted.length > 0)
      context.io.err('nothing was deleted: repeat --prune when it is applied');
    return;
  }
  const { connectors } = done;
  // Last: a definition that is refused deletes nothing.
  const pruned = dryRun
    ? deleted
    : await deleteUnlisted(context, session, deleted, { options, before });
  // As it is stored: with its name in it.
  const configs = new Map(
    definitions.map(({ definition: { name, config } }) => [name, { ...config, name }]),
  );
  report(context, options, [
    ...connectors.map(({ name, outcome }) => ({
      name,
      outcome,
      changed: changedKeys(
        before.connectors.get(name)?.record.config ?? {},
        configs.get(name) ?? {},
      ),
    })),
    ...pruned,
  ]);
  if (!waiting.wait || dryRun) return;
  // A failure from before explains nothing if the definition has changed, all if it has not.
  const known = failuresIn(before);
  const unchanged = new Set(
    connectors.filter((each) => each.outcome === 'unchanged').map((each) => each.name),
  );
  await waitUntil(session, waiting.timeoutMs, (snapshot) =>
    allOf([
      ...connectors.map(({ name, record: { version } }) =>
        lookAtConnector(snapshot, name, {
          version,
          known: unchanged.has(name) ? new Map() : known,
        }),
      ),
      ...pruned.map(({ name, before: gone }) => lookAtDeleted(snapshot, name, gone?.uid ?? '')),
    ]),
  );
  if (options.global.json) return;
  context.io.out(`all there: ${connectors.map((c) => c.name).join(', ')}`);
  if (pruned.length > 0) context.io.out(`gone: ${pruned.map((each) => each.name).join(', ')}`);
}

/** Those that were deleted; not those that somebody else has deleted meanwhile, which is as well. */
async function deleteUnlisted(
  context: CommandContext,
  session: Session,
  deleted: readonly Change[],
  { options, before }: { readonly options: ApplyOptions; readonly before: ClusterSnapshot },
): Promise<Change[]> {
  const { global, waiting } = options;
  const done: Change[] = [];
  for (const change of deleted) {
    const body = { op: 'delete', connector: change.name } as const;
    try {
      if (await request(context, session, body, { global, waiting, before })) done.push(change);
    } catch (error) {
      if (exitCodeOf(error) !== exitCodes.notFound) throw error;
      context.io.err(`connector ${change.name} has been deleted meanwhile`);
    }
  }
  return done;
}

function applyBody(definitions: readonly SourcedDefinition[], dryRun: boolean): RequestBody {
  return {
    op: 'apply',
    mode: 'upsert',
    definitions: definitions.map((each) => each.definition),
    ...(dryRun && { dryRun }),
  };
}

/** The leader begins each line with the connector that it is about. */
function locate(line: string, definitions: readonly SourcedDefinition[]): string {
  const about = definitions.find(({ definition }) => line.startsWith(`${definition.name}: `));
  return about ? `${about.source}: ${line}` : line;
}

/** The leader checks everything. Without one, what is certain is refused now rather than later. */
function checkWithoutLeader(
  { io }: CommandContext,
  definitions: readonly SourcedDefinition[],
  { plugins }: ClusterSnapshot,
): void {
  if (plugins.length === 0) return;
  for (const { definition, source } of definitions) {
    const className = definition.config['connector.class'] ?? '';
    if (plugins.some((plugin) => isCalled(plugin, className))) continue;
    const known = new Set(plugins.filter(isConnector).map((plugin) => plugin.class));
    io.err(
      `warning: ${source}: no worker has announced the class ${className} of connector ` +
        `${definition.name}; known are: ${[...known].join(', ') || 'none'}`,
    );
  }
}

function isCalled(plugin: PluginInfo, name: string): boolean {
  return plugin.class === name || plugin.aliases.includes(name);
}

function isConnector({ type, error }: PluginInfo): boolean {
  return (type === 'source' || type === 'sink') && error === undefined;
}

const dryRunWords = {
  created: 'would be created',
  updated: 'would be updated',
  unchanged: 'would stay unchanged',
  deleted: 'would be deleted',
} as const;

function report(
  context: CommandContext,
  { dryRun, global }: ApplyOptions,
  outcomes: readonly Outcome[],
): void {
  const lines = outcomes.map(({ name, outcome, changed }) => {
    const words = dryRun ? dryRunWords[outcome] : outcome;
    // Key names only: values may be secrets.
    return `connector ${name} ${words}${outcome === 'updated' ? `: ${changed.join(', ')}` : ''}`;
  });
  const data = {
    dryRun,
    connectors: outcomes.map(({ name, outcome, changed }) => ({
      name,
      outcome,
      ...(outcome === 'updated' && { changedKeys: changed }),
    })),
  };
  printOutcome(context, global, { text: lines.join('\n'), data });
}
