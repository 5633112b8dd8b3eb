/**
 * Turns a folder in which npm has installed a workspace into what installing the published packages would give:
 * `node assemble.mjs FOLDER ARCHIVES` replaces each link to one of our packages in `FOLDER/node_modules` by the content of
 * the package's archive, which `npm pack` has written to ARCHIVES, and removes all else from the folder.
 *
 * npm itself installs archives only without the lock file, so in versions that nobody has tested.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';

const [folder, archives] = process.argv.slice(2);
if (archives === undefined) fail('usage: node assemble.mjs FOLDER ARCHIVES');
const modules = join(folder, 'node_modules');
const scope = join(modules, '@sluice');

for (const name of readdirSync(scope)) {
  const place = join(scope, name);
  if (lstatSync(place).isSymbolicLink()) unpack(place);
}
// It describes the links.
rmSync(join(modules, '.package-lock.json'), { force: true });
for (const entry of readdirSync(folder)) {
  if (entry !== 'node_modules') rmSync(join(folder, entry), { recursive: true });
}

function unpack(place) {
  const source = realpathSync(place);
  const { name, version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  // As npm names it: @sluice/kernel → sluice-kernel-0.1.0.tgz
  const archive = join(archives, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  if (!existsSync(archive)) fail(`${name} is needed, but was not packed: there is no ${archive}`);
  rmSync(place);
  mkdirSync(place);
  const { status, stderr } = spawnSync(
    'tar',
    ['--extract', '--gzip', '--file', archive, '--directory', place, '--strip-components=1'],
    { encoding: 'utf8' },
  );
  if (status !== 0) fail(`${archive} cannot be unpacked: ${stderr}`);
  // Test suites, for authors of adapters.
  rmSync(join(place, 'dist', 'conformance'), { recursive: true, force: true });
  // Versions that differ from those of the others. Copied: a folder of a lower layer cannot be renamed.
  const own = join(source, 'node_modules');
  if (existsSync(own)) {
    cpSync(own, join(place, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  }
}

function fail(text) {
  process.stderr.write(`assemble: ${text}\n`);
  process.exit(1);
}
