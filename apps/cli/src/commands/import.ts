import type { ClusterSnapshot } from '@sluice/coordination';
import { SluiceError, toError } from '@sluice/kernel';
import type { Command } from 'commander';

import { type LocalApi, withApi } from '../api-session.ts';
import { validateDefinition } from '../definitions/validate-definition.ts';
import { CliError, exitCodeOf, exitCodes } from '../exit-codes.ts';
import { type Cell, formatTable } from '../format/table.ts';
import { chooseNames } from '../names.ts';
import { addGlobalOptions, type GlobalOptions, globalOptionsOf } from '../options.ts';
import { readFileOrStdin } from '../read-file.ts';
import type { Session } from '../session.ts';
import { importConnector, obstacleOf } from '../transfer/import-connector.ts';
import { judgeMove, type Verdict } from '../transfer/judge-move.ts';
import { type ConnectConnector, KafkaConnectClient } from '../transfer/kafka-connect.ts';
import { parseTransfers, type Transfer } from '../transfer/transfer-file.ts';
import type { CommandContext } from './command.ts';
import { namesHelp } from './each-named.ts';

const examples = `
Each connector is created stopped, gets its offsets, and then the target state that it had. All are looked at first,
and if one cannot be imported nothing is: name the others, or mend it. An import that was cut short can be repeated.

From a running Kafka Connect: connectors have to be stopped there, so that their offsets stand still and only one of
the two runs them; --stop does it, and they are started here as they were there. Delete them there when all is well.
--dry-run tells of each whether it is movable, changed (which keys are left out, and what that means) or
impossible, and why.
${namesHelp}

Examples:
  sluice import cluster.json --dry-run
  sluice import --from-connect http://connect:8083 --dry-run
  sluice import --from-connect http://connect:8083 'orders-*' --stop`;

/** Of what a Kafka Connect is asked. */
const atOnce = 16;

interface ImportFlags {
  readonly fromConnect?: string;
  readonly stop?: boolean;
  readonly offsets: boolean;
  readonly dryRun?: boolean;
}

interface Candidate {
  readonly transfer: Transfer;
  readonly verdict: Verdict;
  /** Where it comes from, if it still runs there. */
  readonly stopAt?: KafkaConnectClient;
}

export function addImportCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('import')
    .argument(
      '[file or connectors...]',
      'a file of sluice export, or -; then only these connectors',
    )
    .description('take over connectors with their target states and offsets')
    .option('--from-connect <url>', 'from a running Kafka Connect, by its REST API')
    .option('--stop', 'with --from-connect: stop there what is imported')
    .option('--no-offsets', 'without offsets: connectors begin anew')
    .option('--dry-run', 'tell what would be done, and do nothing');
  addGlobalOptions(command).addHelpText('after', examples);
  command.action(async (given: string[], flags: ImportFlags) => {
    const global = globalOptionsOf(command, context.io);
    if (flags.stop && flags.fromConnect === undefined) {
      throw new CliError(exitCodes.usage, '--stop is for --from-connect');
    }
    const isFile = flags.fromConnect === undefined;
    const [file] = given;
    if (isFile && file === undefined) {
      throw new CliError(exitCodes.usage, 'name a file of sluice export, or --from-connect URL');
    }
    await withApi(context, global, flags.dryRun ? 'read' : 'write', async (api, session) => {
      const snapshot = await session.client.snapshot();
      const found = isFile
        ? fromFile(
            choose(
              parseTransfers(await readFileOrStdin(file ?? '', context.io), file ?? ''),
              given.slice(1),
            ),
            flags,
          )
        : await fromConnect(new KafkaConnectClient(flags.fromConnect ?? ''), given, flags);
      const candidates = await Promise.all(
        found.map((each) => judge(each, { api, snapshot, flags })),
      );
      const isPossible = candidates.every(({ verdict }) => verdict.kind !== 'impossible');
      if (flags.dryRun || !isPossible) {
        report(context, global, candidates);
        if (isPossible) return;
        throw new CliError(
          exitCodes.invalid,
          flags.dryRun
            ? ''
            : 'nothing was imported: name those that are possible, or mend the others',
        );
      }
      await importAll(context, global, candidates, { api, session });
    });
  });
}

interface Found extends Omit<Candidate, 'verdict'> {
  readonly isStopped: boolean;
  /** Why its offsets are not known. */
  readonly obstacle?: string;
}

function fromFile(transfers: readonly Transfer[], { offsets }: ImportFlags): Found[] {
  return transfers.map((transfer) => ({
    transfer: offsets ? transfer : { ...transfer, offsets: undefined },
    isStopped: true,
  }));
}

async function fromConnect(
  connect: KafkaConnectClient,
  names: readonly string[],
  flags: ImportFlags,
): Promise<Found[]> {
  const chosen = choose(await connect.connectors(), names);
  const found: Found[] = [];
  for (let from = 0; from < chosen.length; from += atOnce) {
    const some = chosen.slice(from, from + atOnce);
    found.push(...(await Promise.all(some.map((each) => withOffsets(connect, each, flags)))));
  }
  return found;
}

/** What Kafka Connect does not tell of one keeps the others from nothing. */
async function withOffsets(
  connect: KafkaConnectClient,
  { name, config, targetState, isStopped }: ConnectConnector,
  flags: ImportFlags,
): Promise<Found> {
  const found = {
    transfer: { name, config, targetState, offsets: undefined },
    isStopped,
    ...(isStopped ? {} : { stopAt: connect }),
  };
  if (!flags.offsets) return found;
  try {
    return { ...found, transfer: { ...found.transfer, offsets: await connect.offsets(name) } };
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== exitCodes.invalid) throw error;
    return { ...found, obstacle: error.message };
  }
}

/** @throws CliError for a name or pattern that nothing fits. */
function choose<Named extends { readonly name: string }>(
  found: readonly Named[],
  wanted: readonly string[],
): readonly Named[] {
  if (wanted.length === 0) return found;
  const known = found.map(({ name }) => name);
  const { names, unmatched } = chooseNames(wanted, known);
  const missing = [...unmatched, ...names.filter((name) => !known.includes(name))];
  if (missing.length === 0) return found.filter(({ name }) => names.includes(name));
  throw new CliError(exitCodes.notFound, `there is no connector ${missing.join(', ')} to import`);
}

async function judge(
  { transfer, isStopped, obstacle: unknownOffsets, stopAt }: Found,
  {
    api,
    snapshot,
    flags,
  }: { readonly api: LocalApi; readonly snapshot: ClusterSnapshot; readonly flags: ImportFlags },
): Promise<Candidate> {
  const { name, config } = transfer;
  const isOurs = flags.fromConnect === undefined;
  const errors = await validateDefinition(api, transfer);
  const verdict = isOurs ? ownVerdict(transfer, errors) : judgeMove(config, errors);
  const moved = { ...transfer, config: verdict.config };
  const obstacle = obstacleOf(moved, snapshot.connectors.get(name)?.record);
  const running =
    isStopped || flags.stop
      ? undefined
      : 'it is not stopped in Kafka Connect: stop it there, or let --stop do it';
  const reasons = [...verdict.reasons, obstacle, unknownOffsets].filter(
    (reason) => reason !== undefined,
  );
  // A dry run is for finding out before anything is stopped.
  const isBlocked = running !== undefined && !flags.dryRun;
  return {
    transfer: moved,
    verdict: {
      ...verdict,
      kind: reasons.length > 0 || isBlocked ? 'impossible' : verdict.kind,
      reasons: isBlocked ? [...reasons, running] : reasons,
      notes: running !== undefined && !isBlocked ? [...verdict.notes, running] : verdict.notes,
    },
    ...(stopAt && { stopAt }),
  };
}

/** Of what another cluster of Sluice had, nothing is left out. */
function ownVerdict(
  { config }: Transfer,
  errors: Awaited<ReturnType<typeof validateDefinition>>,
): Verdict {
  const reasons = errors.flatMap(({ key, messages }) => messages.map((each) => `${key}: ${each}`));
  const kind = reasons.length > 0 ? 'impossible' : 'movable';
  return { kind, config, leftOut: [], reasons, notes: [] };
}

const verbs = { STARTED: 'resume', PAUSED: 'pause', STOPPED: 'stop' } as const;

/** One after the other: what fails with one does not keep the others from it. */
async function importAll(
  { io }: CommandContext,
  { json }: GlobalOptions,
  candidates: readonly Candidate[],
  cluster: { readonly api: LocalApi; readonly session: Session },
): Promise<void> {
  const imported: object[] = [];
  let firstFailure: Error | undefined;
  for (const { transfer, stopAt } of candidates) {
    const { name, targetState, offsets } = transfer;
    try {
      await stopAt?.stop(name);
      // Where it was when it stopped.
      const current = stopAt && offsets ? await stopAt.offsets(name) : offsets;
      await importConnector({ ...transfer, offsets: current }, cluster);
      const count = current?.length ?? 0;
      imported.push({ name, targetState, offsets: count });
      if (!json)
        io.out(`connector ${name} imported, with ${count} offsets, is to be ${targetState}`);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      io.err(`error: ${name}: ${toError(error).message}`);
      // Asked again, Kafka Connect tells only that it is stopped.
      if (stopAt) {
        io.err(
          `${name} was ${targetState} in Kafka Connect, where it may be stopped by now: once it is imported, sluice ${verbs[targetState]} ${name}`,
        );
      }
      firstFailure ??= error;
    }
  }
  if (json) io.out(JSON.stringify(imported, undefined, 2));
  if (firstFailure) throw new CliError(exitCodeOf(firstFailure), '');
}

const tones = { movable: 'good', changed: 'warn', impossible: 'bad' } as const;

function report(
  { io }: CommandContext,
  { json }: GlobalOptions,
  candidates: readonly Candidate[],
): void {
  if (json) {
    const data = candidates.map(({ transfer, verdict }) => ({
      name: transfer.name,
      verdict: verdict.kind,
      targetState: transfer.targetState,
      offsets: transfer.offsets?.length ?? null,
      leftOut: verdict.leftOut,
      reasons: verdict.reasons,
      notes: verdict.notes,
    }));
    io.out(JSON.stringify(data, undefined, 2));
    return;
  }
  if (candidates.length === 0) {
    io.out('there is no connector to import');
    return;
  }
  const rows = candidates.map(({ transfer, verdict }): Cell[] => [
    transfer.name,
    { text: verdict.kind, tone: tones[verdict.kind] },
    transfer.targetState,
    transfer.offsets === undefined ? '-' : String(transfer.offsets.length),
  ]);
  const details = candidates.flatMap(({ transfer, verdict: { leftOut, reasons, notes } }) => {
    const lines = [
      ...reasons.map((reason) => `  impossible: ${reason}`),
      ...leftOut.map(({ key, meaning }) => `  left out: ${key}: ${meaning}`),
      ...notes.map((note) => `  note: ${note}`),
    ];
    return lines.length === 0 ? [] : ['', `${transfer.name}:`, ...lines];
  });
  const table = formatTable(['CONNECTOR', 'VERDICT', 'TARGET STATE', 'OFFSETS'], rows, io);
  io.out([table, ...details].join('\n'));
}
