import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A Lua script of `lua/`, with what it includes from `lua/shared/` in place. */
export interface Script {
  readonly name: string;
  readonly source: string;
  readonly sha1: string;
}

function loadScript(name: string): Script {
  const source = readLua(`${name}.lua`).replaceAll(
    /^--@include (\S+)$/gm,
    (_line, shared: string) => readLua(`shared/${shared}.lua`),
  );
  return { name, source, sha1: createHash('sha1').update(source).digest('hex') };
}

function readLua(file: string): string {
  return readFileSync(new URL(`../lua/${file}`, import.meta.url), 'utf8');
}

export const scripts = {
  assign: loadScript('assign'),
  clearGroup: loadScript('clear-group'),
  commitGroup: loadScript('commit-group'),
  commitSource: loadScript('commit-source'),
  createTopic: loadScript('create-topic'),
  deleteTopic: loadScript('delete-topic'),
  fetch: loadScript('fetch'),
  forgetGroup: loadScript('forget-group'),
  inspect: loadScript('inspect'),
  open: loadScript('open'),
  produce: loadScript('produce'),
  reclaim: loadScript('reclaim'),
  since: loadScript('since'),
  touchGroup: loadScript('touch-group'),
} as const;
