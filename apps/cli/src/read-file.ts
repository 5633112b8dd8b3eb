import { readFile } from 'node:fs/promises';
import { hasCode, toError } from '@sluice/kernel';

import { CliError, exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';

/** Takes off the mark with which editors begin a file. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** `-` is the standard input. @throws CliError that says why a file cannot be read. */
export async function readFileOrStdin(path: string, io: Pick<Io, 'stdin'>): Promise<string> {
  if (path === '-') return await io.stdin();
  const bytes = await readFile(path).catch((error: unknown) => {
    throw cannotRead(path, error);
  });
  return decoded(bytes, path);
}

/** What is not UTF-8 may still be properties, in which Java takes each byte for a character. Elsewhere it is a mistake. */
function decoded(bytes: Buffer, path: string): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (!/\.(json|ya?ml)$/i.test(path)) return bytes.toString('latin1');
    throw new CliError(exitCodes.invalid, `cannot read ${path}: it is not UTF-8`, { cause: error });
  }
}

export function cannotRead(path: string, error: unknown): CliError {
  const reason = hasCode(error, 'ENOENT') ? 'there is no such file' : toError(error).message;
  return new CliError(exitCodes.invalid, `cannot read ${path}: ${reason}`, { cause: error });
}
