import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { newShortId, toError } from '@sluice/kernel';

import { CliError, exitCodes } from './exit-codes.ts';

/**
 * Only its owner may read it, also where there was a file that others could read: a new one takes its place, whole.
 * @throws CliError that says why it cannot be written.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  try {
    const known = await stat(path).catch(() => undefined);
    // A device or a pipe keeps nothing, and stays what it is.
    if (known && !known.isFile()) return await writeFile(path, text);
    await replaceFile(path, text);
  } catch (error) {
    throw new CliError(exitCodes.invalid, `cannot write ${path}: ${toError(error).message}`);
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.${newShortId()}.tmp`;
  try {
    await writeFile(next, text, { mode: 0o600, flag: 'wx' });
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}
