/**
 * A base image where no registry of images can be reached: Debian's minimal system by debootstrap, with the Node that
 * runs this script and npm. It stands in for `node:24-bookworm-slim`, which has the same system and is about as
 * large. It is kept in the store, and made anew for another version of Node.
 */
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { repositoryRoot } from '@sluice/testkit';
import { npm } from '../pack/archives.ts';
import { runCommand } from '../run-command.ts';
import { lastLine, type Podman, unavailable } from './podman.ts';

const suite = 'bookworm';
const limitMs = 10 * 60_000;
/** Where Debian has the certificates of authorities. */
const certificates = '/etc/ssl/certs/ca-certificates.crt';

export async function makeBaseImage(podman: Podman, scratch: string): Promise<string> {
  const image = `localhost/sluice-base:${suite}-node-${process.versions.node}`;
  if ((await podman.try(['image', 'exists', image])).code === 0) return image;
  const root = join(scratch, 'base');
  if (!existsSync(root)) await makeRoot(root);
  const file = join(scratch, 'Base.Dockerfile');
  writeFileSync(
    file,
    'FROM scratch\nCOPY . /\nENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n',
  );
  await podman.build(image, [`--file=${file}`, root]);
  return image;
}

async function makeRoot(root: string): Promise<void> {
  const made = await runCommand('debootstrap', ['--variant=minbase', suite, root], {
    timeoutMs: limitMs,
  });
  if (made.code !== 0) {
    rmSync(root, { recursive: true, force: true });
    throw unavailable('there is no base image', [
      `debootstrap --variant=minbase ${suite}: ${lastLine(made.output)}`,
    ]);
  }
  for (const file of globSync(join(root, 'var/{cache/apt/archives,lib/apt/lists}/*'))) {
    rmSync(file, { recursive: true });
  }
  copyFileSync(process.execPath, join(root, 'usr/local/bin/node'));
  await npm(['install', '--global', '--prefix', join(root, 'usr/local'), npmPackage()], root);
  const authorities = await authoritiesOfNpm();
  if (authorities !== undefined) {
    mkdirSync(dirname(join(root, certificates)), { recursive: true });
    writeFileSync(join(root, certificates), authorities);
  }
}

/** The npm that package.json asks for. */
function npmPackage(): string {
  const manifest = readFileSync(join(repositoryRoot, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { packageManager: string }).packageManager;
}

/** npm's settings for the build, written to a file that goes into no layer. */
export async function writeNpmSettings(file: string): Promise<void> {
  const userFile = (await npm(['config', 'get', 'userconfig'], repositoryRoot)).trim();
  const lines = existsSync(userFile) ? [readFileSync(userFile, 'utf8')] : [];
  if ((await authoritiesOfNpm()) !== undefined) lines.push(`cafile=${certificates}`);
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
}

/**
 * Whom npm has to believe besides Node's own list, in PEM: behind a proxy that signs for others. The file that
 * npm's settings name, or the one that Node is given.
 */
async function authoritiesOfNpm(): Promise<string | undefined> {
  const configured = (await npm(['config', 'get', 'cafile'], repositoryRoot)).trim();
  const file = [configured, process.env['NODE_EXTRA_CA_CERTS'] ?? ''].find((each) =>
    existsSync(each),
  );
  if (file === undefined) return undefined;
  return [...rootCertificates, readFileSync(file, 'utf8')].join('\n');
}
