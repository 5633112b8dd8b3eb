import { readFile } from 'node:fs/promises';
import { hasCode, toError } from '@sluice/kernel';

import { CliError, exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';

/** `-` is the standard input. @throws CliError that says why a file cannot be read. */
export async function readFileOrStdin(path: string, io: Pick<Io, 'stdin'>): Promise<string> {
  if (path === '-') return await io.stdin();
  return await readFile(path, 'utf8').catch((error: unknown) => {
    throw cannotRead(path, error);
  });
}

export function cannotRead(path: string, error: unknown): CliError {
  const reason = hasCode(error, 'ENOENT') ? 'there is no such file' : toError(error).message;
  return new CliError(exitCodes.invalid, `cannot read ${path}: ${reason}`, { cause: error });
}
