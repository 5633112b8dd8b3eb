import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { CliError, exitCodes } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { cannotRead, readFileOrStdin } from '../read-file.ts';
import { parseDefinitions, type SourcedDefinition } from './parse-definitions.ts';
import { type Document, readDocuments } from './read-documents.ts';

/** Files, folders (their .json, .yaml, .yml and .properties files) and `-` for the standard input. */
export async function loadDefinitions(
  paths: readonly string[],
  io: Pick<Io, 'stdin'>,
): Promise<SourcedDefinition[]> {
  const documents: Document[] = [];
  for (const path of paths) {
    for (const file of path === '-' ? [path] : await filesOf(path)) {
      const text = await readFileOrStdin(file, io);
      documents.push(...(await readDocuments(text, file === '-' ? 'standard input' : file)));
    }
  }
  return parseDefinitions(documents);
}

async function filesOf(path: string): Promise<string[]> {
  const stats = await stat(path).catch((error: unknown) => {
    throw cannotRead(path, error);
  });
  if (!stats.isDirectory()) return [path];
  const names = (await readdir(path))
    .filter((name) => /\.(json|ya?ml|properties)$/i.test(name))
    .sort();
  if (names.length === 0) {
    throw new CliError(
      exitCodes.invalid,
      `the folder ${path} has no .json, .yaml, .yml or .properties file`,
    );
  }
  return names.map((name) => join(path, name));
}
