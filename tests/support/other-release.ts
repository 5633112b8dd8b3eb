/**
 * Another release of Sluice, for tests of what two releases do to each other: a copy of these sources, with changes as
 * a later release may bring them: another range of the protocol, scripts that write fields and jobs that carry values
 * which this release does not know, and one thing that may only be written once the higher version is in use. It runs
 * as processes of its own, so that the two really are two programs on the same keys.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, sep } from 'node:path';

import { makeOwnedFolder, repositoryRoot } from '@sluice/testkit';

export interface OtherRelease extends Disposable {
  /** For `release` of the testkit's cluster. */
  readonly folder: string;
}

/** What it writes into records; see `changes`. */
export const marks = {
  /** Of members, units and connectors: this release neither writes nor knows it. */
  field: 'sinceRelease3',
  /** Of units; only while version 3 of the protocol is in use. */
  gatedField: 'onlyInVersion3',
  value: 'north',
} as const;

interface Change {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Sources that are not there any more as they stand here make the test fail, not pass. */
function changes(protocol: { readonly min: number; readonly max: number }): readonly Change[] {
  const lua = 'packages/coordination-redis/lua';
  const extra = `'${marks.field}', '${marks.value}'`;
  return [
    {
      file: 'packages/coordination/src/agreement.ts',
      find: 'protocolSpoken: ProtocolRange = { min: 1, max: 2 };',
      replace: `protocolSpoken: ProtocolRange = { min: ${protocol.min}, max: ${protocol.max} };`,
    },
    {
      file: `${lua}/join.lua`,
      find: "'leaseMs', ARGV[12],",
      replace: `'leaseMs', ARGV[12], ${extra},`,
    },
    {
      file: `${lua}/grant.lua`,
      find: "redis.call('SADD', tag .. ':a:' .. incarnation, unit)",
      replace: `redis.call('SADD', tag .. ':a:' .. incarnation, unit)
    redis.call('HSET', key, ${extra})
    if tonumber(redis.call('GET', tag .. ':protocol')) >= 3 then
      redis.call('HSET', key, '${marks.gatedField}', '${marks.value}')
    end`,
    },
    {
      file: `${lua}/apply-request.lua`,
      find: "'targetState', target, 'lifecycle', lifecycle)",
      replace: `'targetState', target, 'lifecycle', lifecycle, ${extra})`,
    },
    {
      file: 'packages/coordination/src/cluster-client.ts',
      find: 'store.submit(id, body)',
      replace: `store.submit(id, { ...body, ...{ ${marks.field}: '${marks.value}' } })`,
    },
    {
      file: 'packages/dispatch-bullmq/src/bull-dispatcher.ts',
      find: 'name: startJobName(data.unit),\n        data,',
      replace: `name: startJobName(data.unit),\n        data: { ...data, ...{ ${marks.field}: '${marks.value}' } },`,
    },
  ];
}

export function makeOtherRelease(protocol: {
  readonly min: number;
  readonly max: number;
}): OtherRelease {
  const folder = makeOwnedFolder('release');
  for (const part of ['apps', 'packages']) {
    cpSync(join(repositoryRoot, part), join(folder, part), {
      recursive: true,
      filter: (path) => !isLeftOut(relative(repositoryRoot, path)),
    });
  }
  linkDependencies(folder);
  for (const { file, find, replace } of changes(protocol)) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(find).length !== 2) throw new Error(`${file} does not hold once: ${find}`);
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

function isLeftOut(path: string): boolean {
  return path.split(sep).some((part) => ['node_modules', 'dist', 'test', '.turbo'].includes(part));
}

/** Its own packages are the copies; all others are those of this repository. */
function linkDependencies(folder: string): void {
  const source = join(repositoryRoot, 'node_modules');
  const target = join(folder, 'node_modules');
  mkdirSync(join(target, '@sluice'), { recursive: true });
  for (const name of readdirSync(source)) {
    if (name !== '@sluice') symlinkSync(join(source, name), join(target, name));
  }
  for (const name of readdirSync(join(source, '@sluice'))) {
    const link = join(source, '@sluice', name);
    // A relative link, so that it leads into the copy.
    symlinkSync(readlinkSync(link), join(target, '@sluice', name));
    const own = join(link, 'node_modules');
    if (existsSync(own)) {
      const copy = join(folder, relative(repositoryRoot, realpathSync(link)));
      symlinkSync(realpathSync(own), join(copy, 'node_modules'));
    }
  }
}
