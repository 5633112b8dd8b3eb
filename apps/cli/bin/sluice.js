#!/usr/bin/env node
// Installed, this runs dist/. In a checkout it runs the TypeScript sources, since a build may be an old one,
// with the Node 24 that npm has put beside them if the one on the PATH is older.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
// As a whole: an older Node has not got all of it.
import nodeModule, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(realpathSync(fileURLToPath(import.meta.url)));
const built = join(folder, '../dist/main.js');
const source = join(folder, '../src/main.ts');
const runsFromSource = existsSync(source);
const nodeMajorMin = 24;

if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) runWithOwnNode();
else await runHere();

async function runHere() {
  nodeModule.enableCompileCache();
  if (!runsFromSource) return import(built);
  const condition = '@sluice/source';
  nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, condition] }),
  });
  // For the worker threads that `sluice dev` starts.
  process.execArgv.push(`--conditions=${condition}`);
  return import(source);
}

function runWithOwnNode() {
  let node;
  try {
    const require = createRequire(import.meta.url);
    node = join(dirname(require.resolve('node/package.json')), 'bin/node');
  } catch {
    console.error(
      `sluice needs Node ${nodeMajorMin} or newer, and this is ${process.versions.node}: ` +
        'install it from https://nodejs.org',
    );
    process.exit(1);
  }
  const { status, signal } = spawnSync(node, process.argv.slice(1), { stdio: 'inherit' });
  process.exit(signal ? 130 : (status ?? 1));
}
