/** A command for one connector or several, given by names and patterns: one connection, one answer for each. */
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

export interface ConnectorTarget {
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

/** At a time: those that wait do so together. */
const atOnce = 16;

export const namesHelp =
  'Several names are taken, and patterns: * stands for any part of a name, ? for one character (quote them). ' +
  String.raw`In a name that has them, write \* and \?.`;

/**
 * What goes wrong with one does not keep the others from it: it is told, and the exit code is that of the first.
 * One name prints as one always did; several, or a pattern, print a line each, or a list of JSON. A connector that somebody
 * else deletes meanwhile is no failure where only a pattern asked for it: the pattern fits it no more.
 */
export async function eachConnector(
  context: CommandContext,
  wanted: readonly string[],
  { global, waiting }: EachOptions,
  act: (target: ConnectorTarget) => Promise<Told | undefined>,
): Promise<void> {
  await withSession(context, global, 'write', async (session) => {
    const before = await session.client.snapshot();
    const { names, fitting, unmatched } = chooseNames(wanted, before.connectors.keys());
    if (unmatched.length > 0) {
      throw new CliError(exitCodes.notFound, `no connector fits ${unmatched.join(', ')}`);
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
        if (fitting.has(name) && (await isGone(session, name))) {
          context.io.err(`connector ${name} has been deleted meanwhile`);
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

async function isGone({ client }: Session, name: string): Promise<boolean> {
  return !(await client.snapshot()).connectors.has(name);
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
