/** A command for one connector or worker, or several, given by names and patterns: one connection, one answer for each. */
import type { ClusterSnapshot, RequestBody } from '@sluice/coordination';
import { SluiceError, toError } from '@sluice/kernel';

import { CliError, exitCodeOf, exitCodes } from '../exit-codes.ts';
import { chooseNames, isPattern } from '../names.ts';
import type { GlobalOptions, WaitOptions } from '../options.ts';
import type { Session } from '../session.ts';
import {
  type CommandContext,
  type DoneResult,
  request,
  type Told,
  withSession,
} from './command.ts';

export interface NamedTarget {
  readonly name: string;
  readonly session: Session;
  /** As it was before any of the requests. */
  readonly before: ClusterSnapshot;
  /** As `request` of command.ts; undefined: it is pending, which is told already. */
  request(body: RequestBody): Promise<DoneResult | undefined>;
}

interface EachOptions {
  readonly global: GlobalOptions;
  readonly waiting: WaitOptions;
}

/** What names stand for. */
interface Kind {
  readonly what: 'connector' | 'worker';
  readonly namesIn: (snapshot: ClusterSnapshot) => readonly string[];
  /** What has become of one that is not there any more. */
  readonly gone: string;
}

const connectors: Kind = {
  what: 'connector',
  namesIn: ({ connectors: views }) => [...views.keys()],
  gone: 'has been deleted meanwhile',
};

const workers: Kind = {
  what: 'worker',
  // Requests refuse a dead one, which is listed for a while: nobody means it by a pattern.
  namesIn: ({ workers: views }) =>
    views.filter(({ state }) => state !== 'dead').map(({ member }) => member.worker),
  gone: 'has left meanwhile',
};

type Act = (target: NamedTarget) => Promise<Told | undefined>;

export async function eachConnector(
  context: CommandContext,
  wanted: readonly string[],
  options: EachOptions,
  act: Act,
): Promise<void> {
  await eachNamed(context, wanted, { ...options, kind: connectors }, act);
}

export async function eachWorker(
  context: CommandContext,
  wanted: readonly string[],
  options: EachOptions,
  act: Act,
): Promise<void> {
  await eachNamed(context, wanted, { ...options, kind: workers }, act);
}

/** At a time: those that wait do so together. */
const atOnce = 16;

export const namesHelp =
  'Several names are taken, and patterns: * stands for any part of a name, ? for one character (quote them). ' +
  String.raw`In a name that has them, write \* and \?.`;

/**
 * What goes wrong with one does not keep the others from it: it is told, and the exit code is that of the first.
 * One name prints as one always did; several, or a pattern, print a line each, or a list of JSON. What somebody
 * else deletes meanwhile is no failure where only a pattern asked for it: the pattern fits it no more.
 */
async function eachNamed(
  context: CommandContext,
  wanted: readonly string[],
  { global, waiting, kind }: EachOptions & { readonly kind: Kind },
  act: Act,
): Promise<void> {
  await withSession(context, global, 'write', async (session) => {
    const before = await session.client.snapshot();
    const { names, fitting, unmatched } = chooseNames(wanted, kind.namesIn(before));
    if (unmatched.length > 0) {
      throw new CliError(exitCodes.notFound, `no ${kind.what} fits ${unmatched.join(', ')}`);
    }
    const isOne = wanted.length === 1 && !isPattern(wanted[0] ?? '');
    const told: Told[] = [];
    const failures: { readonly name: string; readonly error: Error }[] = [];
    const actOn = async (name: string): Promise<void> => {
      const tell = (each: Told): void => void told.push(each);
      const ask = async (body: RequestBody): Promise<DoneResult | undefined> =>
        request(context, session, body, { global, waiting, before, tell });
      try {
        const outcome = await act({ name, session, before, request: ask });
        if (outcome) tell(outcome);
      } catch (error) {
        if (isOne || !(error instanceof SluiceError)) throw error;
        if (fitting.has(name) && (await isGone(session, kind, name))) {
          context.io.err(`${kind.what} ${name} ${kind.gone}`);
          return;
        }
        failures.push({ name, error: toError(error) });
      }
    };
    for (let from = 0; from < names.length; from += atOnce) {
      await Promise.all(names.slice(from, from + atOnce).map(actOn));
    }
    print(context, global, told, isOne);
    for (const { name, error } of failures) context.io.err(`error: ${name}: ${error.message}`);
    // What went wrong has been told.
    if (failures.length > 0) throw new CliError(exitCodeOf(failures[0]?.error), '');
  });
}

async function isGone({ client }: Session, { namesIn }: Kind, name: string): Promise<boolean> {
  return !namesIn(await client.snapshot()).includes(name);
}

function print(
  { io }: CommandContext,
  { json }: GlobalOptions,
  told: readonly Told[],
  isOne: boolean,
): void {
  const data = told.map((each) => each.data);
  if (json) io.out(JSON.stringify(isOne && data.length === 1 ? data[0] : data, undefined, 2));
  else for (const { text } of told) io.out(text);
}
