import { accessSync, constants, statSync } from 'node:fs';

import { hasCode, toError } from '@sluice/kernel';

/** Why a file cannot be read, as the end of a sentence that begins with its path. */
export function fileProblem(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'is no file';
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return hasCode(error, 'ENOENT')
      ? 'does not exist'
      : `cannot be read (${toError(error).message})`;
  }
}
