/** The logs that patterns name, each with the files that belong to it now. */
import { glob, readdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, matchesGlob } from 'node:path';
import { logPathOf, type Member } from './log-names.ts';

export function patternProblem(pattern: string): string | undefined {
  return isAbsolute(pattern)
    ? undefined
    : `Pattern ${pattern} must be an absolute path, as /var/log/shop/*.log: it is looked up on the worker that runs the task`;
}

export interface Patterns {
  readonly files: readonly string[];
  readonly exclude: readonly string[];
}

/** By the log's own path. What appears or goes while it looks may be missing: it is there the next time. */
export async function findLogs({ exclude, files }: Patterns): Promise<Map<string, Member[]>> {
  const logs = new Map<string, Member[]>();
  for (const folder of await foldersOf(files)) {
    for (const entry of await entriesIn(folder)) {
      const path = join(folder, entry);
      const log = logPathOf(path);
      if (log === undefined || logs.get(log)?.some((each) => each.path === path)) continue;
      if (!matches(files, log, path) || matches(exclude, log, path)) continue;
      const member = await memberAt(path);
      if (member) logs.set(log, [...(logs.get(log) ?? []), member]);
    }
  }
  return logs;
}

/** Those of one log. */
export async function findMembers(log: string): Promise<Member[]> {
  const folder = dirname(log);
  const members: Member[] = [];
  for (const entry of await entriesIn(folder)) {
    const path = join(folder, entry);
    const member = logPathOf(path) === log ? await memberAt(path) : undefined;
    if (member) members.push(member);
  }
  return members;
}

async function foldersOf(files: readonly string[]): Promise<Set<string>> {
  const folders = new Set<string>();
  for (const pattern of new Set(files.map((each) => dirname(each))))
    for await (const folder of glob(pattern)) folders.add(folder);
  return folders;
}

async function entriesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((each) => !each.isDirectory()).map((each) => each.name);
}

function matches(patterns: readonly string[], log: string, path: string): boolean {
  return patterns.some((pattern) => matchesGlob(log, pattern) || matchesGlob(path, pattern));
}

async function memberAt(path: string): Promise<Member | undefined> {
  const facts = await stat(path).catch(() => undefined);
  if (!facts?.isFile()) return undefined;
  const { dev, ino, mtimeMs, size } = facts;
  return { path, inode: `${String(dev)}:${String(ino)}`, size, mtimeMs };
}
