/** What the checks that are run by hand have in common: options, exit codes, figures as JSON. */
import { parseArgs } from 'node:util';
import { hasCode, toError } from '@sluice/kernel';
import { Checklist, unavailableCode } from './checklist.ts';
import { note } from './progress.ts';

export const exitCodes = { done: 0, failed: 1, usage: 2, unavailable: 3 } as const;

export interface CheckOptions {
  readonly kafka: boolean;
  /** Of options that take a value. */
  readonly values: Readonly<Record<string, string | undefined>>;
}

export interface CheckCommand {
  /** As npm calls it. */
  readonly name: string;
  readonly usage: string;
  /** Options that take a value, besides `--kafka`, `--json` and `--help`. */
  readonly takes?: readonly string[];
  readonly check: (checklist: Checklist, options: CheckOptions) => Promise<void>;
}

/** @returns the exit code. */
export async function checkMain({ name, usage, takes = [], check }: CheckCommand): Promise<number> {
  let values: Readonly<Record<string, string | boolean | undefined>>;
  try {
    ({ values } = parseArgs({
      options: {
        kafka: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        ...Object.fromEntries(takes.map((option) => [option, { type: 'string' as const }])),
      },
    }));
  } catch (error) {
    note(`${toError(error).message}\n\n${usage}`);
    return exitCodes.usage;
  }
  if (values['help'] === true) {
    process.stdout.write(usage);
    return exitCodes.done;
  }
  const isJson = values['json'] === true;
  const checklist = new Checklist(isJson ? note : console.log);
  const strings = Object.entries(values).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  try {
    await check(checklist, {
      kafka: values['kafka'] === true,
      values: Object.fromEntries(strings),
    });
    return exitCodes.done;
  } catch (error) {
    if (hasCode(error, unavailableCode)) {
      note(`${name} cannot be run on this machine: ${toError(error).message}`);
      return exitCodes.unavailable;
    }
    // A step that failed has said so.
    if (!hasCode(error, 'check.failed')) note(`${name} failed: ${toError(error).message}`);
    return exitCodes.failed;
  } finally {
    if (isJson) console.log(JSON.stringify(checklist.results, undefined, 2));
  }
}
