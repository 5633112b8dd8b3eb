/** What may come next on a command line that is being written. Pure, but for asking what there is. */
import type { Argument, Command, Option } from 'commander';

import { fitsPattern, isPattern, wordFor } from '../names.ts';

/** Names that the cluster knows. */
export interface LiveNames {
  readonly connectors: readonly string[];
  readonly workers: readonly string[];
  readonly plugins: readonly string[];
}

const nothing: LiveNames = { connectors: [], workers: [], plugins: [] };

/** Which names the argument of a command is one of, by what it is called. */
const liveArguments: Readonly<Record<string, keyof LiveNames>> = {
  connector: 'connectors',
  worker: 'workers',
};

/** Of commands whose arguments are called otherwise. */
const liveCommands: Readonly<Record<string, keyof LiveNames>> = {
  describe: 'connectors',
  plugins: 'plugins',
};

/**
 * `words`: what stands behind `sluice`, the one that is being written last, which may be empty. `live` is asked only
 * where a name may stand.
 */
export async function candidates(
  program: Command,
  words: readonly string[],
  live: () => Promise<LiveNames>,
): Promise<string[]> {
  // Within a quote, as a pattern has to be, it comes with the one that opens it.
  const current = (words.at(-1) ?? '').replace(/^['"]/, '');
  const { command, argumentsGiven, expectsValue } = follow(program, words.slice(0, -1));
  const found = expectsValue
    ? await valuesOf(expectsValue, live)
    : current.startsWith('-')
      ? optionsOf(command)
      : [...subcommandsOf(command), ...(await argumentsOf(command, argumentsGiven, live))];
  const fits = isPattern(current)
    ? (each: string) => fitsPattern(each, `${current}*`)
    : (each: string) => each.startsWith(current);
  return [...new Set(found)].filter(fits).sort();
}

/** Patterns of connectors, which a name begins. */
const liveOptions: Readonly<Record<string, keyof LiveNames>> = { '--prune': 'connectors' };

async function valuesOf(
  { argChoices, long }: Option,
  live: () => Promise<LiveNames>,
): Promise<readonly string[]> {
  const names = liveOptions[long ?? ''];
  if (argChoices) return argChoices;
  return names === undefined ? [] : (await live().catch(() => nothing))[names].map(wordFor);
}

interface Place {
  readonly command: Command;
  readonly argumentsGiven: number;
  /** The word is the value of this option. */
  readonly expectsValue: Option | undefined;
}

function follow(program: Command, words: readonly string[]): Place {
  let command = program;
  let argumentsGiven = 0;
  let expectsValue: Option | undefined;
  for (const word of words) {
    if (expectsValue) {
      expectsValue = undefined;
      continue;
    }
    if (word.startsWith('-')) {
      const option = allOptions(command).find(({ long, short }) => word === long || word === short);
      expectsValue = option?.required || liveOptions[option?.long ?? ''] ? option : undefined;
      continue;
    }
    const sub = command.commands.find((each) => each.name() === word);
    if (sub && argumentsGiven === 0) command = sub;
    else argumentsGiven += 1;
  }
  return { command, argumentsGiven, expectsValue };
}

function allOptions(command: Command): Option[] {
  const own = [...command.options];
  return command.parent ? [...own, ...allOptions(command.parent)] : own;
}

function optionsOf(command: Command): string[] {
  return [
    '--help',
    ...allOptions(command).flatMap(({ long, hidden }) => (hidden || !long ? [] : [long])),
  ];
}

function subcommandsOf(command: Command): string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => each.name());
}

async function argumentsOf(
  command: Command,
  given: number,
  live: () => Promise<LiveNames>,
): Promise<readonly string[]> {
  const { registeredArguments: all } = command;
  const argument: Argument | undefined =
    all[given] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
  if (!argument) return [];
  if (argument.argChoices) return argument.argChoices;
  const names = liveCommands[command.name()] ?? liveArguments[argument.name()];
  if (names === undefined) return [];
  // Without a cluster there is less to offer, and nothing to complain about.
  const known = await live().catch(() => nothing);
  return takesPatterns(argument) ? known[names].map(wordFor) : known[names];
}

/** Where one connector has to be named, its name is taken as it is. */
function takesPatterns(argument: Argument): boolean {
  const { variadic, required } = argument;
  return liveArguments[argument.name()] === 'connectors' && (variadic || !required);
}
